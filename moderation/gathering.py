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
waits long. ``python benchmarks/http.py`` measures what these numbers are good for."""

PATIENCE = 0.3
"""A batch that is smaller than those lately waits for more callers, for at most this share of the last one's time."""

MOST_PATIENCE_S = 0.005
FORGETTING = 0.95
"""What is left of the size that batches had lately, with each batch."""

LOOK_S = 20e-6


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
    """What one thread asked for, and what it got. ``turn`` opens when it was scored, or when it has to score."""

    __slots__ = ("failure", "pairs", "scores", "turn")

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = pairs
        self.scores: list[Score] | None = None
        self.failure: Exception | None = None
        self.turn = Lock()
        self.turn.acquire()


class Gathering:
    """A scorer over another one, for many threads. One of the threads that wait scores for all of them."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._guard = Lock()
        self._waiting: deque[_Call] = deque()
        self._scoring = False
        self._size_lately = 1.0
        self._patience_s = 0.0

    def score_many(self, pairs: Sequence[Pair]) -> list[Score]:
        """Scores in the order of the pairs. What another thread asks for does not change them, nor fails this call."""
        scores: list[Score] = []
        for start in range(0, len(pairs), MOST_PAIRS):
            scores += self._scores(pairs[start : start + MOST_PAIRS])
        return scores

    def _scores(self, pairs: Sequence[Pair]) -> list[Score]:
        call = _Call(pairs)
        with self._guard:
            self._waiting.append(call)
            first, self._scoring = not self._scoring, True
        if not first:
            call.turn.acquire()
        if call.scores is None and call.failure is None:
            self._lead()
        if call.failure is not None:
            raise call.failure
        return call.scores or []

    def _lead(self) -> None:
        """Score those who wait, this thread's call among them, and give the lead to one who came meanwhile."""
        calls = self._next_batch()
        begun_s = time.perf_counter()
        try:
            self._score_batch(calls)
        finally:
            self._patience_s = min(PATIENCE * (time.perf_counter() - begun_s), MOST_PATIENCE_S)
            with self._guard:
                leader = self._waiting[0] if self._waiting else None
                self._scoring = leader is not None
            for call in calls:
                call.turn.release()
            if leader is not None:
                leader.turn.release()

    def _next_batch(self) -> list[_Call]:
        deadline_s = time.perf_counter() + self._patience_s
        while len(self._waiting) < int(self._size_lately) and time.perf_counter() < deadline_s:
            time.sleep(LOOK_S)
        calls, pairs = [], 0
        while self._waiting and pairs < MOST_PAIRS:
            calls.append(self._waiting.popleft())
            pairs += len(calls[-1].pairs)
        self._size_lately = max(len(calls), FORGETTING * self._size_lately)
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
