"""What a site's own decisions correct of a release's score: a small bounded sum over words, senders and reasons.

Values in, values out: where decisions and corrections are kept is the store's business. A correction is learned beside
the release, never in it, so that it can be switched off and forgotten.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt, tanh
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Comment, Score
from moderation.detection.campaigns import domains_of

MOST = 3.0
"""Log-odds that a correction comes near to at most, whatever was decided."""
MOST_DECISIONS = 1_000
"""The newest decisions of a site that are learned from; the next release learns from all."""
FEWEST = 10
"""Decisions that a correction takes; fewer say too little."""
KNOWN = 300.0
"""How many votes the release itself counts for where a source's share of all weight is bounded."""
REASON = "this site's decisions"
_BITS = 18
_LONGEST = 2_000  # code points of a text that are read
_WORD = re.compile(r"\w+")
_SPREAD = {"word": 2.0, "pair": 1.0, "name": 1.0, "domain": 1.0, "reason": 1.0, "always": 0.5}
"""How far each kind of trait may pull before a decision, in log-odds: the standard deviation of its weights' prior."""
_FULL_REASON = 4.0  # log-odds of a reason that counts as seen in full
_SURE = 13.8  # log-odds of a score that is rounded to one or nought
_STEPS, _NEAR = 50, 1e-4
_LEAST = 1e-4  # of a weight that is kept

Traits = dict[int, float]


@dataclass(frozen=True, slots=True)
class Example:
    """A decided comment with the release's score of it, and how much its label counts."""

    comment: Comment
    score: Score
    promotional: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What one site's decisions add to one release's scores: log-odds by hashed trait.

    ``buckets`` (ascending) and ``weights`` have one place a trait; ``decisions`` is how many taught it.
    """

    release: str
    decisions: int
    buckets: NDArray[np.uint32]
    weights: NDArray[np.float32]

    def of(self, comment: Comment, score: Score) -> float:
        """Log-odds to add to a score of that release, within MOST; 0 for another release's."""
        if score.release != self.release or not len(self.buckets):
            return 0.0
        traits = traits_of(comment, score)
        wanted = np.fromiter(traits, np.uint32, len(traits))
        places = np.minimum(self.buckets.searchsorted(wanted), len(self.buckets) - 1)
        known = np.where(self.buckets[places] == wanted, self.weights[places], 0)
        return MOST * tanh(float(known @ np.fromiter(traits.values(), np.float64, len(traits))) / MOST)

    def as_bytes(self) -> bytes:
        """The traits and weights, in the order of a little-endian machine."""
        return self.buckets.astype("<u4").tobytes() + self.weights.astype("<f4").tobytes()


def read_correction(release: str, decisions: int, content: bytes) -> Correction:
    """A correction as ``as_bytes`` wrote it. ``ValueError`` where it did not."""
    if len(content) % 8:
        raise ValueError("a correction is of whole pairs of traits and weights")
    half = len(content) // 2
    buckets, weights = np.frombuffer(content[:half], "<u4"), np.frombuffer(content[half:], "<f4")
    return Correction(release, decisions, buckets.astype(np.uint32), weights.astype(np.float32))


def traits_of(comment: Comment, score: Score) -> Traits:
    """What a correction may hang on, hashed: words and their pairs, the name, domains, the score's own reasons."""
    traits: Traits = {_bucket("always", ""): _SPREAD["always"]}
    words = _words(comment.body)
    _add(traits, "word", words)
    _add(traits, "pair", (f"{first} {second}" for first, second in pairwise(words)))
    _add(traits, "name", _words(comment.author.name))
    _add(traits, "domain", domains_of(comment))
    for reason in score.reasons:
        bucket = _bucket("reason", reason.signal)
        pull = _SPREAD["reason"] * max(-1.0, min(1.0, reason.weight / _FULL_REASON))
        traits[bucket] = traits.get(bucket, 0.0) + pull
    return traits


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text[:_LONGEST]).casefold())


def _add(traits: Traits, kind: str, values: Iterable[str]) -> None:
    """Add each value once; all of a kind pull together as far as one alone would."""
    buckets = {_bucket(kind, value) for value in values}
    for bucket in buckets:
        traits[bucket] = traits.get(bucket, 0.0) + _SPREAD[kind] / sqrt(len(buckets))


def _bucket(kind: str, value: str) -> int:
    return crc32(f"{kind}:{value}".encode("utf-8", "replace")) >> (32 - _BITS)


def learn(examples: Sequence[Example], release: str) -> Correction:
    """The correction that the newest examples (the last ones) call for, drawn towards none by a normal prior.

    A logistic regression over the release's score as its offset, solved in the space of the examples by Newton's steps
    (Rasmussen and Williams 2006, algorithm 3.1). Time grows with the cube of at most MOST_DECISIONS.
    """
    examples = examples[-MOST_DECISIONS:]
    if not examples:
        return Correction(release, 0, np.zeros(0, np.uint32), np.zeros(0, np.float32))
    buckets, matrix = _matrix([traits_of(example.comment, example.score) for example in examples])
    label = np.array([example.promotional for example in examples], np.float64)
    weight = np.array([example.weight for example in examples], np.float64)
    pull = _fit(matrix, label, weight, np.array([logit(example.score.promotional) for example in examples]))
    weights = matrix.T @ pull
    kept = np.abs(weights) >= _LEAST
    return Correction(release, len(examples), buckets[kept].astype(np.uint32), weights[kept].astype(np.float32))


def logit(probability: float) -> float:
    """The log-odds of a score, within what its rounding can tell."""
    if probability <= 0 or probability >= 1:
        return _SURE if probability >= 1 else -_SURE
    return log(probability / (1 - probability))


def _matrix(rows: Sequence[Traits]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The buckets that occur, and each row's values in them."""
    buckets = np.unique(np.array([bucket for row in rows for bucket in row], np.intp))
    matrix = np.zeros((len(rows), len(buckets)))
    for place, row in enumerate(rows):
        matrix[place, buckets.searchsorted(np.fromiter(row, np.intp))] = list(row.values())
    return buckets, matrix


def _fit(
    matrix: NDArray[np.float64], label: NDArray[np.float64], weight: NDArray[np.float64], offset: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How strongly each example pulls at its own traits, at the mode of the posterior."""
    kernel = matrix @ matrix.T
    pull, added = np.zeros(len(label)), np.zeros(len(label))

    def worth(pull: NDArray[np.float64], added: NDArray[np.float64]) -> float:
        logits = offset + added
        return float(weight @ (label * logits - np.logaddexp(0, logits)) - pull @ added / 2)

    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-(offset + added)))
        bend = np.sqrt(np.maximum(weight * chance * (1 - chance), 1e-12))
        wanted = bend**2 * added + weight * (label - chance)
        system = np.eye(len(label)) + bend[:, None] * kernel * bend
        step = wanted - bend * np.linalg.solve(system, bend * (kernel @ wanted)) - pull
        moved, so_far = kernel @ step, worth(pull, added)
        while np.abs(moved).max() >= _NEAR and worth(pull + step, added + moved) < so_far:
            step, moved = step / 2, moved / 2  # labels that the release contradicts take a whole step too far
        pull, added = pull + step, added + moved
        if np.abs(moved).max() < _NEAR:
            break
    return pull
