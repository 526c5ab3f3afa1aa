"""Hashed n-grams of folded texts, a batch at a time: code points 3 to 5 long, words one and two long.

The high bits of a hash are the better ones: they choose the bucket. It knows neither what the weights of buckets mean
nor how they were found.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from moderation.detection.text import Folded

Hashes = NDArray[np.uint32]
ORDERS = (3, 4, 5)
STEM = 5
"""Code points that words are cut to for comparison across endings."""
NOTHING = 0
"""The hash of places where no n-gram begins. The weight of its bucket, 0, is always 0."""

# Odd multipliers: the golden ratio's (Knuth, The Art of Computer Programming 6.4) and two primes of xxHash.
_GOLDEN = np.uint32(0x9E3779B1)
_PRIME = np.uint32(0x85EBCA77)
_SECOND = np.uint32(0xC2B2AE3D)
_INVERSE = np.uint32(pow(int(_PRIME), -1, 1 << 32))
_BLOCK_BITS = 18  # tables of powers grow from here on by doubling


def word_hashes(folded: Folded) -> tuple[Hashes, Hashes]:
    """A hash for each word of the batch, and one for its first STEM letters, which endings leave as they are.

    Both are polynomials in the code points modulo 2**32, as differences of one running sum; shape (words,) each.
    """
    powers, inverses = _powers(len(folded.codes))
    sums = np.zeros(len(folded.codes) + 1, np.uint32)
    np.cumsum(folded.codes * powers[: len(folded.codes)], out=sums[1:])
    start = folded.word_start
    stem_end = np.minimum(folded.word_end, start + STEM)
    before, unshift = sums[start], inverses[start]
    return _mixed((sums[folded.word_end] - before) * unshift), _mixed((sums[stem_end] - before) * unshift)


@lru_cache(maxsize=2)
def _power_tables(blocks: int) -> tuple[Hashes, Hashes]:
    size = blocks << _BLOCK_BITS
    powers = np.ones(size, np.uint32)
    inverses = np.ones(size, np.uint32)
    np.multiply.accumulate(np.full(size - 1, _PRIME, np.uint32), out=powers[1:])
    np.multiply.accumulate(np.full(size - 1, _INVERSE, np.uint32), out=inverses[1:])
    return powers, inverses


def _powers(size: int) -> tuple[Hashes, Hashes]:
    """At least ``size`` powers of _PRIME and of its inverse modulo 2**32."""
    return _power_tables(1 << max((size >> _BLOCK_BITS).bit_length(), 0))


def pair_hashes(folded: Folded, words: Hashes) -> Hashes:
    """A hash for each word with the one behind it, NOTHING for the last word of a text; shape (words,)."""
    pairs = np.zeros(len(words), np.uint32)
    pairs[:-1] = _mixed(words[:-1] * _PRIME + words[1:] * _SECOND)
    last = folded.first_word[1:] - 1
    pairs[last[folded.first_word[1:] > folded.first_word[:-1]]] = NOTHING
    return pairs


def code_point_buckets(folded: Folded, salts: Hashes, bits: int) -> Iterator[Hashes]:
    """For each of ORDERS, the bucket of the n-gram that begins at each place; shape (code points - order + 1,).

    ``salts``: what tells the n-grams that begin at a place apart from others; shape (code points,). Bucket 0 is
    NOTHING's: no n-gram begins there, or it would take in more of the next text than the space before it.
    """
    hashes = folded.codes * _PRIME ^ salts
    ends = folded.starts[1:]
    tails = ends[:, None] - np.arange(1, ORDERS[-1] - 1)
    for order in range(2, ORDERS[-1] + 1):
        if len(folded.codes) < order:
            return
        hashes = hashes[:-1] * _SECOND + folded.codes[order - 1 :]
        if order in ORDERS:
            found = buckets(hashes * _GOLDEN, bits)
            outside = tails[:, : order - 2]
            found[outside[(outside >= 0) & (outside < len(found))]] = NOTHING
            yield found


def buckets(hashes: Hashes, bits: int) -> Hashes:
    """The bucket of each hash in a table of ``2**bits``; that of NOTHING is 0."""
    return hashes >> np.uint32(32 - bits)


def _mixed(hashes: Hashes) -> Hashes:
    hashes = (hashes ^ (hashes >> np.uint32(15))) * _GOLDEN
    return (hashes ^ (hashes >> np.uint32(13))) * _SECOND
