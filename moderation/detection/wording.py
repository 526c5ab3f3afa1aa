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
MOST = 4.0
"""Log-odds that a column comes near to at most: a text that says it ten times is not ten times as certain."""
Sums = NDArray[np.int32]
_NAME_SALT, _URL_SALT = np.uint32(0x165667B1), np.uint32(0x2C1B3C6D)  # odd, so that a product loses nothing


class Wording(IntEnum):
    """The columns, in log-odds before they are weighed against everything else."""

    BODY = 0
    PASSAGE = auto()
    NAME = auto()
    URL = auto()
    LINKS = auto()


@dataclass(frozen=True, slots=True)
class WordingWeights:
    """Weights of hashed n-grams, in units of ``scale`` log-odds.

    ``buckets``: shape (2**BITS,), int16.
    """

    buckets: NDArray[np.int16]
    scale: float


@dataclass(slots=True)
class WordingEvidence:
    """``columns`` (comments, Wording), and the share of each word of the bodies in three of them; shape (words,)."""

    columns: NDArray[np.float64]
    body_words: NDArray[np.float64]
    passage_words: NDArray[np.float64]
    link_words: NDArray[np.float64]


@dataclass(slots=True)
class Fields:
    """How the n-grams of a batch are told apart: a body's own words, names, addresses, and links inside bodies.

    ``salts`` (code points,), ``in_link`` (code points,), ``sizes`` (4, comments): the code points of each field.
    """

    salts: Hashes
    in_link: NDArray[np.bool_]
    sizes: NDArray[np.int64]


def fields_of(batch: Batch) -> Fields:
    """The fields of a batch. Addresses and links speak one language, so they share a salt."""
    folded, count = batch.folded, len(batch.pairs)
    salts = np.zeros(len(folded.codes), np.uint32)
    salts[folded.starts[count] :] = _NAME_SALT
    salts[folded.starts[2 * count] :] = _URL_SALT
    in_link = np.zeros(len(folded.codes), bool)
    sizes = np.zeros((4, count), np.int64)
    sizes[:3] = folded.sizes.reshape(3, count)
    for link in batch.signals.links:
        fresh = link.end - link.begin - np.count_nonzero(in_link[link.begin : link.end])
        in_link[link.begin : link.end] = True
        sizes[0, link.text] -= fresh
        sizes[3, link.text] += fresh
    salts[in_link] = _URL_SALT
    return Fields(salts, in_link, sizes)


def ngrams(batch: Batch, fields: Fields) -> Iterator[tuple[Hashes, bool]]:
    """The buckets of all n-grams of a batch, by the place or (second value True) by the word that they begin at."""
    for found in code_point_buckets(batch.folded, fields.salts, BITS):
        yield found, False
    salts = fields.salts[batch.folded.word_start] | np.uint32(1)
    for hashes in (batch.words, batch.word_pairs):
        yield buckets(hashes * salts, BITS), True  # NOTHING stays NOTHING


def weigh(batch: Batch, weights: WordingWeights) -> WordingEvidence:
    """What the n-grams of a batch say by some weights."""
    folded, count = batch.folded, len(batch.pairs)
    fields = fields_of(batch)
    by_place, by_word = np.zeros(len(folded.codes) + 1, np.int32), np.zeros(len(batch.words) + 1, np.int32)
    for found, of_words in ngrams(batch, fields):
        sums = by_word if of_words else by_place
        sums[1 : len(found) + 1] += weights.buckets.take(found)
    factors = weights.scale / np.sqrt(fields.sizes + DAMPING)
    begins, ends = _word_stretches(folded, count)
    text = folded.word_text[: len(begins)]
    placed, worded = by_place.cumsum(dtype=np.int64), by_word.cumsum(dtype=np.int64)
    edges, last = placed[folded.starts], worded[folded.first_word]
    totals = np.zeros((4, count))
    totals[:3] = (edges[1:] - edges[:-1] + last[1:] - last[:-1]).reshape(3, count)
    own = placed[ends] - placed[begins] + by_word[1 : len(begins) + 1]
    links = _of_links(batch, fields, by_place, by_word, (begins, ends))
    if links is not None:
        totals[3] = np.bincount(text, links, count)
        totals[0] -= totals[3]
        own -= links
    passage = _best_passage(own, (begins, ends), folded.first_word[: count + 1], text, weights.scale)
    columns = np.empty((count, len(Wording)))
    columns[:, [Wording.BODY, Wording.NAME, Wording.URL, Wording.LINKS]] = (totals * factors).T
    columns[:, Wording.PASSAGE] = passage.values
    believed = MOST * np.tanh(columns / MOST)
    share = np.divide(believed, columns, out=np.ones_like(columns), where=columns != 0)
    own_share, link_share = share[:, Wording.BODY] * factors[0], share[:, Wording.LINKS] * factors[3]
    link_words = np.zeros(len(own)) if links is None else links * link_share[text]
    passage_words = own * passage.factors * share[:, Wording.PASSAGE][text]
    return WordingEvidence(believed, own * own_share[text], passage_words, link_words)


def _of_links(
    batch: Batch, fields: Fields, by_place: Sums, by_word: Sums, stretches: tuple[Places, Places]
) -> NDArray[np.int64] | None:
    """What the places and words inside links add to each word of the bodies, or None where there are no links."""
    if not batch.signals.links:
        return None
    linked = np.zeros(len(by_place), np.int32)
    linked[1:][fields.in_link] = by_place[1:][fields.in_link]
    sums = linked.cumsum(dtype=np.int64)
    begins, ends = stretches
    inside = fields.in_link[batch.folded.word_start[: len(begins)]]
    result: NDArray[np.int64] = sums[ends] - sums[begins] + by_word[1 : len(begins) + 1] * inside
    return result


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
