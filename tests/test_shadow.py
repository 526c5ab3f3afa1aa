"""A candidate scores what is stored, beside the release that serves, and tells where it differs; on both databases."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from moderation import release as releases
from moderation import shadow as shadows
from moderation.cli import main
from moderation.comment import Action, Comment
from moderation.moderator import Moderator, Site
from moderation.release import Release
from moderation.shadow import Shadow
from moderation.shelf import Shelf
from moderation.storage.database import Database
from tests.conftest import ORDINARY, Clock
from tests.shelves import FIRST, SECOND, damage, put_release, shelf_of

HOSTILE = "\x1b[2J\u202egnp.exe " + ORDINARY


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """The first serves; the second is alike and holds everything."""
    made = shelf_of(tmp_path / "models", FIRST)
    put_release(made.models, SECOND, thresholds={"hold": 0.0000001, "reject": 0.9999999})
    return made


@pytest.fixture
def moderator(shelf: Shelf, database: Database, clock: Clock) -> Moderator:
    return Moderator(releases.load(shelf.models / FIRST), database, clock)


@pytest.fixture
def site(moderator: Moderator) -> Site:
    moderator.add_site("gazette")
    return moderator.site("gazette")


@pytest.fixture
def shadow(shelf: Shelf, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Shadow:
    monkeypatch.setattr("moderation.shadow.REST", 0)
    return Shadow(shelf, database, clock)


def test_shadow_tells_where_it_differs(
    shadow: Shadow, shelf: Shelf, moderator: Moderator, site: Site, database: Database
) -> None:
    moderator.check(site, Comment(ORDINARY, id="before"))
    shelf.set_shadow(SECOND)
    shadow.work()
    for number in range(100):
        moderator.check(site, Comment(ORDINARY, id=f"c-{number}"))
    while shadow.work():
        pass
    found = shadows.report(database, SECOND, examples=5)
    assert found.counts == {(Action.PUBLISH, Action.HOLD): 100}
    assert (found.scored, found.differ, len(found.examples)) == (100, 100, 5)
    assert all(one.comment.body == ORDINARY and one.current == FIRST for one in found.examples)


def test_two_processes_share_the_work(
    shadow: Shadow, shelf: Shelf, moderator: Moderator, site: Site, database: Database, clock: Clock
) -> None:
    other = Shadow(shelf, database, clock)
    shelf.set_shadow(SECOND)
    shadow.work()
    for number in range(100):
        moderator.check(site, Comment(ORDINARY, id=f"c-{number}"))
    while shadow.work() | other.work():
        pass
    assert shadows.report(database, SECOND).scored == 100


def test_without_a_shadow_nothing_is_done(shadow: Shadow, moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(ORDINARY, id="c-1"))
    assert not shadow.work()


def test_damaged_shadow_is_an_error_of_its_own(shadow: Shadow, shelf: Shelf) -> None:
    shelf.set_shadow(SECOND)
    damage(shelf.models / SECOND)
    with pytest.raises(releases.ReleaseError):
        shadow.work()


def test_stored_answer_stays_that_of_the_current(
    shadow: Shadow, shelf: Shelf, moderator: Moderator, site: Site, release: Release
) -> None:
    shelf.set_shadow(SECOND)
    shadow.work()
    checked = moderator.check(site, Comment(ORDINARY, id="c-1"))
    shadow.work()
    assert moderator.comment(site, "c-1").score.release == FIRST
    assert moderator.comment(site, "c-1").action is checked.action


def test_report_steers_no_terminal(
    shadow: Shadow, shelf: Shelf, moderator: Moderator, site: Site, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODERATION_MODELS", str(shelf.models))
    monkeypatch.setenv("MODERATION_DATABASE_URL", database_url)
    assert "scores in the shadow" in CliRunner().invoke(main, ["shadow", SECOND]).output
    shadow.work()
    moderator.check(site, Comment(HOSTILE, id="c-1"))
    shadow.work()
    told = CliRunner().invoke(main, ["shadow", "report"]).output
    assert "1 comments, 1 differ" in told
    assert "\\u001b[2J\\u202egnp.exe" in told
    assert "\x1b" not in told
    assert CliRunner().invoke(main, ["shadow", "off"]).exit_code == 0
    assert CliRunner().invoke(main, ["shadow", "report"]).exit_code == 1
