"""Everything that is read of a batch of comments, but the wording of its texts, as one matrix of named columns.

Training and scoring read comments here and nowhere else. It knows no label and no weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Pair
from moderation.detection.kernels import library, pointer
from moderation.detection.links import Domains, LinkFinder
from moderation.detection.ngrams import Hashes, buckets, pair_hashes, word_hashes
from moderation.detection.relevance import Evidence, Relevance, RelevanceReader
from moderation.detection.signals import Signal, Signals, read_signals
from moderation.detection.text import Alphabet, Folded, Folder

LEXICON_BITS = 22
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


_OF_RELEVANCE = [Mix.SHARED_SHARE, Mix.SHARED_PER_SIZE, Mix.COSINE]
_RELEVANT = [Relevance.SHARED_SHARE, Relevance.SHARED_PER_SIZE, Relevance.COSINE]
_LAST_WORDS = 3
_SPEAKING = 12  # words from which on a comment says enough to be compared with its article in full
_MOST_OFF_TOPIC = 4.0  # log-odds; more certainty is not believed


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


@dataclass(slots=True)
class Batch:
    """A batch of comments, folded and hashed; see Folded for the layout of texts: bodies, names, addresses."""

    pairs: Sequence[Pair]
    folded: Folded
    words: Hashes
    word_pairs: Hashes
    signals: Signals
    evidence: Evidence
    off_topic: NDArray[np.float64]
    """The logit of each comment's not being about its article, 0 where that is not known; shape (comments,)."""
    word_kind: NDArray[np.uint8]
    """The kind in the lexicon that each word of the bodies belongs to, 0 for none."""
    kind_counts: NDArray[np.int64]
    """How many words of each kind a body has, of none first; shape (comments, kinds + 1)."""
    kinds: NDArray[np.float32]
    """The same without the first, log1p; shape (comments, kinds)."""


