"""Who decided against what is known for a while, beyond chance."""

from datetime import UTC, datetime, timedelta

import numpy as np

from moderation.comment import Comment
from moderation.detection.doubt import Ruling, doubtful

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def rulings(wrong: list[bool], moderator: str = "ann", first: int = 0, sure: bool = True) -> list[Ruling]:
    """A decision a minute on different texts, half of them promotional; the release is sure or says nothing."""
    made = []
    for number, is_wrong in enumerate(wrong, first):
        truth = number % 2 == 0
        score = (0.99 if truth else 0.01) if sure else 0.5
        at = START + timedelta(minutes=number)
        made.append(Ruling(number, Comment(f"x{number}"), number, truth != is_wrong, score, at, moderator))
    return made


def test_hour_of_the_wrong_key_is_found() -> None:
    [found] = doubtful(rulings([False] * 100 + [True] * 60 + [False] * 100))
    assert (found.begins_at, found.ends_at) == (START + timedelta(minutes=100), START + timedelta(minutes=159))
    assert (found.moderator, found.decided, found.against, found.share) == ("ann", 60, 60, 1.0)
    assert found.examples == (100, 101, 102, 103, 104)


def test_two_stretches_are_two() -> None:
    found = doubtful(rulings([False] * 80 + [True] * 30 + [False] * 200 + [True] * 30))
    assert [one.decided for one in found] == [30, 30]


def test_few_decisions_accuse_nobody() -> None:
    assert doubtful(rulings([True] * 3)) == []
    assert doubtful([]) == []


def test_nothing_known_accuses_nobody() -> None:
    assert doubtful(rulings([True] * 100, sure=False)) == []


def test_everybody_against_the_release_accuses_nobody() -> None:
    everybody = rulings([True] * 60) + rulings([True] * 60, "bea", 60) + rulings([True] * 60, "cid", 120)
    assert doubtful(everybody) == []


def test_others_on_the_same_text_are_what_is_known() -> None:
    mine = rulings([False] * 40, sure=False)
    theirs = [
        Ruling(one.number + 100, one.comment, one.comment_number, not one.promotional, 0.5, one.made_at, "bea")
        for one in mine[:30]
    ]
    agreed = rulings([False] * 200, "cid", 1_000)
    found = doubtful(mine + theirs + agreed)
    assert {one.moderator for one in found} == {"ann", "bea"}  # two who contradict each other: a person has to look
    third = [
        Ruling(one.number + 2_000, one.comment, one.comment_number, one.promotional, 0.5, one.made_at, "cid")
        for one in mine[:30]
    ]
    assert [one.moderator for one in doubtful(mine + theirs + agreed + third)] == ["bea"]


def test_usual_rate_is_rarely_doubted() -> None:
    random = np.random.default_rng(5)
    accused = sum(
        bool(doubtful(rulings(list(random.random(300) < 0.04)) + rulings(list(random.random(300) < 0.04), "bea", 300)))
        for _ in range(200)
    )
    assert accused <= 2  # of 400; at most CHANCE of each is foreseen
