"""Work for many threads at once: whoever asks while another works waits, and all who wait become one batch.

A batch costs little more than a single item, be it a score or a row on the disk, and threads that work side by side
only take the interpreter from each other. Knows nothing of how a score is made, nor of requests.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Lock
from typing import Generic, TypeVar

from moderation.comment import Pair, Release, Score, Scorer, Thresholds

MOST_ITEMS = 128
"""A batch takes no more calls once it holds so many items, and a longer call is done in parts, so that no short one
waits long. ``python -m benchmarks.requests_per_second`` measures what these numbers are good for."""

PATIENCE = 0.3
"""A batch that is smaller than those lately waits for more callers, for at most this share of the last one's time."""

MOST_PATIENCE_S = 0.005
FORGETTING = 0.95
"""What is left of the size that batches had lately, with each batch."""

Given = TypeVar("Given")
Made = TypeVar("Made")


class _Call(Generic[Given, Made]):
    """What one thread asked for, and what it got. ``turn`` opens when it was done, or when it has to do it."""

    __slots__ = ("failure", "given", "made", "turn")

    def __init__(self, given: Sequence[Given]) -> None:
        self.given = given
        self.made: Sequence[Made] | None = None
        self.failure: Exception | None = None
        self.turn = Lock()
        self.turn.acquire()


class Gathering(Generic[Given, Made]):
    """Does ``work`` on the items of many threads: one of those that wait works for all of them.

    ``work`` gives something for each item, in their order. Where it fails, each call is tried alone, so that it fails
    none but its own caller; not so with the errors ``of_all``, which no item is the cause of.
    """

    def __init__(
        self, work: Callable[[Sequence[Given]], Sequence[Made]], of_all: tuple[type[Exception], ...] = ()
    ) -> None:
        self._work = work
        self._of_all = of_all
        self._guard = Lock()
        self._waiting: deque[_Call[Given, Made]] = deque()
        self._working = False
        self._size_lately = 1.0
        self._patience_s = 0.0
        self._enough = 0
        self._enough_came = Condition(self._guard)

    def do(self, given: Sequence[Given]) -> list[Made]:
        """What comes of the items, in their order. What another thread asks for does not change it."""
        made: list[Made] = []
        for start in range(0, len(given), MOST_ITEMS):
            made += self._do(given[start : start + MOST_ITEMS])
        return made

    def _do(self, given: Sequence[Given]) -> Sequence[Made]:
        call: _Call[Given, Made] = _Call(given)
        with self._guard:
            self._waiting.append(call)
            first, self._working = not self._working, True
            if len(self._waiting) == self._enough:
                self._enough_came.notify()
        if not first:
            call.turn.acquire()
        if call.made is None and call.failure is None:
            self._lead()
        if call.failure is not None:
            raise call.failure
        return call.made or ()

    def _lead(self) -> None:
        """Work for those who wait, this thread's call among them, and give the lead to one who came meanwhile."""
        calls = self._next_batch()
        begun_s = time.perf_counter()
        try:
            self._work_on(calls)
        finally:
            self._patience_s = min(PATIENCE * (time.perf_counter() - begun_s), MOST_PATIENCE_S)
            with self._guard:
                leader = self._waiting[0] if self._waiting else None
                self._working = leader is not None
            for call in calls:
                call.turn.release()
            if leader is not None:
                leader.turn.release()

    def _next_batch(self) -> list[_Call[Given, Made]]:
        with self._guard:
            self._enough = int(self._size_lately)
            self._enough_came.wait_for(lambda: len(self._waiting) >= self._enough, self._patience_s)
            self._enough = 0
        calls, items = [], 0
        while self._waiting and items < MOST_ITEMS:
            calls.append(self._waiting.popleft())
            items += len(calls[-1].given)
        self._size_lately = max(len(calls), FORGETTING * self._size_lately)
        return calls

    def _work_on(self, calls: list[_Call[Given, Made]]) -> None:
        try:
            made = self._work([item for call in calls for item in call.given])
        except Exception as failure:
            if len(calls) > 1 and not isinstance(failure, self._of_all):
                for call in calls:
                    self._work_on([call])
                return
            for call in calls:
                call.failure = failure
            return
        for call in calls:
            call.made, made = made[: len(call.given)], made[len(call.given) :]


@dataclass(frozen=True, slots=True)
class GatheringScorer:
    """A scorer over another one, for many threads."""

    gathering: Gathering[Pair, Score]
    scorer: Scorer

    @classmethod
    def of(cls, scorer: Scorer) -> "GatheringScorer":
        """The same scorer for many threads."""
        return cls(Gathering(scorer.score_many), scorer)

    def score_many(self, pairs: Sequence[Pair]) -> list[Score]:
        """Scores in the order of the pairs."""
        return self.gathering.do(pairs)

    def with_reason(self, score: Score, signal: str, weight: float) -> Score:
        """The same score with one more reason."""
        return self.scorer.with_reason(score, signal, weight)


@dataclass(frozen=True, slots=True)
class GatheringRelease:
    """A release that scores for many threads at once, and is the same otherwise."""

    version: str
    thresholds: Thresholds
    classifier: GatheringScorer

    @classmethod
    def of(cls, release: Release) -> "GatheringRelease":
        """The same release for many threads."""
        return cls(release.version, release.thresholds, GatheringScorer.of(release.classifier))
