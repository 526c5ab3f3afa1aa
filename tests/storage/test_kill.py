"""A process that writes is killed at random moments: what it acknowledged is there, and nothing is there twice."""

import json
import os
import random
import signal
import time
from collections import Counter
from typing import IO

import pytest
import sqlalchemy as sa

from moderation.comment import Status
from moderation.moderator import Moderator, Site
from moderation.storage.database import Database
from tests.storage.test_processes import start

KILLS = 20
SEED = 4
MOST_LINES, LONGEST_S = 12, 0.03


@pytest.mark.usefixtures("listener")
def test_acknowledged_survives_being_killed(
    moderator: Moderator, site: Site, database: Database, database_url: str
) -> None:
    chance = random.Random(SEED)
    acknowledged: list[tuple[str, str]] = []
    process = start("write", database_url)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    for kill in range(KILLS):
        process.stdin.write(f"p-{kill}\n")
        process.stdin.flush()
        acknowledged += _kill_after(process.stdout, chance.randrange(MOST_LINES), chance.uniform(0, LONGEST_S))
    process.communicate()
    assert sum(kind == "decision" for kind, _name in acknowledged) > KILLS
    _expect_all_once(database, acknowledged)
    _expect_true_counts(moderator, database)


def _kill_after(output: IO[str], lines: int, seconds: float) -> list[tuple[str, str]]:
    """Kill the child that began after so many acknowledgements and a moment more; give all that it made."""
    acknowledged: list[tuple[str, str]] = []
    kind, child = json.loads(output.readline())
    while kind != "dead":
        if len(acknowledged) == lines:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
        kind, name = json.loads(output.readline())
        if kind in ("comment", "decision"):
            acknowledged.append((kind, name))
    return acknowledged


def _expect_all_once(database: Database, acknowledged: list[tuple[str, str]]) -> None:
    with database.reading() as connection:
        stored = Counter(connection.execute(sa.text("SELECT name FROM comments")).scalars())
        decided = Counter(
            connection.execute(
                sa.text("SELECT name FROM decisions JOIN comments ON comments.id = decisions.comment_id")
            ).scalars()
        )
        told = connection.execute(sa.text("SELECT count(*) FROM outbox")).scalar()
        approved = set(connection.execute(sa.text("SELECT name FROM comments WHERE status = 'published'")).scalars())
    assert {name for kind, name in acknowledged if kind == "comment"} <= set(stored)
    assert {name for kind, name in acknowledged if kind == "decision"} <= set(decided)
    assert set(stored.values()) == set(decided.values()) == {1}
    assert approved == set(decided)
    assert told == len(decided)


def _expect_true_counts(moderator: Moderator, database: Database) -> None:
    with database.reading() as connection:
        counted = connection.execute(sa.text("SELECT status, count(*) FROM comments GROUP BY status")).all()
    assert {status: n for status, n in moderator.review.counts().status.items() if n} == {
        Status(status): n for status, n in counted
    }
