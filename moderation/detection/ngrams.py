"""Hashed n-grams of folded texts, a batch at a time: code points 3 to 5 long, words one and two long.

The high bits of a hash are the better ones: they choose the bucket. It knows neither what the weights of buckets mean
nor how they were found.
"""

from collections.abc import Iterator

import numpy as np

from moderation.detection.kernels import library, pointer
from moderation.detection.text import Folded, Hashes

ORDERS = (3, 4, 5)
STEM = 5
"""Code points that words are cut to for comparison across endings."""
NOTHING = 0
"""The hash of places where no n-gram begins. The weight of its bucket, 0, is always 0."""


def code_point_buckets(folded: Folded, salts: Hashes, bits: int) -> Iterator[Hashes]:
    """For each of ORDERS, the bucket of the n-gram that begins at each place; shape (code points - order + 1,).

    ``salts``: what tells the n-grams that begin at a place apart from others; shape (code points,). Bucket 0 is
    NOTHING's: no n-gram begins there, or it would take in more of the next text than the space before it.
    """
    for order in ORDERS:
        if folded.c.size >= order:
            found = np.empty(folded.c.size - order + 1, np.uint32)
            library.code_point_buckets(folded.c, pointer(salts), order, bits, pointer(found))
            yield found


def buckets(hashes: Hashes, bits: int) -> Hashes:
    """The bucket of each hash in a table of ``2**bits``; that of NOTHING is 0."""
    return hashes >> np.uint32(32 - bits)