class FeatureReader:
    """Reads batches of comments by the tables of one release."""

    def __init__(self, tables: Tables) -> None:
        self._folder = Folder(tables.alphabet)
        self._finder = LinkFinder(tables.domains)
        self._relevance = RelevanceReader(self._folder, tables.rarity, tables.meaning)
        if tables.lexicon_kind.max(initial=0) > len(tables.kinds):
            raise ValueError(f"the lexicon has kinds beyond the {len(tables.kinds)} that are named")
        self._lexicon = np.zeros(1 << LEXICON_BITS, np.uint8)
        self._lexicon[buckets(tables.lexicon_hash, LEXICON_BITS)] = tables.lexicon_kind
        self._kinds = len(tables.kinds)
        self._praise = tables.kinds.index(PRAISE)
        if len(tables.off_topic) != len(Relevance) + 1:
            raise ValueError(f"the weights of relevance are not of this program's {len(Relevance)} columns")
        self._off_topic = tables.off_topic

    def read(self, pairs: Sequence[Pair]) -> Batch:
        """Fold, hash and read a batch. Linear in its code points."""
        comments = [comment for comment, _ in pairs]
        texts = [comment.body for comment in comments]
        texts += [comment.author.name for comment in comments]
        texts += [comment.author.url for comment in comments]
        folded = self._folder.fold(texts)
        words, stems = word_hashes(folded)
        word_pairs = pair_hashes(folded, words)
        quoted = self._relevance.quoted(pairs, folded, words, word_pairs)
        if len(quoted):  # whoever recites the article has said nothing of his own yet
            folded = self._folder.without(texts, folded, quoted)
            words, stems = word_hashes(folded)
            word_pairs = pair_hashes(folded, words)
        evidence = self._relevance.compare(pairs, folded, (words, stems))
        signals = read_signals(pairs, folded, words, self._finder, evidence.script)
        logit = np.add.reduce(evidence.values * self._off_topic[:-1], axis=1) + self._off_topic[-1]
        off_topic = np.where(evidence.known, logit, 0.0)
        word_kind, counts = self._read_kinds(folded, words, word_pairs, len(pairs))
        kinds = np.log1p(counts[:, 1:], dtype=np.float64).astype(np.float32)
        return Batch(pairs, folded, words, word_pairs, signals, evidence, off_topic, word_kind, counts, kinds)

    def _read_kinds(
        self, folded: Folded, words: Hashes, word_pairs: Hashes, count: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The kind of each word of the bodies, and how many a body has of each, of none first."""
        kind = np.empty(int(folded.first_word[count]), np.uint8)
        counts = np.zeros((count, self._kinds + 1), np.int64)
        library.kinds_of_words(
            folded.view, pointer(words), pointer(word_pairs), pointer(self._lexicon), LEXICON_BITS, count, self._kinds,
            self._praise + 1, pointer(kind), pointer(counts),
        )  # fmt: skip
        return kind, counts

    def columns(self, batch: Batch, wording: NDArray[np.float64]) -> NDArray[np.float64]:
        """The columns of Signal, of the kinds, of Mix and of wording; shape (comments, columns)."""
        return np.concatenate((batch.signals.values, batch.kinds, self._mix(batch), wording), axis=1, dtype=np.float64)

    def _terms_at_end(self, batch: Batch) -> NDArray[np.float64]:
        """The share of a body's last words that belong to a kind of promotion: search words left behind."""
        first = batch.folded.first_word[: len(batch.pairs) + 1]
        terms = np.zeros(len(batch.word_kind) + 1, np.int64)
        np.cumsum((batch.word_kind > 0) & (batch.word_kind != self._praise + 1), out=terms[1:])
        return (terms[first[1:]] - terms[np.maximum(first[1:] - _LAST_WORDS, first[:-1])]) / _LAST_WORDS

    def _mix(self, batch: Batch) -> NDArray[np.float64]:
        signals = batch.signals.values
        mix = np.zeros((len(signals), len(Mix)))
        words = batch.folded.word_counts[: len(signals)]
        praises = batch.kind_counts[:, self._praise + 1]
        promoted = np.add.reduce(batch.kind_counts[:, 1:], axis=1) - praises
        praise = praises / (words + 4)
        off_topic = np.minimum(np.maximum(batch.off_topic, -_MOST_OFF_TOPIC), _MOST_OFF_TOPIC) / 2
        link = np.maximum(signals[:, Signal.LINK], signals[:, Signal.BARE_DOMAIN])
        address = signals[:, Signal.AUTHOR_URL]
        mix[:, Mix.OFF_TOPIC] = off_topic
        mix[:, Mix.OFF_TOPIC_LINK] = off_topic * link
        mix[:, Mix.OFF_TOPIC_ADDRESS] = off_topic * address
        mix[:, Mix.HAS_ARTICLE] = batch.evidence.known
        told = batch.evidence.known * np.minimum(words / _SPEAKING, 1)  # short comments say little of their subject
        mix[:, Mix.LONG_WITH_ARTICLE] = told
        mix[:, _OF_RELEVANCE] = batch.evidence.values[:, _RELEVANT] * told[:, None]
        mix[:, Mix.PROMOTED] = np.log1p(promoted)
        mix[:, Mix.PROMOTED_SHARE] = np.sqrt(promoted / (words + 4))
        mix[:, Mix.EMPTY_PRAISE] = praise * np.maximum(off_topic, 0)
        mix[:, Mix.PRAISE_AND_ADDRESS] = praise * address
        mix[:, Mix.LATE_AND_ADDRESS] = signals[:, Signal.LATENESS] * np.maximum(address, link)
        mix[:, Mix.PRAISE_AND_TERMS] = np.minimum(praises, 3) * np.minimum(promoted, 2) / 6
        mix[:, Mix.TERMS_AT_END] = self._terms_at_end(batch)
        mix[:, Mix.SHORT_AND_LINK] = signals[:, Signal.SHORTNESS] * link
        return mix
