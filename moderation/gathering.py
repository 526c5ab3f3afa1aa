"""Scores for many threads at once: whoever asks while another is scored waits, and all who wait become one batch.

A batch costs little more than a single comment, and threads that score side by side only take the interpreter from
each other. Knows nothing of how a score is made, nor of requests.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from moderation.comment import Pair, Score, Thresholds

MOST_PAIRS = 128
"""A batch takes no more calls once it holds so many pairs, and a longer call is scored in parts, so that no short one
waits long. ``python benchmarks/http.py`` measures what this and the pause are good for."""

PAUSE_S = 20e-6
"""How long the next batch is held open for those who are about to ask. Nobody waits where nobody else asked lately."""


class Scorer(Protocol):
    """What gives scores in the order of pairs."""

    def score_many(self, pairs: Sequence[Pair]) -> list[Score]:
        """Scores in the order of the pairs."""


class Release(Protocol):
    """A loaded release."""

    @property
    def version(self) -> str:
        """Its name."""

    @property
    def thresholds(self) -> Thresholds:
        """From where on it holds and rejects."""

    @property
    def classifier(self) -> Scorer:
        """What scores."""


class _Call:
    """What one thread asked for, and what it got."""

    __slots__ = ("failure", "pairs", "scores")

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = pairs
        self.scores: list[Score] | None = None
        self.failure: Exception | None = None


class Gathering:
    """A scorer over another one, for many threads."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._turn = Lock()
        self._waiting: deque[_Call] = deque()
        self._busy = False

    def score_many(self, pairs: Sequence[Pair]) -> list[Score]:
        """Scores in the order of the pairs. What another thread asks for does not change them, nor fails this call."""
        scores: list[Score] = []
        for start in range(0, len(pairs), MOST_PAIRS):
            scores += self._scores(pairs[start : start + MOST_PAIRS])
        return scores

    def _scores(self, pairs: Sequence[Pair]) -> list[Score]:
        call = _Call(pairs)
        self._waiting.append(call)
        with self._turn:
            while call.scores is None and call.failure is None:
                self._score_batch(self._next_batch())
        if call.failure is not None:
            raise call.failure
        return call.scores or []

    def _next_batch(self) -> list[_Call]:
        if self._busy:
            time.sleep(PAUSE_S)
        calls, pairs = [], 0
        while self._waiting and pairs < MOST_PAIRS:
            calls.append(self._waiting.popleft())
            pairs += len(calls[-1].pairs)
        self._busy = len(calls) > 1
        return calls

    def _score_batch(self, calls: list[_Call]) -> None:
        try:
            scores = self._scorer.score_many([pair for call in calls for pair in call.pairs])
        except Exception as failure:
            if len(calls) == 1:
                calls[0].failure = failure
                return
            for call in calls:
                self._score_batch([call])
            return
        for call in calls:
            call.scores, scores = scores[: len(call.pairs)], scores[len(call.pairs) :]


@dataclass(frozen=True, slots=True)
class GatheringRelease:
    """A release that scores for many threads at once, and is the same otherwise."""

    version: str
    thresholds: Thresholds
    classifier: Gathering

    @classmethod
    def of(cls, release: Release) -> "GatheringRelease":
        """The same release for many threads."""
        return cls(release.version, release.thresholds, Gathering(release.classifier))
