"""Everything that is read of a batch of comments, but the wording of its texts, as one matrix of named columns.

Training and scoring read comments here and nowhere else. It knows no label and no weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Pair
from moderation.detection.kernels import NULL, Record, array, constants, library, pointer, struct
from moderation.detection.links import MOST_LINKS, Domains, DomainTable, Link, link_of
from moderation.detection.ngrams import buckets
from moderation.detection.relevance import Relevance, RelevanceReader
from moderation.detection.signals import Signal, add_signals
from moderation.detection.text import Alphabet, Folded, Folder, Hashes

LEXICON_BITS = 22
_HELD_BITS = 16
_WORDINGS = constants("wording")["WORDINGS"]
PRAISE = "praise"
"""The kind of the lexicon that is no promotion by itself."""


class Mix(IntEnum):
    """Columns that are made of others: what means more together than apart. ``OFF_TOPIC`` is 0 without an article."""

    OFF_TOPIC = 0
    OFF_TOPIC_LINK = auto()
    OFF_TOPIC_ADDRESS = auto()
    HAS_ARTICLE = auto()
    LONG_WITH_ARTICLE = auto()
    SHARED_SHARE = auto()
    SHARED_PER_SIZE = auto()
    COSINE = auto()
    PROMOTED = auto()
    PROMOTED_SHARE = auto()
    EMPTY_PRAISE = auto()
    PRAISE_AND_ADDRESS = auto()
    LATE_AND_ADDRESS = auto()
    SHORT_AND_LINK = auto()
    PRAISE_AND_TERMS = auto()
    TERMS_AT_END = auto()


@dataclass(frozen=True, slots=True)
class Tables:
    """What a release holds for reading comments, beside the weights.

    ``lexicon_hash`` (sorted) and ``lexicon_kind`` (from 1): words and pairs of words that belong to a kind of comment;
    ``kinds`` names them. ``rarity`` and ``meaning`` are as RelevanceReader takes them. ``off_topic``: log-odds for each
    Relevance column that a comment is not about its article, with their base last.
    """

    alphabet: Alphabet
    domains: Domains
    lexicon_hash: Hashes
    lexicon_kind: NDArray[np.uint8]
    kinds: tuple[str, ...]
    rarity: NDArray[np.uint8]
    meaning: NDArray[np.int8]
    off_topic: NDArray[np.float64]


class Batch(Record):
    """A batch of comments as they were read.

    ``folded`` holds bodies, then names, then addresses. ``evidence`` (comments, Relevance) has zeros where ``known`` is
    False (no article's text); ``shared`` is what each word of the bodies weighs as shared with the article, 0 where it
    is not. ``signals`` is of shape (comments, Signal), and ``places`` (comments, Signal, 2) tells where in the body as
    sent the first of each was seen, or -1. ``word_kind`` is the kind in the lexicon of each word of the bodies, 0 for
    none, and ``kind_counts`` (comments, kinds + 1) how many words of each a body has, of none first. ``off_topic`` is
    the logit of each comment's not being about its article, 0 where that is not known.
    """

    __slots__ = ("folded", "pairs")

    pairs: Sequence[Pair]
    folded: Folded
    evidence: NDArray[np.float32] = array("comments", len(Relevance))
    known: NDArray[np.uint8] = array("comments")
    shared: NDArray[np.float32] = array("body_words")
    signals: NDArray[np.float32] = array("comments", len(Signal))
    places: NDArray[np.int64] = array("comments", len(Signal), 2)
    word_kind: NDArray[np.uint8] = array("body_words")
    kind_counts: NDArray[np.int64] = array("comments", "kinds + 1")
    off_topic: NDArray[np.float64] = array("comments")

    @property
    def links(self) -> list[Link]:
        """The addresses in the bodies, in order."""
        return [link_of(self.c.found[number]) for number in range(self.c.links)]


class FeatureReader:
    """Reads batches of comments by the tables of one release."""

    def __init__(self, tables: Tables) -> None:
        self._folder = Folder(tables.alphabet)
        self._domains = DomainTable(tables.domains)
        self._relevance = RelevanceReader(self._folder, tables.rarity, tables.meaning)
        if tables.lexicon_kind.max(initial=0) > len(tables.kinds):
            raise ValueError(f"the lexicon has kinds beyond the {len(tables.kinds)} that are named")
        if len(tables.off_topic) != len(Relevance) + 1:
            raise ValueError(f"the weights of relevance are not of this program's {len(Relevance)} columns")
        kind_of = np.zeros(1 << LEXICON_BITS, np.uint8)
        kind_of[buckets(tables.lexicon_hash, LEXICON_BITS)] = tables.lexicon_kind
        held = kind_of.reshape(1 << _HELD_BITS, -1).max(axis=1)
        self._held = {"kind_of": kind_of, "held": held, "off_topic": np.ascontiguousarray(tables.off_topic, np.float64)}
        self._kinds = len(tables.kinds)
        bits = {"bits": LEXICON_BITS, "held_bits": _HELD_BITS}
        self._lexicon = struct("lexicon", **self._held, **bits, praise=tables.kinds.index(PRAISE) + 1)

    def read(self, pairs: Sequence[Pair]) -> Batch:
        """Fold, hash and read a batch. Linear in its code points."""
        comments = [comment for comment, _ in pairs]
        texts = [comment.body for comment in comments]
        texts += [comment.author.name for comment in comments]
        texts += [comment.author.url for comment in comments]
        folded = self._folder.fold(texts)
        words = folded.c.first_word[len(pairs)]
        counts = {"comments": len(pairs), "body_words": words, "kinds": self._kinds}
        batch = Batch("batch", {**counts, "most_links": min(MOST_LINKS * len(pairs), words)}, library.place_batch)
        batch.pairs, batch.folded = pairs, folded
        if self._relevance.relate(pairs, folded, batch.c):  # whoever recites the article has said nothing of his own
            self._folder.take_out(folded, batch.c)
        library.read_signals(folded.c, self._domains.c, batch.c)
        add_signals(pairs, folded, batch.c)
        library.conclude(folded.c, self._lexicon, batch.c)
        return batch

    def columns(self, batch: Batch, wording: Record | None = None) -> NDArray[np.float64]:
        """The columns of Signal, of the kinds (log1p of their counts), of Mix, and of wording; (comments, columns).

        ``wording`` is the batch's WordingEvidence; without it, the columns end before.
        """
        count = len(Signal) + self._kinds + len(Mix) + (_WORDINGS if wording else 0)
        found = np.empty((len(batch.pairs), count))
        library.columns(batch.folded.c, self._lexicon, batch.c, wording.c if wording else NULL, pointer(found))
        return found
