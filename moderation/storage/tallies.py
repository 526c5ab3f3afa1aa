"""Counts that are kept as things happen, so that they cost the same however much is stored.

Some count what is held. The others, as ``status`` and ``received``, change with every comment: each of them is spread
over several rows, so that writers on PostgreSQL seldom wait for each other.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Action, Status
from moderation.storage import bulk
from moderation.storage.tables import comments, tallies

_SLOTS = 8
_OF_HELD = ("article", "signal", "language", "day")
_MOST_VALUES = 100
_ADDED = "ON CONFLICT (site_id, facet, value, slot) DO UPDATE SET n = tallies.n + excluded.n"

Key = tuple[int, str, str]
"""Site, facet, value."""


class Standing(NamedTuple):
    """What of a stored comment is counted."""

    site_id: int
    status: str
    article_id: int | None
    signal: str
    language: str
    received_at: datetime

    def keys(self) -> Iterable[Key]:
        """The counts that a comment is part of while it stands like this."""
        yield self.site_id, "status", str(self.status)
        if self.status != Status.HELD:
            return
        yield self.site_id, "day", self.received_at.date().isoformat()
        yield self.site_id, "signal", self.signal
        yield self.site_id, "language", self.language
        if self.article_id is not None:
            yield self.site_id, "article", str(self.article_id)


Move = tuple[Standing, Standing]
COUNTED = tuple(comments.c[name] for name in Standing._fields)
"""The columns of a ``Standing``, in its order."""


def receive(connection: Connection, received: Iterable[tuple[Standing, Action]]) -> None:
    """Count new comments, each with the action that was advised on it."""
    change: Counter[Key] = Counter()
    for standing, action in received:
        change.update(standing.keys())
        change[standing.site_id, "received", f"{standing.received_at.date().isoformat()} {action.value}"] += 1
    count(connection, change)


def move(connection: Connection, moves: Iterable[Move]) -> None:
    """Count comments that stood like the first and stand like the second of each pair now.

    Once a transaction, for all of its comments: rows are locked in one order, so that no two writers lock crosswise.
    """
    change: Counter[Key] = Counter()
    for before, after in moves:
        change.subtract(before.keys())
        change.update(after.keys())
    count(connection, change)


def read(connection: Connection, facet: str, site_id: int | None, like: str = "") -> dict[str, int]:
    """The counts of a facet of one site or of all, largest first; of those values that begin with ``like``."""
    total = sa.func.sum(tallies.c.n)
    query = sa.select(tallies.c.value, total).where(tallies.c.facet == facet).group_by(tallies.c.value)
    if site_id is not None:
        query = query.where(tallies.c.site_id == site_id)
    if like:
        query = query.where(tallies.c.value.startswith(like, autoescape=True))
    found = query.having(total > 0).order_by(total.desc()).limit(_MOST_VALUES)
    return {value: int(n) for value, n in connection.execute(found)}


def held_by_site(connection: Connection) -> dict[int, int]:
    """How many comments are held at each site."""
    query = (
        sa.select(tallies.c.site_id, sa.func.sum(tallies.c.n))
        .where(tallies.c.facet == "status", tallies.c.value == Status.HELD.value)
        .group_by(tallies.c.site_id)
    )
    return {site_id: int(n) for site_id, n in connection.execute(query)}


def received(connection: Connection, site_id: int | None, since: str) -> dict[str, dict[Action, int]]:
    """How many comments came each day since, by the action that was advised."""
    query = sa.select(tallies.c.value, sa.func.sum(tallies.c.n)).where(
        tallies.c.facet == "received", tallies.c.value >= since
    )
    if site_id is not None:
        query = query.where(tallies.c.site_id == site_id)
    days: defaultdict[str, dict[Action, int]] = defaultdict(dict)
    for value, n in connection.execute(query.group_by(tallies.c.value).order_by(tallies.c.value)):
        day, _, action = value.partition(" ")
        days[day][Action(action)] = int(n)
    return dict(days)


def sweep(connection: Connection) -> None:
    """Remove counts of what nothing is held of any more."""
    connection.execute(sa.delete(tallies).where(tallies.c.facet.in_(_OF_HELD), tallies.c.n == 0))


def count(connection: Connection, change: Mapping[Key, int]) -> None:
    """Add to counts. Rows are locked in one order, so that no two writers lock crosswise."""
    slot = random.randrange(_SLOTS)  # noqa: S311  # no secret: any slot will do
    rows = [
        {"site_id": site_id, "facet": facet, "value": value, "n": n, "slot": 0 if facet in _OF_HELD else slot}
        for (site_id, facet, value), n in sorted(change.items())
        if n
    ]
    bulk.insert(connection, tallies, rows, _ADDED)
