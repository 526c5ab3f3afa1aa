"""Detectors for the tests of this folder: the shipped one, and one that is small enough to reckon with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from moderation.comment import Pair
from moderation.detection.classifier import Classifier, Parameters
from moderation.detection.features import Batch, FeatureReader, Mix, Tables
from moderation.detection.links import Domains
from moderation.detection.ngrams import buckets
from moderation.detection.relevance import RARITY_BITS, Relevance
from moderation.detection.signals import Signal
from moderation.detection.text import Folded, Folder, Hashes
from moderation.detection.wording import BITS, Wording, WordingWeights
from moderation.release import Release
from training.alphabet import alphabet

KINDS = ("praise", "gambling")
BASE = -1.5
SCALE = 0.01

SPICE = list("aAeo сСαο.,@/:-0157 \n\t!<[😀🎰é̈\u0336ＡªﬃßﷺİК金가あ\0\u200b\u202e\ufeff\u3000\ud800\udfff\U0010ffff")
"""Code points that folding treats each in its own way."""
PLAIN = st.characters(exclude_categories=())  # lone surrogates too
TEXTS = st.text(st.sampled_from(SPICE) | PLAIN, max_size=60)


@pytest.fixture(scope="session")
def folder() -> Folder:
    """Folds by the Unicode tables of this machine."""
    return the_folder()


@pytest.fixture(scope="session")
def classifier(release: Release) -> Classifier:
    """The shipped detector."""
    return release.classifier


@cache
def the_folder() -> Folder:
    return Folder(alphabet())


def folded_words(folded: Folded, text: int) -> list[str]:
    """The words of one folded text, as a reader would see them."""
    places = range(int(folded.first_word[text]), int(folded.first_word[text + 1]))
    return [shown(folded.codes[folded.word_start[place] : folded.word_end[place]]) for place in places]


def shown(codes: NDArray[np.uint32]) -> str:
    """Folded code points as text."""
    return "".join(map(chr, codes.tolist()))


def hash_of(*words: str) -> int:
    """The hash of a word, or of two words that follow each other."""
    folded = the_folder().fold([" ".join(words)])
    return int((folded.hashes if len(words) == 1 else folded.pairs)[0])


def word_set(words: Iterable[str]) -> Hashes:
    """The sorted hashes of words."""
    return np.unique(np.array([hash_of(word) for word in words], np.uint32))


@cache
def small_domains() -> Domains:
    """A few last labels of domain names."""
    return Domains(
        top=word_set(["com", "net", "org", "uk", "co", "ly", "me", "io", "py", "md", "ru", "it"]),
        usual=word_set(["com", "net", "org", "ru"]),
        files=word_set(["py", "md", "io", "it", "me"]),
        dot=hash_of("dot"),
    )


@dataclass(slots=True)
class Sketch:
    """A small detector: name what it knows, the rest says nothing."""

    columns: dict[str, float] = field(default_factory=dict)
    """Log-odds by the name of a Signal, a kind (in lower case), a Mix or a Wording."""
    words: dict[str, int] = field(default_factory=dict)
    """Weights of single words of a body, in units of SCALE."""
    lexicon: dict[str, str] = field(default_factory=dict)
    """Words, or two words, by their kind of KINDS."""
    rarity: int = 40
    """Bits of surprise of any word, times 8."""
    off_topic: dict[Relevance, float] = field(default_factory=dict)
    off_topic_base: float = 0.0
    calibration: tuple[tuple[float, float], tuple[float, float]] = ((-10, 10), (-10, 10))

    def tables(self) -> Tables:
        hashes = {hash_of(*words.split()): KINDS.index(kind) + 1 for words, kind in sorted(self.lexicon.items())}
        known = sorted(hashes)
        relevance = np.zeros(len(Relevance) + 1)
        for column, weight in self.off_topic.items():
            relevance[column] = weight
        relevance[-1] = self.off_topic_base
        return Tables(
            alphabet=alphabet(),
            domains=small_domains(),
            lexicon_hash=np.array(known, np.uint32),
            lexicon_kind=np.array([hashes[known_hash] for known_hash in known], np.uint8),
            kinds=KINDS,
            rarity=np.full(1 << RARITY_BITS, self.rarity, np.uint8),
            meaning=np.zeros((256, 4), np.int8),
            off_topic=relevance,
        )

    def wording(self) -> WordingWeights:
        weights = np.zeros(1 << BITS, np.int16)
        for word, weight in self.words.items():
            weights[buckets(np.array([hash_of(word)], np.uint32), BITS)] = weight
        return WordingWeights(weights, SCALE)

    def parameters(self) -> Parameters:
        names = [
            *(signal.name for signal in Signal),
            *KINDS,
            *(mix.name for mix in Mix),
            *(part.name for part in Wording),
        ]
        weights = np.zeros(len(names))
        for name, weight in self.columns.items():
            weights[names.index(name)] = weight
        return Parameters(
            tables=self.tables(),
            wording=self.wording(),
            columns=weights,
            usual=np.zeros(len(names)),
            base=BASE,
            calibration=np.array(self.calibration, np.float64),
        )

    def classifier(self) -> Classifier:
        return Classifier(self.parameters(), "sketch")

    def read(self, pairs: Sequence[Pair]) -> Batch:
        return FeatureReader(self.tables()).read(pairs)
