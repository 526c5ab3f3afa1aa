"""How much a comment has to do with its article: what they share, weighed by how rare it is.

Articles are profiled once and kept; a batch of comments is compared with its articles by table look-ups. It gives
evidence as numbers; what they mean together is learned elsewhere.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Article, Pair
from moderation.detection.ngrams import Hashes, buckets, word_hashes
from moderation.detection.signals import SCRIPTS
from moderation.detection.text import Folded, Folder

SLOT_BITS = 15
SLOTS = 1 << SLOT_BITS
RARITY_BITS = 18
MOST_ARTICLES = 1024
"""Articles that are kept in memory, 32 kB each."""
_LEAD = 20_000  # code points of an article that are read: enough to tell what it is about
_TITLE, _BODY = 2, 1
_LEAST_SURPRISE, _MOST_SURPRISE = 0.15, 10  # bits
_STEM = np.uint32(0x27D4EB2F)  # tells stems from words: a prime of xxHash


class Relevance(IntEnum):
    """The evidence, in the order of its columns."""

    SHARED_SURPRISE = 0
    STEM_SURPRISE = auto()
    TITLE = auto()
    COMMENT_SIZE = auto()
    SHARED_SHARE = auto()
    SHARED_PER_SIZE = auto()
    RAREST = auto()
    COSINE = auto()
    ARTICLE_SIZE = auto()


@dataclass(slots=True)
class Evidence:
    """``values`` has a row a comment, a column a Relevance, zeros where ``known`` is False (no article's text).

    ``script`` is the article's, a place in SCRIPTS, or -1 where that is not known.
    ``shared`` is what each word of the comments weighs as shared with the article, 0 where it is not; shape (words,).
    """

    values: NDArray[np.float32]
    known: NDArray[np.bool_]
    shared: NDArray[np.float32]
    script: NDArray[np.int64]


@dataclass(slots=True)
class _Profile:
    slot: int
    size: float
    script: int
    vector: NDArray[np.float32]


class RelevanceReader:
    """Compares comments with their articles by the tables of one release.

    ``rarity``: bits of surprise of each word bucket, times 8; shape (2**RARITY_BITS,), uint8.
    ``meaning``: a vector for each word bucket; shape (buckets, dimensions), int8, buckets a power of two.
    """

    def __init__(self, folder: Folder, rarity: NDArray[np.uint8], meaning: NDArray[np.int8]) -> None:
        self._folder = folder
        self._rarity: NDArray[np.float32] = rarity.astype(np.float32) / np.float32(8)
        self._meaning = meaning
        self._meaning_bits = int(np.log2(len(meaning)))
        self._pool = np.zeros((MOST_ARTICLES, SLOTS), np.uint8)
        self._profiles: OrderedDict[tuple[str, str], _Profile] = OrderedDict()
        self._lock = Lock()

    def rarities(self, words: Hashes) -> NDArray[np.float32]:
        """How many bits of surprise each word holds; shape (words,)."""
        rarity: NDArray[np.float32] = self._rarity.take(buckets(words, RARITY_BITS))
        return rarity

    def compare(self, pairs: Sequence[Pair], folded: Folded, hashed: tuple[Hashes, Hashes]) -> Evidence:
        """Compare the bodies of a batch, its first ``len(pairs)`` texts, with their articles."""
        count = int(folded.first_word[len(pairs)])
        evidence = Evidence(
            np.zeros((len(pairs), len(Relevance)), np.float32),
            np.zeros(len(pairs), bool),
            np.zeros(count, np.float32),
            np.full(len(pairs), -1),
        )
        with self._lock:  # slots of the pool are given to other articles as new ones come
            for begin in range(0, len(pairs), MOST_ARTICLES):
                rows = slice(begin, min(begin + MOST_ARTICLES, len(pairs)))
                self._compare_rows(pairs[rows], rows, folded, hashed, evidence)
        return evidence

    def _compare_rows(
        self, pairs: Sequence[Pair], rows: slice, folded: Folded, hashed: tuple[Hashes, Hashes], evidence: Evidence
    ) -> None:
        profiles = [self._profile(article) for _, article in pairs]
        known = np.array([profile is not None for profile in profiles], bool)
        evidence.known[rows] = known
        if not known.any():
            return
        evidence.script[rows] = [profile.script if profile else -1 for profile in profiles]
        slots = np.array([profile.slot if profile else 0 for profile in profiles], np.intp)
        sizes = np.array([profile.size if profile else 1 for profile in profiles], np.float32)
        first, last = int(folded.first_word[rows.start]), int(folded.first_word[rows.stop])
        text = folded.word_text[first:last] - rows.start
        hashes, stems = hashed[0][first:last], hashed[1][first:last]
        rare = self.rarities(hashes)
        here = self._look_up(slots, text, hashes)
        stem_here = self._look_up(slots, text, stems * _STEM)
        surprise = np.minimum(
            np.maximum(rare - np.log2(sizes)[text], _LEAST_SURPRISE), _MOST_SURPRISE
        )  # bits that chance alone would not explain
        shared = surprise * (here > 0)
        columns = (
            shared,
            surprise * (stem_here > 0),
            rare * (np.maximum(here, stem_here) == _TITLE),
            rare,
            rare * (here > 0),
        )
        sums = np.empty((len(pairs), len(columns)))
        for number, column in enumerate(columns):
            sums[:, number] = np.bincount(text, column, len(pairs))
        total = sums[:, Relevance.COMMENT_SIZE] + 8
        values = evidence.values[rows]
        values[:, : Relevance.SHARED_SHARE] = np.log1p(sums[:, : Relevance.SHARED_SHARE]) / 4
        values[:, Relevance.SHARED_SHARE] = sums[:, Relevance.SHARED_SHARE] / total
        values[:, Relevance.SHARED_PER_SIZE] = sums[:, Relevance.SHARED_SURPRISE] / np.sqrt(total) / 4
        values[:, Relevance.ARTICLE_SIZE] = np.log1p(sizes) / 8
        counts = folded.word_counts[rows]
        speaking = counts.nonzero()[0]
        if len(speaking):
            heads = folded.first_word[rows.start : rows.stop][speaking] - first
            values[speaking, Relevance.RAREST] = np.maximum.reduceat(shared, heads) / 10
        vectors = self._vectors(hashes, rare, text, len(pairs))
        nothing = np.zeros(vectors.shape[1], np.float32)
        subjects = np.array([profile.vector if profile else nothing for profile in profiles])
        values[:, Relevance.COSINE] = np.add.reduce(vectors * subjects, axis=1)
        values[~known] = 0
        shared[~known[text]] = 0
        evidence.shared[first:last] = shared

    def _look_up(self, slots: NDArray[np.intp], text: NDArray[np.intp], hashes: Hashes) -> NDArray[np.uint8]:
        found: NDArray[np.uint8] = self._pool[slots[text], buckets(hashes, SLOT_BITS)]
        return found

    def _profile(self, article: Article | None) -> _Profile | None:
        if article is None or not (article.title or article.body):
            return None
        key = (article.title, article.body)
        profile = self._profiles.get(key)
        if profile is None:
            slot = len(self._profiles)
            if slot == MOST_ARTICLES:
                slot = self._profiles.popitem(last=False)[1].slot
            profile = self._profiles[key] = self._read(article, slot)
        else:
            self._profiles.move_to_end(key)
        return profile

    def _read(self, article: Article, slot: int) -> _Profile:
        folded = self._folder.fold([article.body[:_LEAD], article.title])
        words, stems = word_hashes(folded)
        row = self._pool[slot]
        row[:] = 0
        title = int(folded.first_word[1])
        for part, mark in ((slice(0, title), _BODY), (slice(title, None), _TITLE)):
            for hashes in (words[part], stems[part] * _STEM):
                row[buckets(hashes, SLOT_BITS)] = mark
        rare = self.rarities(words)
        vector = self._vectors(words, rare, np.zeros(len(words), np.intp), 1)[0]
        script = int(np.add.reduce(folded.raw_kinds[:, SCRIPTS], axis=0).argmax())
        return _Profile(slot, max(float(np.unique(words).size), 1.0), script, vector)

    def _vectors(
        self, words: Hashes, rare: NDArray[np.float32], text: NDArray[np.intp], count: int
    ) -> NDArray[np.float32]:
        """The direction of meaning of each text, of length 1 or 0; shape (texts, dimensions)."""
        if not len(words):
            return np.zeros((count, self._meaning.shape[1]), np.float32)
        weighed = self._meaning.take(buckets(words, self._meaning_bits), axis=0) * rare[:, None]
        sums = np.zeros((count, self._meaning.shape[1]), np.float32)
        heads = np.concatenate(([0], (text[1:] != text[:-1]).nonzero()[0] + 1))
        sums[text[heads]] = np.add.reduceat(weighed, heads, axis=0)
        norms = np.sqrt(np.add.reduce(sums * sums, axis=1, keepdims=True))
        unit: NDArray[np.float32] = np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
        return unit
