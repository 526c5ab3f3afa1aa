"""The administrators' page of releases: what serves, what was promoted, and the way back."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from api import create_app
from moderation import release as releases
from moderation.drift import reference
from moderation.moderator import Moderator, Role
from moderation.release import Release
from moderation.settings import Settings
from moderation.shelf import Change, Entry, Shelf
from tests.shelves import FIRST, SECOND, shelf_of
from tests.web.conftest import Service
from tests.web.test_review_access import OURS, Enter, enter, moderator

__all__ = ["enter", "moderator"]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = shelf_of(tmp_path / "models", FIRST, SECOND)
    made.promote(Entry(NOW, Change.FORCE, SECOND, FIRST, "<b>ann</b>", "a flood since noon"))
    return made


@pytest.fixture
def service(service: Service, shelf: Shelf) -> Service:
    """The service over releases of its own."""
    settings = Settings(database_url=service.settings.database_url, models=shelf.models)
    release = releases.load(shelf.models / SECOND)
    return replace(service, app=create_app(settings, release), settings=settings, release=release)


@pytest.fixture
def admin(enter: Enter) -> FlaskClient:
    return enter("ann@example.org", Role.ADMINISTRATOR)


def test_page_tells_state_and_history(admin: FlaskClient) -> None:
    page = admin.get("/review/releases").text
    assert page.index(SECOND) < page.index("serves") < page.index(f'<th scope="row">{FIRST}')
    assert "a flood since noon" in page
    assert "&lt;b&gt;ann&lt;/b&gt;" in page


def test_rollback_is_logged_with_its_maker(admin: FlaskClient, shelf: Shelf) -> None:
    answer = admin.post("/review/releases/rollback", data={"reason": "too strict"}, headers=OURS)
    assert answer.status_code == 302
    last = shelf.history()[-1]
    assert (last.change, last.release, last.by, last.reason) == ("rollback", FIRST, "ann@example.org", "too strict")
    assert f"Release {FIRST}" in admin.get("/review/releases").text
    assert admin.post("/review/releases/rollback", headers=OURS).status_code == 409


def test_moderators_may_not_roll_back(enter: Enter, shelf: Shelf) -> None:
    client = enter("bob@example.org", Role.MODERATOR)
    assert client.get("/review/releases").status_code == 403
    assert client.post("/review/releases/rollback", headers=OURS).status_code == 403
    assert shelf.current() == SECOND


def test_drift_is_none_without_a_reference(moderator: Moderator, release: Release) -> None:
    assert moderator.reports.drift(replace(release, manifest={})) is None


def test_drift_is_counted_from_the_store(admin: FlaskClient, moderator: Moderator, release: Release) -> None:
    told = {**release.manifest, "drift": reference(np.random.default_rng(1).beta(1, 8, 900), 0.9, 0.01)}
    found = moderator.reports.drift(replace(release, manifest=told))
    assert found is not None
    assert found.sentence.startswith("Too few comments")
    assert admin.get("/review/dashboard").status_code == 200
    assert f'moderation_release{{release="{SECOND}"}} 1.0' in admin.get("/metrics").text
