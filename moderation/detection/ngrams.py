"""Hashed n-grams of folded texts, a batch at a time: code points 3 to 5 long, words one and two long.

The high bits of a hash are the better ones: they choose the bucket. It knows neither what the weights of buckets mean
nor how they were found.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from moderation.detection.kernels import library, pointer
from moderation.detection.text import Folded

Hashes = NDArray[np.uint32]
ORDERS = (3, 4, 5)
STEM = 5
"""Code points that words are cut to for comparison across endings."""
NOTHING = 0
"""The hash of places where no n-gram begins. The weight of its bucket, 0, is always 0."""


def word_hashes(folded: Folded) -> tuple[Hashes, Hashes]:
    """A hash for each word of the batch, and one for its first STEM letters, which endings leave as they are.

    Both are polynomials in the code points modulo 2**32; shape (words,) each.
    """
    words, stems = np.empty((2, len(folded.word_start)), np.uint32)
    library.word_hashes(folded.view, pointer(words), pointer(stems))
    return words, stems


def pair_hashes(folded: Folded, words: Hashes) -> Hashes:
    """A hash for each word with the one behind it, NOTHING for the last word of a text; shape (words,)."""
    pairs = np.empty(len(words), np.uint32)
    library.pair_hashes(folded.view, pointer(words), pointer(pairs))
    return pairs


def code_point_buckets(folded: Folded, salts: Hashes, bits: int) -> Iterator[Hashes]:
    """For each of ORDERS, the bucket of the n-gram that begins at each place; shape (code points - order + 1,).

    ``salts``: what tells the n-grams that begin at a place apart from others; shape (code points,). Bucket 0 is
    NOTHING's: no n-gram begins there, or it would take in more of the next text than the space before it.
    """
    for order in ORDERS:
        if len(folded.codes) >= order:
            found = np.empty(len(folded.codes) - order + 1, np.uint32)
            library.code_point_buckets(folded.view, pointer(salts), order, bits, pointer(found))
            yield found


def buckets(hashes: Hashes, bits: int) -> Hashes:
    """The bucket of each hash in a table of ``2**bits``; that of NOTHING is 0."""
    return hashes >> np.uint32(32 - bits)
