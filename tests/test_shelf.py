"""Which release serves is one line in one file; every change of it is told by the log, and can be taken back."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from moderation.release import ReleaseError
from moderation.shelf import HISTORY, Change, Entry, Shelf
from tests.shelves import FIRST, SECOND, THIRD, damage, put_release, shelf_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return shelf_of(tmp_path / "models", FIRST, SECOND, THIRD)


def promoted(shelf: Shelf, name: str) -> None:
    shelf.promote(Entry(NOW, Change.PROMOTE, name, shelf.current(), "ann", figures={"p": 0.5}))


def test_promotion_is_current_and_logged(shelf: Shelf) -> None:
    promoted(shelf, SECOND)
    assert shelf.current() == SECOND
    assert shelf.history() == (Entry(NOW, Change.PROMOTE, SECOND, FIRST, "ann", figures={"p": 0.5}),)


def test_rollbacks_take_promotions_back_in_turn(shelf: Shelf) -> None:
    promoted(shelf, SECOND)
    promoted(shelf, THIRD)
    assert [shelf.rollback("bob", "", NOW).release for _ in range(2)] == [SECOND, FIRST]
    assert shelf.current() == FIRST
    with pytest.raises(ReleaseError, match="nothing to undo"):
        shelf.rollback("bob", "", NOW)
    assert [entry.change for entry in shelf.history()] == ["promote", "promote", "rollback", "rollback"]


@pytest.mark.parametrize("reason", ["a\u2028b", "a\x85b", "a\nb", "\udcff"], ids=ascii)
def test_no_reason_damages_the_log(shelf: Shelf, reason: str) -> None:
    promoted(shelf, SECOND)
    shelf.rollback("bob", reason, NOW)
    promoted(shelf, SECOND)
    assert [entry.reason for entry in shelf.history()] == ["", reason, ""]
    assert shelf.rollback("bob", "", NOW).release == FIRST


def test_rollback_of_what_was_not_promoted_is_refused(shelf: Shelf) -> None:
    promoted(shelf, SECOND)
    (shelf.models / "current").write_text(THIRD)  # by hand
    with pytest.raises(ReleaseError, match="nothing to undo"):
        shelf.rollback("bob", "", NOW)


def test_damaged_release_becomes_neither_current_nor_shadow(shelf: Shelf) -> None:
    damage(shelf.models / SECOND)
    with pytest.raises(ReleaseError, match="SHA-256"):
        promoted(shelf, SECOND)
    with pytest.raises(ReleaseError, match="SHA-256"):
        shelf.set_shadow(SECOND)
    assert (shelf.current(), shelf.shadow(), shelf.history()) == (FIRST, None, ())


def test_damaged_former_release_is_not_rolled_back_to(shelf: Shelf) -> None:
    promoted(shelf, SECOND)
    damage(shelf.models / FIRST)
    with pytest.raises(ReleaseError, match="SHA-256"):
        shelf.rollback("bob", "", NOW)
    assert shelf.current() == SECOND


def test_promotion_against_an_older_view_is_refused(shelf: Shelf) -> None:
    promoted(shelf, SECOND)
    with pytest.raises(ReleaseError, match="serves now"):
        shelf.promote(Entry(NOW, Change.PROMOTE, THIRD, FIRST, "ann"))


def test_damaged_log_is_told_by_its_line(shelf: Shelf) -> None:
    promoted(shelf, SECOND)
    with (shelf.models / HISTORY).open("a") as log:
        log.write(json.dumps({"at": "yesterday"}) + "\n")
    with pytest.raises(ReleaseError, match="line 2"):
        shelf.history()


def test_shadow_is_another_release(shelf: Shelf) -> None:
    shelf.set_shadow(SECOND)
    assert shelf.shadow() == SECOND
    with pytest.raises(ReleaseError, match="serves already"):
        shelf.set_shadow(FIRST)
    shelf.set_shadow(None)
    assert shelf.shadow() is None


@pytest.mark.parametrize("name", [f"{SECOND}/", f"../models/{SECOND}", "no-such-release", ""])
def test_shadow_is_called_by_its_name(shelf: Shelf, name: str) -> None:
    with pytest.raises(ReleaseError, match="is not among the releases"):
        shelf.set_shadow(name)
    assert shelf.shadow() is None


def test_drafts_are_no_releases(shelf: Shelf) -> None:
    put_release(shelf.models, ".draft.part")
    assert shelf.names() == [FIRST, SECOND, THIRD]
