"""Hashed n-grams of folded texts, a batch at a time: code points 3 to 5 long, words one and two long.

The high bits of a hash are the better ones: they choose the bucket. It knows neither what the weights of buckets mean
nor how they were found.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from moderation.detection.text import Folded, Places

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
_LONGEST_WORD = 32
_POWERS = np.multiply.accumulate(np.full(_LONGEST_WORD, _PRIME, np.uint32), dtype=np.uint32)


def word_hashes(folded: Folded) -> Hashes:
    """A hash for each word of the batch; shape (words,). Places from the 33rd on count as those from the first."""
    return _run_hashes(folded, folded.word_start, folded.word_end - folded.word_start)


def stem_hashes(folded: Folded, first: int, last: int) -> Hashes:
    """A hash for the first letters of each word from ``first`` to before ``last``, which endings leave as they are."""
    starts = folded.word_start[first:last]
    return _run_hashes(folded, starts, np.minimum(folded.word_end[first:last] - starts, STEM))


def _run_hashes(folded: Folded, starts: Places, lengths: Places) -> Hashes:
    if not len(starts):
        return np.zeros(0, np.uint32)
    ends = lengths.cumsum()
    within = np.arange(ends[-1]) - (ends - lengths).repeat(lengths)
    terms = folded.codes[within + starts.repeat(lengths)] * _POWERS[within % _LONGEST_WORD]
    return _mixed(np.add.reduceat(terms, ends - lengths, dtype=np.uint32))


def pair_hashes(folded: Folded, words: Hashes) -> Hashes:
    """A hash for each word with the one behind it, NOTHING for the last word of a text; shape (words,)."""
    pairs = np.zeros(len(words), np.uint32)
    pairs[:-1] = _mixed(words[:-1] * _PRIME + words[1:] * _SECOND)
    last = folded.first_word[1:] - 1
    pairs[last[folded.first_word[1:] > folded.first_word[:-1]]] = NOTHING
    return pairs


def code_point_buckets(folded: Folded, salts: Sequence[tuple[int, np.uint32]], bits: int) -> Iterator[Hashes]:
    """For each of ORDERS, the bucket of the n-gram that begins at each place; shape (code points - order + 1,).

    ``salts``: from which place on n-grams are told apart from those before, and by what. Bucket 0 is NOTHING's: no
    n-gram begins there, or it would take in more of the next text than the space before it.
    """
    hashes = folded.codes * _PRIME
    for place, salt in salts:
        hashes[place:] ^= salt
    ends = folded.starts[1:]
    tails = ends[:, None] - np.arange(1, ORDERS[-1] - 1)
    for order in range(2, ORDERS[-1] + 1):
        if len(folded.codes) < order:
            return
        hashes = hashes[:-1] * _SECOND + folded.codes[order - 1 :]
        if order in ORDERS:
            found = buckets(hashes * _GOLDEN, bits)
            outside = tails[:, : order - 2]
            found[outside[outside < len(found)]] = NOTHING
            yield found


def buckets(hashes: Hashes, bits: int) -> Hashes:
    """The bucket of each hash in a table of ``2**bits``; that of NOTHING is 0."""
    return hashes >> np.uint32(32 - bits)


def _mixed(hashes: Hashes) -> Hashes:
    hashes = (hashes ^ (hashes >> np.uint32(15))) * _GOLDEN
    return (hashes ^ (hashes >> np.uint32(13))) * _SECOND
