"""What the n-grams of a comment's texts say: of its whole body, of its most promotional passage, of author and address.

Weights are integers, so a sum is the same in whatever order and company it is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np
from numpy.typing import NDArray

from moderation.detection.features import Batch
from moderation.detection.ngrams import Hashes, buckets, code_point_buckets
from moderation.detection.text import Folded, Places

BITS = 20
DAMPING = 40
"""Code points added to a text's length, so that an n-gram of a very short text does not weigh too much."""
WINDOW = 14
"""Words of the passage that is looked at by itself, so that padding around it hides nothing."""
_NAME_SALT, _URL_SALT = np.uint32(0x165667B1), np.uint32(0x2C1B3C6D)  # they tell the fields' n-grams apart


class Wording(IntEnum):
    """The columns, in log-odds before they are weighed against everything else."""

    BODY = 0
    PASSAGE = auto()
    NAME = auto()
    URL = auto()


@dataclass(frozen=True, slots=True)
class WordingWeights:
    """Weights of hashed n-grams, in units of ``scale`` log-odds.

    ``buckets``: shape (2**BITS,), int16.
    """

    buckets: NDArray[np.int16]
    scale: float


@dataclass(slots=True)
class WordingEvidence:
    """``columns`` (comments, Wording), and the share of each word of the bodies in the first two; shape (words,)."""

    columns: NDArray[np.float64]
    body_words: NDArray[np.float64]
    passage_words: NDArray[np.float64]


def ngrams(batch: Batch) -> Iterator[tuple[Hashes, bool]]:
    """The buckets of all n-grams of a batch, by the place or (second value True) by the word that they begin at."""
    folded, count = batch.folded, len(batch.pairs)
    salts = ((int(folded.starts[count]), _NAME_SALT), (int(folded.starts[2 * count]), _URL_SALT))
    for found in code_point_buckets(folded, salts, BITS):
        yield found, False
    names = int(folded.first_word[count])
    for hashes in (batch.words, batch.word_pairs):
        own = hashes.copy()
        own[names:] *= _NAME_SALT  # NOTHING stays NOTHING
        own[folded.first_word[2 * count] :] *= _URL_SALT
        yield buckets(own, BITS), True


def weigh(batch: Batch, weights: WordingWeights) -> WordingEvidence:
    """What the n-grams of a batch say by some weights."""
    folded, count = batch.folded, len(batch.pairs)
    by_place, by_word = np.zeros(len(folded.codes) + 1, np.int64), np.zeros(len(batch.words) + 1, np.int64)
    for found, of_words in ngrams(batch):
        sums = by_word if of_words else by_place
        sums[1 : len(found) + 1] += weights.buckets[found]
    placed, worded = by_place.cumsum(), by_word.cumsum()
    edges, last = placed[folded.starts], worded[folded.first_word]
    totals = edges[1:] - edges[:-1] + last[1:] - last[:-1]
    factors = weights.scale / np.sqrt(folded.sizes + DAMPING)
    texts = (totals * factors).reshape(3, count)
    begins, ends = _word_stretches(folded, count)
    words = placed[ends] - placed[begins] + by_word[1 : len(begins) + 1]
    first_word = folded.first_word[: count + 1]
    text = np.arange(count).repeat(first_word[1:] - first_word[:-1])
    passage = _best_passage(words, (begins, ends), first_word, text, weights.scale)
    columns = np.empty((count, len(Wording)))
    columns[:, Wording.BODY], columns[:, Wording.NAME], columns[:, Wording.URL] = texts
    columns[:, Wording.PASSAGE] = passage.values
    return WordingEvidence(columns, words * factors[text], words * passage.factors)


@dataclass(slots=True)
class _Passage:
    values: NDArray[np.float64]
    factors: NDArray[np.float64]
    """What each word's weight is multiplied by in its text's passage, 0 outside of it; shape (words,)."""


def _word_stretches(folded: Folded, count: int) -> tuple[Places, Places]:
    """The places that belong to each word of the bodies: it, what parts it from the one before, and a text's tail."""
    first = folded.first_word[: count + 1]
    total = int(first[-1])
    begins = np.empty(total, np.intp)
    begins[1:] = folded.word_end[: total - 1] if total else 0
    has_words = first[1:] > first[:-1]
    begins[first[:-1][has_words]] = folded.starts[:count][has_words]
    ends = np.empty(total, np.intp)
    ends[:-1] = begins[1:]
    ends[first[1:][has_words] - 1] = folded.starts[1 : count + 1][has_words]
    return begins, ends


def _best_passage(
    words: NDArray[np.int64], stretches: tuple[Places, Places], first: Places, text: Places, scale: float
) -> _Passage:
    """The WINDOW words of each body that say most for promotion, weighed by their own length."""
    best, chosen = np.zeros(len(first) - 1), np.zeros(len(words))
    if not len(words):
        return _Passage(best, chosen)
    stops = np.minimum(np.arange(WINDOW, WINDOW + len(words)), first[1:][text])
    sums = np.zeros(len(words) + 1, np.int64)
    np.cumsum(words, out=sums[1:])
    begins, ends = stretches
    factors = scale / np.sqrt(ends[stops - 1] - begins + DAMPING)
    values = (sums[stops] - sums[:-1]) * factors
    has_words = first[1:] > first[:-1]
    best[has_words] = np.maximum.reduceat(values, first[:-1][has_words])
    tops = (values == best[text]).nonzero()[0]
    owner = text[tops]
    tops = tops[np.concatenate(([True], owner[1:] != owner[:-1]))]
    for top, stop, factor in zip(tops.tolist(), stops[tops].tolist(), factors[tops].tolist(), strict=True):
        chosen[top:stop] = factor
    return _Passage(best, chosen)
