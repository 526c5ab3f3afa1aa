"""How much a comment has to do with its article: what they share, weighed by how rare it is.

Articles are profiled once and kept; a batch of comments is compared with its articles by look-ups in relevance.c. It
gives evidence as numbers; what they mean together is learned elsewhere.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Article, Pair
from moderation.detection.kernels import library, pointer, struct
from moderation.detection.ngrams import Hashes, buckets, pair_hashes, word_hashes
from moderation.detection.signals import SCRIPTS
from moderation.detection.text import Folded, Folder, Places

SLOT_BITS = 15
SLOTS = 1 << SLOT_BITS
RARITY_BITS = 18
MOST_ARTICLES = 1024
"""Articles that are kept in memory, 32 kB each."""
_LEAD = 20_000  # code points of an article that are read: enough to tell what it is about
_TITLE, _BODY = 2, 1
_NO_PLACES: Places = np.zeros(0, np.intp)
_STEM = np.uint32(0x27D4EB2F)  # tells stems from words: a prime of xxHash, as in relevance.c


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
    script: int


class RelevanceReader:
    """Compares comments with their articles by the tables of one release.

    ``rarity``: bits of surprise of each word bucket, times 8; shape (2**RARITY_BITS,), uint8.
    ``meaning``: a vector for each word bucket; shape (buckets, dimensions), int8, buckets a power of two.
    """

    def __init__(self, folder: Folder, rarity: NDArray[np.uint8], meaning: NDArray[np.int8]) -> None:
        self._folder = folder
        self._dimensions = meaning.shape[1]
        self._marks = np.zeros((MOST_ARTICLES, SLOTS), np.uint8)
        self._vectors = np.zeros((MOST_ARTICLES, self._dimensions), np.float32)
        self._log_sizes = np.zeros(MOST_ARTICLES, np.float32)
        self._told_sizes = np.zeros(MOST_ARTICLES, np.float32)
        self._held = {  # C reads these as long as the reader lives
            "rarity": np.ascontiguousarray(rarity),
            "meaning": np.ascontiguousarray(meaning),
            "marks": self._marks,
            "vectors": self._vectors,
            "log_sizes": self._log_sizes,
            "told_sizes": self._told_sizes,
        }
        bits = len(meaning).bit_length() - 1
        self._shelf = struct("shelf", **self._held, meaning_bits=bits, dimensions=self._dimensions)
        self._profiles: OrderedDict[tuple[str, str], _Profile] = OrderedDict()
        self._lock = Lock()

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

    def quoted(self, pairs: Sequence[Pair], folded: Folded, words: Hashes, word_pairs: Hashes) -> Places:
        """Places of the bodies' words that stand in their articles in the same long row, ascending."""
        found, quoted = 0, np.zeros(int(folded.first_word[len(pairs)]), np.uint8)
        with self._lock:
            for begin in range(0, len(pairs), MOST_ARTICLES):
                slots = self._slots([self._profile(article) for _, article in pairs[begin : begin + MOST_ARTICLES]])
                found += library.find_quotes(
                    folded.view, pointer(words), pointer(word_pairs), self._shelf, pointer(slots), begin, len(slots),
                    pointer(quoted),
                )  # fmt: skip
        return np.flatnonzero(quoted) if found else _NO_PLACES

    @staticmethod
    def _slots(profiles: Sequence["_Profile | None"]) -> NDArray[np.int64]:
        return np.array([profile.slot if profile else -1 for profile in profiles], np.int64)

    def _compare_rows(
        self, pairs: Sequence[Pair], rows: slice, folded: Folded, hashed: tuple[Hashes, Hashes], evidence: Evidence
    ) -> None:
        profiles = [self._profile(article) for _, article in pairs]
        slots = self._slots(profiles)
        evidence.known[rows] = slots >= 0
        evidence.script[rows] = [profile.script if profile else -1 for profile in profiles]
        library.compare(
            folded.view, *map(pointer, hashed), self._shelf, pointer(slots), rows.start, len(slots),
            pointer(np.empty(self._dimensions, np.float32)), pointer(evidence.shared), pointer(evidence.values[rows]),
        )  # fmt: skip

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
        row = self._marks[slot]
        row[:] = 0
        title = int(folded.first_word[1])
        for part, mark in ((slice(0, title), _BODY), (slice(title, None), _TITLE)):
            for hashes in (words[part], stems[part] * _STEM):
                row[buckets(hashes, SLOT_BITS)] = mark
        library.mark_triples(folded.view, pointer(words), pointer(pair_hashes(folded, words)), pointer(row))
        library.direction(self._shelf, pointer(words), len(words), pointer(self._vectors[slot]))
        size = np.float32(max(np.unique(words).size, 1))
        self._log_sizes[slot], self._told_sizes[slot] = np.log2(size), np.log1p(size) / 8
        script = int(np.add.reduce(folded.raw_kinds[:, SCRIPTS], axis=0).argmax())
        return _Profile(slot, script)
