"""Deliverers are killed at random while the endpoint fails in every way: each event arrives, in order, under one id."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from standardwebhooks.webhooks import Webhook

from moderation.comment import Comment, Decision
from moderation.moderator import Moderator, Site
from moderation.release import Release
from moderation.storage.database import Database
from moderation.storage.delivery_tables import outbox
from tests.conftest import SPAM, THRESHOLDS
from tests.deliverer import TIMEOUT_S
from tests.receiver import Receiver, Reply, Sent, receiving

ROOT = Path(__file__).resolve().parent.parent
SEED = 7
COMMENTS, CHILDREN, KILLS = 20, 3, 25
DECISIONS = (Decision.APPROVE, Decision.REJECT_OTHER, Decision.REJECT_PROMOTIONAL)
ALLOWED = "127.0.0.1/32"


class Chaos:
    """A server that takes an event half of the time, and fails in a way of its own otherwise."""

    def __init__(self, trap: str) -> None:
        self.trap = trap
        self.chance = random.Random(SEED)
        self.calm = False

    def __call__(self, _sent: Sent) -> Reply:
        if self.calm or self.chance.random() < 0.5:
            return Reply()
        way = self.chance.choice([None, *self.faults])
        return self.hang() if way is None else way

    def hang(self) -> Reply:
        time.sleep(TIMEOUT_S + 0.2)
        return Reply()

    @property
    def faults(self) -> list[Reply]:
        moved = [Reply(status, {"Location": self.trap}) for status in (301, 302, 307)]
        busy = [Reply(status, {"Retry-After": seconds}) for status in (429, 503) for seconds in ("0", "1")]
        broken = [Reply(raw=raw) for raw in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"\xff" * 99)]
        return [Reply(410), Reply(404), Reply(500), *moved, *busy, *broken]


@pytest.fixture
def trap() -> Iterator[Receiver]:
    """A server at an address that is not allowed."""
    with receiving(host="127.0.0.2") as receiver:
        yield receiver


@pytest.fixture
def chaos(trap: Receiver) -> Iterator[Receiver]:
    with receiving(Chaos(f"{trap.url}/stolen")) as receiver:
        yield receiver


def test_every_event_arrives_in_order(
    database: Database, database_url: str, release: Release, chaos: Receiver, trap: Receiver
) -> None:
    moderator = Moderator(release, database)
    site, secret = _publication(moderator, "morning", f"{chaos.url}/hook")
    evening, _ = _publication(moderator, "evening", trap.url)
    chance = random.Random(SEED)
    with _farm(database_url) as farm:
        children = [_child(farm) for _ in range(CHILDREN)]
        for step in range(KILLS):
            _make_events(moderator, site, step, chance)
            moderator.check(evening, Comment(SPAM, f"e-{step}"))
            time.sleep(chance.uniform(0.05, 0.4))
            os.kill(children.pop(chance.randrange(CHILDREN)), signal.SIGKILL)
            children.append(_child(farm))
            moderator.endpoints.switch(site, on=True)  # after a 410
        assert isinstance(chaos.answer, Chaos)
        chaos.answer.calm = True
        _wait_until_delivered(moderator, site)
        for child in children:
            os.kill(child, signal.SIGKILL)
    _expect_all_in_order(database, site, secret, chaos)
    assert "not a public address" in moderator.endpoints.log(evening).items[-1].attempts[0].error
    assert trap.connections == 0


def _publication(moderator: Moderator, name: str, url: str) -> tuple[Site, str]:
    moderator.add_site(name, THRESHOLDS)
    site = moderator.site(name)
    secret = moderator.endpoints.set(site, url)
    assert secret is not None
    return site, secret


def _make_events(moderator: Moderator, site: Site, step: int, chance: random.Random) -> None:
    """A new comment with each step at first, and decisions on any of those that are there."""
    known = min(step + 1, COMMENTS)
    if step < COMMENTS:
        moderator.check(site, Comment(f"{SPAM} {step}", f"c-{step}"))
    for _ in range(3):
        moderator.decide(site, f"c-{chance.randrange(known)}", chance.choice(DECISIONS), "ann")


def _wait_until_delivered(moderator: Moderator, site: Site) -> None:
    deadline = time.monotonic() + 60
    while moderator.endpoints.pending(site) and time.monotonic() < deadline:
        moderator.endpoints.switch(site, on=True)
        time.sleep(0.1)
    assert moderator.endpoints.pending(site) == 0


def _expect_all_in_order(database: Database, site: Site, secret: str, chaos: Receiver) -> None:
    with database.reading() as connection:
        rows = connection.execute(sa.select(outbox).where(outbox.c.site_id == site.id).order_by(outbox.c.id)).all()
    made: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        made[row.comment_id].append(row.message_id)
    arrived: dict[str, set[bytes]] = defaultdict(set)
    for sent in chaos.sent:
        assert Webhook(secret).verify(sent.body, sent.headers) == json.loads(sent.body)
        arrived[sent.headers["webhook-id"]].add(sent.body)
    assert {name: {payload} for name, payload in ((row.message_id, row.payload.encode()) for row in rows)} == arrived
    assert len(chaos.sent) > len(rows)
    first = list(arrived)
    for ids in made.values():
        assert sorted(ids, key=first.index) == ids


@contextmanager
def _farm(url: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.deliverer", url, ALLOWED]
    farm = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert farm.stdout is not None
        assert farm.stdout.readline() == "ready\n"
        yield farm
    finally:
        farm.communicate(timeout=60)


def _child(farm: "subprocess.Popen[str]") -> int:
    assert farm.stdin is not None
    assert farm.stdout is not None
    farm.stdin.write("go\n")
    farm.stdin.flush()
    return int(farm.stdout.readline())
