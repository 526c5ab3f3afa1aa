"""What the n-grams of a comment's texts say: of its whole body, of its most promotional passage, of author and address.

Weights are integers, so a sum is the same in whatever order and company it is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np
from numpy.typing import NDArray

from moderation.detection.features import Batch
from moderation.detection.kernels import library, pointer
from moderation.detection.ngrams import Hashes, buckets, code_point_buckets
from moderation.detection.text import Places

BITS = 20
DAMPING = 40
"""Added to how many n-grams a text has, so that one of a very short text does not weigh too much."""
MOST_AT_A_PLACE = 5
"""N-grams that begin at one code point: three lengths of code points, a word, and a word with the next."""
WINDOW = 14
"""Words of the passage that is looked at by itself, so that padding around it hides nothing."""
MOST = 8.0
"""Log-odds that a column comes near to at most: a text that says it ten times is not ten times as certain."""
Sums = NDArray[np.int64]


class Wording(IntEnum):
    """The columns, in log-odds before they are weighed against everything else."""

    BODY = 0
    PASSAGE = auto()
    NAME = auto()
    URL = auto()
    LINKS = auto()


OF_WORDS = [Wording.BODY, Wording.PASSAGE, Wording.LINKS]
"""The columns that the words of a body share."""


@dataclass(frozen=True, slots=True)
class WordingWeights:
    """Weights of hashed n-grams, in units of ``scale`` log-odds.

    ``buckets``: shape (2**BITS,), int16.
    """

    buckets: NDArray[np.int16]
    scale: float


@dataclass(slots=True)
class WordingEvidence:
    """``columns`` (comments, Wording), in log-odds, and what each word of the bodies adds to three of them.

    ``own`` and ``linked`` are what a word weighs outside and inside of links; shape (words,). ``passages``: the first
    word of each body's passage, and the first behind it. ``units``: log-odds of a weight of 1 in BODY, PASSAGE and
    LINKS; shape (comments, 3).
    """

    columns: NDArray[np.float64]
    own: Sums
    linked: Sums
    passages: Places
    units: NDArray[np.float64]


@dataclass(slots=True)
class Fields:
    """How the n-grams of a batch are told apart: a body's own words, names, addresses, and links inside bodies.

    ``salts`` (code points,), ``in_link`` (code points,).
    """

    salts: Hashes
    in_link: NDArray[np.bool_]


def fields_of(batch: Batch) -> Fields:
    """The fields of a batch. Addresses and links speak one language, so they share a salt."""
    folded, links = batch.folded, batch.signals.found
    salts = np.empty(len(folded.codes), np.uint32)
    in_link = np.empty(len(folded.codes), bool)
    salts[-1], in_link[-1] = 0, False  # the space behind the last text
    library.tell_fields(folded.view, pointer(links), len(links), pointer(salts), pointer(in_link.view(np.uint8)))
    return Fields(salts, in_link)


def ngrams(batch: Batch, fields: Fields) -> Iterator[tuple[Hashes, bool]]:
    """The buckets of all n-grams of a batch, by the place or (second value True) by the word that they begin at."""
    for found in code_point_buckets(batch.folded, fields.salts, BITS):
        yield found, False
    salts = fields.salts[batch.folded.word_start] | np.uint32(1)
    for hashes in (batch.words, batch.word_pairs):
        yield buckets(hashes * salts, BITS), True  # NOTHING stays NOTHING


def weigh(batch: Batch, weights: WordingWeights) -> WordingEvidence:
    """What the n-grams of a batch say by some weights."""
    count, words = len(batch.pairs), len(batch.word_kind)
    fields = fields_of(batch)
    raw, units = np.empty((count, len(Wording))), np.empty((count, len(OF_WORDS)))
    own, linked, passages = np.empty(words, np.int64), np.empty(words, np.int64), np.empty((count, 2), np.int64)
    seen = np.zeros(1 << (BITS - 6), np.uint64)
    keys = np.empty(MOST_AT_A_PLACE * int(batch.folded.sizes.max(initial=0)), np.uint32)
    library.weigh(
        batch.folded.view, pointer(batch.words), pointer(batch.word_pairs), pointer(fields.salts),
        pointer(fields.in_link.view(np.uint8)), pointer(weights.buckets), weights.scale, pointer(seen), pointer(keys),
        pointer(np.empty(words, np.int64)), pointer(raw), pointer(own), pointer(linked), pointer(passages),
        pointer(units),
    )  # fmt: skip
    believed = MOST * np.tanh(raw / MOST)
    share = np.divide(believed, raw, out=np.ones_like(raw), where=raw != 0)
    units *= share[:, OF_WORDS]
    return WordingEvidence(believed, own, linked, passages, units)
