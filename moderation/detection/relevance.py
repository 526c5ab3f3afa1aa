"""How much a comment has to do with its article: what they share, weighed by how rare it is.

Articles are profiled once and kept; a batch of comments is compared with its articles by look-ups in relevance.c. It
gives evidence as numbers; what they mean together is learned elsewhere.
"""

from collections import OrderedDict
from collections.abc import Sequence
from enum import IntEnum, auto
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Article, Pair
from moderation.detection.kernels import integers, library, struct
from moderation.detection.signals import SCRIPTS
from moderation.detection.text import Folded, Folder

SLOT_BITS = 15
RARITY_BITS = 18
MOST_ARTICLES = 1024
"""Articles that are kept in memory, 32 kB each."""
_LEAD = 20_000  # code points of an article that are read: enough to tell what it is about
_MOST_DIMENSIONS = 64  # of a vector of meaning, as in relevance.c


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


class RelevanceReader:
    """Compares comments with their articles by the tables of one release.

    ``rarity``: bits of surprise of each word bucket, times 8; shape (2**RARITY_BITS,), uint8.
    ``meaning``: a vector for each word bucket; shape (buckets, dimensions), int8, buckets a power of two.
    """

    def __init__(self, folder: Folder, rarity: NDArray[np.uint8], meaning: NDArray[np.int8]) -> None:
        if meaning.shape[1] > _MOST_DIMENSIONS:
            raise ValueError(f"meaning has more than this program's {_MOST_DIMENSIONS} dimensions")
        self._folder = folder
        self._log_sizes = np.zeros(MOST_ARTICLES, np.float32)
        self._told_sizes = np.zeros(MOST_ARTICLES, np.float32)
        self._scripts = np.zeros(MOST_ARTICLES, np.int64)
        self._held = {  # C reads these as long as the reader lives
            "rarity": np.ascontiguousarray(rarity),
            "meaning": np.ascontiguousarray(meaning),
            "marks": np.zeros((MOST_ARTICLES, 1 << SLOT_BITS), np.uint8),
            "vectors": np.zeros((MOST_ARTICLES, meaning.shape[1]), np.float32),
            "log_sizes": self._log_sizes,
            "told_sizes": self._told_sizes,
            "scripts": self._scripts,
        }
        bits = len(meaning).bit_length() - 1
        self._shelf = struct("shelf", **self._held, meaning_bits=bits, dimensions=meaning.shape[1])
        self._slots: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lock = Lock()

    def relate(self, pairs: Sequence[Pair], folded: Folded, batch: Any) -> int:
        """Compare the bodies of a batch, its first ``len(pairs)`` texts, with their articles; C's ``batch`` takes it.

        Returns how many words of the bodies stand in their articles in the same long row; the rest is compared.
        """
        quoted = 0
        with self._lock:  # slots are given to other articles as new ones come
            for begin in range(0, len(pairs), MOST_ARTICLES):
                slots = self._slots_of(pairs[begin : begin + MOST_ARTICLES])
                quoted += library.relate(folded.c, self._shelf, integers(slots), begin, len(slots), batch)
        return quoted

    def _slots_of(self, pairs: Sequence[Pair]) -> list[int]:
        slots: list[int] = []
        slot, before = -1, None
        for _, article in pairs:
            if article is not before:
                slot, before = self._slot(article), article
            slots.append(slot)
        return slots

    def _slot(self, article: Article | None) -> int:
        """Where an article is kept, -1 where its text is not known."""
        if article is None or not (article.title or article.body):
            return -1
        key = (article.title, article.body)
        slot = self._slots.get(key)
        if slot is None:
            full = len(self._slots) == MOST_ARTICLES
            slot = self._slots[key] = self._slots.popitem(last=False)[1] if full else len(self._slots)
            self._read(article, slot)
        else:
            self._slots.move_to_end(key)
        return slot

    def _read(self, article: Article, slot: int) -> None:
        folded = self._folder.fold([article.body[:_LEAD], article.title])
        library.read_article(folded.c, self._shelf, slot)
        size = np.float32(max(np.unique(folded.hashes).size, 1))
        self._log_sizes[slot], self._told_sizes[slot] = np.log2(size), np.log1p(size) / 8
        self._scripts[slot] = np.add.reduce(folded.raw_kinds[:, SCRIPTS], axis=0).argmax()
