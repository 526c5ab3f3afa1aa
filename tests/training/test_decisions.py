"""Decisions as training data: what is used, what is left out and why, and a step that keeps what was known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from moderation import release as releases
from moderation.comment import Comment, Decision
from moderation.detection.votes import MOST_OF_CAMPAIGN, MOST_OF_MODERATOR, Vote, campaigns_of, capped
from moderation.release import Release
from moderation.settings import Settings
from moderation.storage.records import Lesson, Unfit
from training import commands
from training.decisions import DUPLICATE, OTHER, Taught, choose
from training.promote import learned_until
from training.train import TrainingError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RANDOM = np.random.default_rng(1)


def words(count: int = 12) -> str:
    return " ".join("".join(chr(97 + sign) for sign in RANDOM.integers(0, 26, 7)) for _ in range(count))


def lesson(number: int, decision: Decision, body: str = "", days: int = 0, by: str = "ann") -> Lesson:
    text = body or words()
    made_at = NOW - timedelta(days=days)
    comment = Comment(text, str(number))
    return Lesson(number, "gazette", comment, None, decision, made_at, by, "review pages", number, 0.5)


def lessons(count: int = 25) -> list[Lesson]:
    promoted = [lesson(n, Decision.REJECT_PROMOTIONAL, f"{words()} buy my zebra pots") for n in range(count)]
    ordinary = [lesson(100 + n, Decision.APPROVE) for n in range(count)]
    return [one for both in zip(promoted, ordinary, strict=True) for one in both]


def test_use_and_reasons_are_told() -> None:
    given = lessons()
    same = replace(given[0], number=900)
    undone, other = replace(given[1], unfit=Unfit.UNDONE), lesson(901, Decision.REJECT_OTHER)
    decided = choose([*given, same, undone, other], NOW, None, 1_000)
    assert decided.left_out == {DUPLICATE: 1, OTHER: 1, Unfit.UNDONE.value: 1}
    assert len(decided.data.comments) == len(decided.weight) == 50
    assert decided.described()[0] == "Decisions: 50 used, 25 of them promotional, of 1 sites"


def test_refusal_says_what_is_missing() -> None:
    with pytest.raises(TrainingError, match="3 decisions on different texts say promotional; at least 20"):
        choose(lessons(3), NOW, None, 1_000)
    ordinary = [one for one in lessons() if one.decision is Decision.APPROVE]
    with pytest.raises(TrainingError, match="0 decisions on different texts say promotional"):
        choose(ordinary, NOW, None, 1_000)


def test_old_decisions_count_less() -> None:
    given = [replace(one, made_at=NOW - timedelta(days=180 * (place % 2))) for place, one in enumerate(lessons())]
    decided = choose(given, NOW, timedelta(days=180), 1e6)
    assert sorted(set(decided.weight.round(3).tolist())) == [0.5, 1.0]


def test_no_source_has_more_than_its_share() -> None:
    cast = [
        Vote(Comment(f"{words()} see http://pots.example"), True, NOW, "mallory", "review pages") for _ in range(500)
    ]
    cast += [Vote(Comment(words()), False, NOW, f"m{n % 7}", f"API of s{n % 9}") for n in range(200)]
    campaigns = campaigns_of([vote.comment for vote in cast])
    assert len(set(campaigns[:500].tolist())) == 1
    weights = capped(np.ones(700), cast, campaigns, 100.0)
    whole = weights.sum() + 100.0
    assert weights[:500].sum() <= 1.01 * MOST_OF_CAMPAIGN * whole
    alone = capped(np.ones(500), cast[:500], np.arange(500), 100.0)
    assert alone.sum() <= 1.01 * MOST_OF_MODERATOR * (alone.sum() + 100.0)


def test_step_learns_and_keeps_what_was_known(tmp_path: Path, release: Release) -> None:
    (tmp_path / "current").write_text(release.version)
    (tmp_path / release.version).symlink_to(releases.current(Settings().models))
    given = [
        replace(one, comment=replace(one.comment, body=one.comment.body + " http://zebra-pots.example"))
        if one.decision is Decision.REJECT_PROMOTIONAL
        else one
        for one in lessons(40)
    ]
    trained = commands.train_release(
        (), 20, tmp_path, "next", seed=1, jobs=1, say=lambda step: None, taught=Taught(given, NOW)
    )
    assert trained.manifest["refined_from"] == release.version
    assert trained.manifest["drift"] == release.manifest["drift"]
    assert "promotional, of 1 sites" in "\n".join(commands.describe_trained(trained))
    after = releases.load(trained.directory).classifier
    assert not trained.is_current
    assert learned_until(releases.load(trained.directory)) == max(one.made_at for one in given)  # what the gate asks
    spam = Comment("daftar togel singapore, bonus 100% http://togel.example")
    before_odds, after_odds = (one.score(spam).promotional for one in (release.classifier, after))
    assert abs(before_odds - after_odds) < 0.05
    new = [(Comment(f"{words()} http://zebra-pots.example"), None) for _ in range(20)]
    before_new, after_new = (
        np.mean([score.promotional for score in one.score_many(new)]) for one in (release.classifier, after)
    )
    assert after_new > before_new
