"""What the n-grams of a comment's texts say: of its whole body, of its most promotional passage, of author and address.

Weights are integers, so a sum is the same in whatever order and company it is taken.
"""

from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np
from numpy.typing import NDArray

from moderation.detection.features import Batch
from moderation.detection.ngrams import NOTHING, Hashes, buckets, code_point_hashes
from moderation.detection.text import Folded, Places

BODY_BITS = 20
AUTHOR_BITS = 18
DAMPING = 40
"""Code points added to a text's length, so that an n-gram of a very short text does not weigh too much."""
WINDOW = 14
"""Words of the passage that is looked at by itself, so that padding around it hides nothing."""
_URL_SALT = np.uint32(0x2C1B3C6D)


class Wording(IntEnum):
    """The columns, in log-odds before they are weighed against everything else."""

    BODY = 0
    PASSAGE = auto()
    NAME = auto()
    URL = auto()


@dataclass(frozen=True, slots=True)
class WordingWeights:
    """Weights of hashed n-grams, in units of ``scale`` log-odds.

    ``body``: shape (2**BODY_BITS,), int16. ``author``: shape (2**AUTHOR_BITS,), int16, for names and addresses.
    """

    body: NDArray[np.int16]
    author: NDArray[np.int16]
    scale: float


@dataclass(slots=True)
class WordingEvidence:
    """``columns`` (comments, Wording), and the share of each word of the bodies in the first two; shape (words,)."""

    columns: NDArray[np.float64]
    body_words: NDArray[np.float64]
    passage_words: NDArray[np.float64]


def weigh(batch: Batch, weights: WordingWeights) -> WordingEvidence:
    """What the n-grams of a batch say by some weights."""
    folded, count = batch.folded, len(batch.pairs)
    by_place = np.zeros(len(folded.codes), np.int64)
    for hashes in code_point_hashes(folded):
        for part, table, chosen in _parts(hashes, folded.starts, count, weights):
            by_place[part] += table[chosen]
    by_word = np.zeros(len(batch.words), np.int64)
    for hashes in (batch.words, batch.word_pairs):
        for part, table, chosen in _parts(hashes, folded.first_word, count, weights):
            by_word[part] += table[chosen]
    totals = np.diff(np.concatenate(([0], np.cumsum(by_place)))[folded.starts])
    totals += np.diff(np.concatenate(([0], np.cumsum(by_word)))[folded.first_word])
    factors = weights.scale / np.sqrt(np.diff(folded.starts) + DAMPING)
    texts = (totals * factors).reshape(3, count)
    columns = np.zeros((count, len(Wording)))
    columns[:, Wording.BODY], columns[:, Wording.NAME], columns[:, Wording.URL] = texts
    begins, ends = _word_stretches(folded, count)
    placed = np.concatenate(([0], np.cumsum(by_place)))
    words = placed[ends] - placed[begins] + by_word[: len(begins)]
    text = np.repeat(np.arange(count), np.diff(folded.first_word[: count + 1]))
    passage = _best_passage(words, begins, ends, folded.first_word[: count + 1], weights.scale)
    columns[:, Wording.PASSAGE] = passage.values
    return WordingEvidence(columns, words * factors[text], words * passage.factors)


@dataclass(slots=True)
class _Passage:
    values: NDArray[np.float64]
    factors: NDArray[np.float64]
    """What each word's weight is multiplied by in its text's passage, 0 outside of it; shape (words,)."""


def _parts(
    hashes: Hashes, edges: Places, count: int, weights: WordingWeights
) -> list[tuple[slice, NDArray[np.int16], Hashes]]:
    """Bodies, names and addresses of a batch: where they are, the table of each, and the buckets in it."""
    names, urls = int(edges[count]), int(edges[2 * count])
    body, name, url = slice(0, names), slice(names, urls), slice(urls, len(hashes))
    return [
        (body, weights.body, buckets(hashes[body], BODY_BITS)),
        (name, weights.author, buckets(hashes[name], AUTHOR_BITS)),
        (url, weights.author, buckets(salted(hashes[url]), AUTHOR_BITS)),
    ]


def salted(hashes: Hashes) -> Hashes:
    """The hashes of an address, which share a table with those of names; NOTHING stays NOTHING."""
    return np.where(hashes == NOTHING, np.uint32(NOTHING), hashes ^ _URL_SALT)


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


def _best_passage(words: NDArray[np.int64], begins: Places, ends: Places, first: Places, scale: float) -> _Passage:
    """The WINDOW words of each body that say most for promotion, weighed by their own length."""
    count = len(first) - 1
    if not len(words):
        return _Passage(np.zeros(count), np.zeros(0))
    last_of_text = np.repeat(first[1:], np.diff(first))
    stops = np.minimum(np.arange(len(words)) + WINDOW, last_of_text)
    sums = np.concatenate(([0], np.cumsum(words)))
    factors = scale / np.sqrt(ends[stops - 1] - begins + DAMPING)
    values = (sums[stops] - sums[:-1]) * factors
    has_words = first[1:] > first[:-1]
    heads = first[:-1][has_words]
    best = np.zeros(count)
    best[has_words] = np.maximum.reduceat(values, heads)
    chosen = np.zeros(len(words))
    text = np.repeat(np.arange(count), np.diff(first))
    tops = np.flatnonzero(values == best[text])
    tops = tops[np.diff(text[tops], prepend=-1) > 0]
    for top in tops.tolist():
        chosen[top : stops[top]] = factors[top]
    return _Passage(best, chosen)
