"""The gate refuses what is worse beyond chance and says where, and lets pass what is not."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from moderation import release
from moderation.cli import main
from moderation.comment import Comment, Decision
from moderation.detection.wording import Wording
from moderation.storage.records import Lesson
from tests.shelves import FIRST, SECOND, THIRD, damage, put_release, shelf_of
from training.datasets import Dataset
from training.decisions import DECISIONS
from training.paired import change_of_share
from training.promote import ORDINARY, _corrected, compare, decided, unlearned

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LAX = {
    "thresholds": {"hold": 0.01, "reject": 0.9999, "rates": {"hold": {"stated": 0.01}, "reject": {"stated": 0.0002}}}
}
BLIND = {**LAX, "thresholds": {**LAX["thresholds"], "hold": 0.99998, "reject": 0.99999}}


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three releases alike but for their thresholds: the first serves, the third holds nearly everything."""
    shelf = shelf_of(tmp_path / "models", FIRST, SECOND)
    put_release(shelf.models, THIRD, **LAX)
    monkeypatch.setenv("MODERATION_MODELS", str(shelf.models))
    monkeypatch.setenv("MODERATION_DATABASE_URL", f"sqlite:///{tmp_path}/records.sqlite3")
    return shelf.models


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def told(result: Result) -> dict[str, object]:
    found: dict[str, object] = json.loads(result.stdout)
    return found


def serves(models: Path) -> str:
    return (models / "current").read_text().strip()


def test_candidate_as_good_is_promoted_with_its_figures(models: Path, elsewhere: Path) -> None:
    result = run("promote", SECOND, "--data", elsewhere, "--json")
    assert result.exit_code == 0, result.output
    assert told(result)["verdict"] == "promote"
    assert serves(models) == SECOND
    listed = json.loads(run("releases", "--json").stdout)
    [entry] = next(one for one in listed if one["release"] == SECOND)["history"]
    assert (entry["change"], entry["former"], entry["figures"]["verdict"]) == ("promote", FIRST, "promote")


@pytest.mark.parametrize(("changes", "where"), [(LAX, "more ordinary"), (BLIND, "fewer promotional")])
def test_worse_candidate_is_refused_and_said_where(
    models: Path, elsewhere: Path, changes: dict[str, object], where: str
) -> None:
    put_release(models, "worse", **changes)
    result = run("promote", "worse", "--data", elsewhere, "--json")
    assert result.exit_code == 2
    assert str(told(result)["verdict"]).startswith(f"do not promote, because {where} comments are")
    assert "in fr" in str(told(result)["verdict"])
    assert serves(models) == FIRST


def test_force_needs_a_reason_and_keeps_it(models: Path, elsewhere: Path) -> None:
    assert run("promote", THIRD, "--data", elsewhere, "--force").exit_code == 2
    assert serves(models) == FIRST
    assert run("promote", THIRD, "--data", elsewhere, "--force", "--reason", "a flood since noon").exit_code == 0
    assert serves(models) == THIRD
    assert "force: 2026-01-03.1 in place of 2026-01-01.1" in run("releases").stdout
    assert "a flood since noon" in run("releases").stdout


def test_rollback_restores_the_former(models: Path, elsewhere: Path) -> None:
    run("promote", SECOND, "--data", elsewhere)
    assert run("rollback", "--reason", "readers complain").exit_code == 0
    assert serves(models) == FIRST
    assert run("rollback").exit_code == 1


def test_nothing_to_compare_on_is_refused(models: Path) -> None:
    result = run("promote", SECOND)
    assert result.exit_code == 1
    assert "at least 20 are needed" in result.output
    assert serves(models) == FIRST


def test_unknown_and_damaged_candidates_are_refused(models: Path, elsewhere: Path) -> None:
    damage(models / SECOND)
    for name in (SECOND, "no-such", "../models", FIRST):
        assert run("promote", name, "--data", elsewhere).exit_code == 1
    assert serves(models) == FIRST


def test_check_changes_nothing(models: Path, elsewhere: Path) -> None:
    assert run("promote", SECOND, "--data", elsewhere, "--check").exit_code == 0
    assert serves(models) == FIRST


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        assert not {"src", "href", "onload"} & {name for name, value in attrs if value and not value.startswith("#")}


def test_report_is_one_page_that_loads_nothing(models: Path, elsewhere: Path) -> None:
    run("promote", THIRD, "--data", elsewhere)
    page = (models / "reports" / f"{THIRD}.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.found
    assert "Do not promote, because:" in page
    assert page.count('class="mistake"') > 0


def test_worse_ranking_is_refused_where_no_threshold_shows_it(models: Path, elsewhere: Path) -> None:
    """Neither release holds anything, so that their shares are alike; without wording the candidate finds less."""
    blind = {**LAX, "thresholds": {**LAX["thresholds"], "hold": 1.0, "reject": 1.0}}
    put_release(models, "blind", **blind)
    (models / "current").write_text("blind\n")
    known = release.load(models / "blind").classifier.parameters
    columns = known.columns.copy()
    columns[-len(Wording) :] = 0
    release.write(models / "deaf", replace(known, columns=columns), {"version": "deaf", **blind})
    result = run("promote", "deaf", "--data", elsewhere, "--json")
    assert result.exit_code == 2
    verdict = str(told(result)["verdict"])
    assert verdict.startswith("do not promote, because fewer promotional comments are found at 1 % false positives")
    assert "are held" not in verdict
    assert "found at 1 % false positives" in (models / "reports" / "deaf.html").read_text()


def test_many_looks_do_not_make_a_fault() -> None:
    random = np.random.default_rng(1)
    looks = []
    for _ in range(60):
        before = random.random(500) < 0.02
        after = random.random(500) < 0.02
        looks.append(compare("here", ORDINARY, change_of_share(before, after, np.arange(500), random)))
    assert any(one.p < 0.05 for one in looks)
    assert not any(one.is_worse for one in _corrected(looks))


def labels(*bodies: str) -> Dataset:
    """Decisions on these texts, one a day."""
    days = [NOW + timedelta(days=day) for day in range(len(bodies))]
    return decided(
        [
            Lesson(place, "gazette", Comment(body), None, Decision.APPROVE, day, "ann", "review pages", place, 0.5)
            for place, (body, day) in enumerate(zip(bodies, days, strict=True))
        ],
        9,
    )


CAMPAIGN = "buy the very best watches of this town here and pay only half of what others do"


def test_decisions_that_were_learned_from_are_left_out() -> None:
    data = labels("what a lovely ferry", CAMPAIGN, "it was late again today", f"{CAMPAIGN} now", "a third opinion")
    kept = unlearned(data, NOW + timedelta(days=1))
    assert list(kept.comments["body"]) == ["it was late again today", "a third opinion"]
    assert set(kept.comments["source"]) == {DECISIONS}
    assert len(unlearned(data, None).comments) == 5


def test_no_decision_is_an_empty_table() -> None:
    assert len(decided([], 9).comments) == 0
    assert isinstance(decided([], 9).comments, pd.DataFrame)
