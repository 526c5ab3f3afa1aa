"""What the n-grams of a comment's texts say: of its whole body, of its most promotional passage, of author and address.

Weights are integers, so a sum is the same in whatever order and company it is taken.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import partial

import numpy as np
from numpy.typing import NDArray

from moderation.detection.features import Batch
from moderation.detection.kernels import Record, array, library, pointer
from moderation.detection.ngrams import buckets, code_point_buckets
from moderation.detection.text import Hashes, Places

BITS = 20
DAMPING = 40
"""Added to how many n-grams a text has, so that one of a very short text does not weigh too much."""
WINDOW = 14
"""Words of the passage that is looked at by itself, so that padding around it hides nothing."""
MOST = 8.0
"""Log-odds that a column comes near to at most: a text that says it ten times is not ten times as certain."""


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


class WordingEvidence(Record):
    """``columns`` (comments, Wording), in log-odds, and what each word of the bodies adds to three of them.

    ``own`` and ``linked`` are what a word weighs outside and inside of links; shape (words,). ``passages``: the first
    word of each body's passage, and the first behind it. ``units``: log-odds of a weight of 1 in BODY, PASSAGE and
    LINKS; shape (comments, 3).
    """

    __slots__ = ()

    columns: NDArray[np.float64] = array("comments", len(Wording))
    units: NDArray[np.float64] = array("comments", 3)
    passages: Places = array("comments", 2)
    own: NDArray[np.int64] = array("words")
    linked: NDArray[np.int64] = array("words")


class _Seen(threading.local):
    """A bit for each bucket, clear between two calls; a thread's own, because clearing them all takes time."""

    def __init__(self) -> None:
        self.bits = pointer(np.zeros(1 << (BITS - 6), np.uint64))


_seen = _Seen()


@dataclass(slots=True)
class Fields:
    """How the n-grams of a batch are told apart: a body's own words, names, addresses, and links inside bodies.

    ``salts`` (code points,), ``in_link`` (code points,).
    """

    salts: Hashes
    in_link: NDArray[np.bool_]


def fields_of(batch: Batch) -> Fields:
    """The fields of a batch. Addresses and links speak one language, so they share a salt."""
    size = len(batch.folded.codes)
    salts, in_link = np.empty(size, np.uint32), np.empty(size, bool)
    library.tell_fields(batch.folded.c, batch.c, pointer(salts), pointer(in_link.view(np.uint8)))
    return Fields(salts, in_link)


def ngrams(batch: Batch, fields: Fields) -> Iterator[tuple[Hashes, bool]]:
    """The buckets of all n-grams of a batch, by the place or (second value True) by the word that they begin at."""
    folded = batch.folded
    for found in code_point_buckets(folded, fields.salts, BITS):
        yield found, False
    salts = fields.salts[folded.word_start] | np.uint32(1)
    for hashes in (folded.hashes, folded.pairs):
        yield buckets(hashes * salts, BITS), True  # NOTHING stays NOTHING


def weigh(batch: Batch, weights: WordingWeights) -> WordingEvidence:
    """What the n-grams of a batch say by some weights."""
    folded, read = batch.folded.c, batch.c
    counts = {"comments": read.comments, "words": read.body_words}
    found = WordingEvidence("wording_evidence", counts, partial(library.place_wording, folded, read))
    library.weigh(folded, read, pointer(weights.buckets), weights.scale, _seen.bits, found.c)
    return found
