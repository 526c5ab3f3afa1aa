"""Many threads are scored together, and none of them notices."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from moderation.comment import Comment, Pair, Score
from moderation.gathering import MOST_ITEMS, Gathering, GatheringRelease
from moderation.release import Release


class Slow:
    """A scorer that tells how many pairs each batch had, and waits until it may begin."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.begun, self.go_on = Event(), Event()

    def score_many(self, pairs: Sequence[Pair]) -> list[Score]:
        self.begun.set()
        assert self.go_on.wait(10)
        self.batches.append(len(pairs))
        if any(comment.body == "broken" for comment, _ in pairs):
            raise RuntimeError("this comment breaks it")
        return [Score(0.5, None, (), comment.body) for comment, _ in pairs]

    def with_reason(self, score: Score, signal: str, weight: float) -> Score:
        return score


def ask(gathering: Gathering[Pair, Score], *bodies: str) -> list[str]:
    return [score.release for score in gathering.do([(Comment(body), None) for body in bodies])]


def test_single_caller_is_scored_alone() -> None:
    slow = Slow()
    slow.go_on.set()
    assert ask(Gathering(slow.score_many), "a", "b") == ["a", "b"]
    assert slow.batches == [2]


def test_nothing_asked_gives_nothing() -> None:
    assert ask(Gathering(Slow().score_many)) == []


def test_those_who_wait_become_one_batch() -> None:
    slow = Slow()
    gathering = Gathering(slow.score_many)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(ask, gathering, "first")
        assert slow.begun.wait(10)
        others = [threads.submit(ask, gathering, f"a {number}", f"b {number}") for number in range(8)]
        while len(gathering._waiting) < 8:
            pass
        slow.go_on.set()
        assert first.result(10) == ["first"]
        assert [other.result(10) for other in others] == [[f"a {number}", f"b {number}"] for number in range(8)]
    assert slow.batches == [1, 16]


def test_failing_comment_fails_its_caller_only() -> None:
    slow = Slow()
    gathering = Gathering(slow.score_many)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(ask, gathering, "first")
        assert slow.begun.wait(10)
        good, bad = threads.submit(ask, gathering, "good"), threads.submit(ask, gathering, "broken")
        while len(gathering._waiting) < 2:
            pass
        slow.go_on.set()
        assert (first.result(10), good.result(10)) == (["first"], ["good"])
        with pytest.raises(RuntimeError, match="breaks"):
            bad.result(10)
    assert ask(gathering, "after") == ["after"]


def test_long_call_is_scored_in_parts() -> None:
    slow = Slow()
    slow.go_on.set()
    bodies = [str(number) for number in range(2 * MOST_ITEMS + 1)]
    assert ask(Gathering(slow.score_many), *bodies) == bodies
    assert slow.batches == [MOST_ITEMS, MOST_ITEMS, 1]


def test_real_release_scores_the_same(release: Release) -> None:
    pairs: list[Pair] = [(Comment(f"Comment {number}, https://a.example/{number}"), None) for number in range(60)]
    alone = [release.classifier.score_many([pair])[0] for pair in pairs]
    with ThreadPoolExecutor(8) as threads:
        gathered = list(threads.map(lambda pair: GatheringRelease.of(release).classifier.score_many([pair])[0], pairs))
        scorer = GatheringRelease.of(release).classifier
        together = list(threads.map(lambda pair: scorer.score_many([pair])[0], pairs))
    assert gathered == together == alone


def test_failure_of_all_is_not_tried_again() -> None:
    tried: list[int] = []
    go_on = Event()

    def work(items: Sequence[str]) -> list[str]:
        assert go_on.wait(10)
        tried.append(len(items))
        raise ConnectionError

    gathering = Gathering(work, of_all=(ConnectionError,))
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(gathering.do, [str(number)]) for number in range(4)]
        while len(gathering._waiting) < 3:
            pass
        go_on.set()
        assert all(isinstance(one.exception(10), ConnectionError) for one in asked)
    assert tried == [1, 3]
