"""Running processes take a new release, without a stop and without a lost request; a damaged one leaves the old."""

import gc
import http.client
import json
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api import create_app
from moderation import release as releases
from moderation.comment import Comment
from moderation.moderator import Moderator
from moderation.settings import Settings
from moderation.shelf import Shelf
from moderation.storage.database import Database
from moderation.switching import Switch
from tests.shelves import FIRST, SECOND, THIRD, damage, put_release, shelf_of
from tests.test_server import ask, first_line, free_port, port_of, process, run, serving

LIMIT_S = 5.0


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return shelf_of(tmp_path / "models", FIRST, SECOND)


def switch_of(shelf: Shelf, database: Database | None = None) -> tuple[Switch, Moderator]:
    release = releases.load(shelf.models / shelf.current())
    moderator = Moderator(release, database)
    return Switch(shelf, release, moderator), moderator


def make_current(shelf: Shelf, name: str) -> None:
    (shelf.models / "current").write_text(f"{name}\n")


def test_new_release_scores_and_is_named(shelf: Shelf) -> None:
    switch, moderator = switch_of(shelf)
    make_current(shelf, SECOND)
    switch.look()
    [advice] = moderator.score_many([(Comment("hello"), None)])
    assert (advice.score.release, switch.release.version, switch.alert) == (SECOND, SECOND, "")


@pytest.mark.parametrize("content", ["../elsewhere", "", "no-such-release", f"{FIRST}\n{SECOND}"])
def test_wrong_current_leaves_the_old_one(shelf: Shelf, content: str) -> None:
    switch, moderator = switch_of(shelf)
    make_current(shelf, content)
    switch.look()
    assert f"{FIRST} serves on" in switch.alert
    assert moderator.score_many([(Comment("hello"), None)])[0].score.release == FIRST


def test_alert_ends_with_the_trouble(shelf: Shelf) -> None:
    switch, _ = switch_of(shelf)
    damage(shelf.models / SECOND)
    make_current(shelf, SECOND)
    switch.look()
    assert switch.alert == f"release {SECOND} can not be loaded; {FIRST} serves on"
    make_current(shelf, FIRST)
    switch.look()
    assert switch.alert == ""


def test_release_still_being_copied_is_tried_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.switching.TRY_AGAIN_S", 0.0)
    switch, _ = switch_of(shelf)
    make_current(shelf, THIRD)
    switch.look()
    assert switch.alert
    put_release(shelf.models, THIRD)
    switch.look()
    assert (switch.release.version, switch.alert) == (THIRD, "")


def test_score_is_judged_by_its_own_release(shelf: Shelf, database: Database) -> None:
    strict = put_release(shelf.models, THIRD, thresholds={"hold": 0.000001, "reject": 0.999999})
    switch, moderator = switch_of(shelf, database)
    moderator.add_site("gazette")
    site = moderator.site("gazette")
    before = moderator.rules.policy(site, FIRST).thresholds
    make_current(shelf, strict.name)
    switch.look()
    assert moderator.rules.policy(site, FIRST).thresholds == before
    assert moderator.rules.policy(site, THIRD).thresholds != before


def test_watch_does_not_keep_an_application(tmp_path: Path, shelf: Shelf) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/records.sqlite3", models=shelf.models)
    gone = weakref.ref(create_app(settings))
    deadline_s = time.monotonic() + LIMIT_S
    while gone() is not None and time.monotonic() < deadline_s:
        gc.collect()
        time.sleep(0.05)
    assert gone() is None


# --- Under load, as real processes ---------------------------------------------------------------------------------


@dataclass
class Load:
    """What several callers were answered: how often, with which status, by which release."""

    statuses: list[int] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@contextmanager
def load(port: int, key: str, callers: int = 4) -> Iterator[Load]:
    """Callers that score one comment after another, each over a connection that stays open."""
    found, ended = Load(), threading.Event()
    threads = [threading.Thread(target=_call, args=(port, key, found, ended)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _call(port: int, key: str, found: Load, ended: threading.Event) -> None:
    body, headers = json.dumps({"comment": {"body": "hello"}}), {"Authorization": f"Bearer {key}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while not ended.is_set():
        try:
            connection.request("POST", "/v1/score", body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            found.statuses.append(answer.status)
            found.releases.append(told["release"])
        except (OSError, http.client.HTTPException, KeyError) as error:
            found.failures.append(repr(error))
    connection.close()


def until(what: Callable[[], bool], limit_s: float = LIMIT_S) -> float:
    """The seconds until something is so; fails where that takes longer."""
    begun_s = time.monotonic()
    while not what():
        assert time.monotonic() - begun_s < limit_s
        time.sleep(0.02)
    return time.monotonic() - begun_s


def only(found: Load, name: str) -> bool:
    """Whether the last answers, some of every process, are all of one release."""
    last = found.releases[-60:]
    return len(last) == 60 and set(last) == {name}


@contextmanager
def running(tmp_path: Path, shelf: Shelf, url: str) -> Iterator[tuple[int, str]]:
    """A service of two processes: its port and a site's key."""
    more = {"MODERATION_DATABASE_URL": url, "MODERATION_MODELS": str(shelf.models)}
    key = str(run(tmp_path, "site", "add", "gazette", **more)["key"])
    with serving(tmp_path, "--workers", "2", **more) as started:
        yield port_of(first_line(started)), key


def test_running_service_switches_without_a_lost_request(tmp_path: Path, shelf: Shelf, database_url: str) -> None:
    with running(tmp_path, shelf, database_url) as (port, key), load(port, key) as found:
        until(lambda: only(found, FIRST), 20)
        make_current(shelf, SECOND)
        until(lambda: only(found, SECOND))
        until(lambda: all(ask(port, "GET", "/readyz")[1]["release"] == SECOND for _ in range(30)))  # every worker
        damage(put_release(shelf.models, THIRD))
        make_current(shelf, THIRD)
        until(lambda: ask(port, "GET", "/readyz")[1]["alerts"] != [])
        status, ready = ask(port, "GET", "/readyz")
        assert (status, ready["release"]) == (200, SECOND)
        until(lambda: "moderation_release_alert 1.0" in page(port, "/metrics"))  # of the process that answers
        until(lambda: only(found, SECOND))
        make_current(shelf, FIRST)
        until(lambda: only(found, FIRST))
    assert found.failures == []
    assert set(found.statuses) == {200}


def page(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def test_gunicorn_switches_as_well(tmp_path: Path, shelf: Shelf) -> None:
    more = {"MODERATION_MODELS": str(shelf.models)}
    key, port = str(run(tmp_path, "site", "add", "gazette", **more)["key"]), free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "2"]
    command += ["--keep-alive", "30"]  # else it hangs up on a caller that a busy machine lets wait for two seconds
    with process([*command, "api:create_app()"], tmp_path, **more):
        until(lambda: answers(port), 60)
        with load(port, key, callers=2) as found:
            until(lambda: only(found, FIRST), 20)
            make_current(shelf, SECOND)
            until(lambda: only(found, SECOND))
    assert found.failures == []
    assert set(found.statuses) == {200}


def answers(port: int) -> bool:
    try:
        return ask(port, "GET", "/healthz")[0] == 200
    except OSError:
        return False
