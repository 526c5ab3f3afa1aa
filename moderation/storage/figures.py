"""What the dashboard and the exports read of the whole store."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from statistics import quantiles
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Action, Decision, Status
from moderation.storage.records import Disagreement
from moderation.storage.tables import HELD, comments, decisions

_LAST = 1_000  # decisions from which the time to a decision is taken
_d = decisions.c


class Times(NamedTuple):
    """From arrival to decision in seconds: for half of the comments, and for nine in ten."""

    median_s: float | None
    slow_s: float | None


class Lately(NamedTuple):
    """A stored comment as a release judged it: its probability, whether it was not published, what stands, its text."""

    promotional: float
    suspected: bool
    decision: str | None
    body: str


def lately(connection: Connection, release: str, most: int) -> list[Lately]:
    """Of the last comments, those that this release scored."""
    c = comments.c
    last = sa.select(c.id).order_by(c.id.desc()).limit(most).subquery()
    query = sa.select(c.promotional, c.action != Action.PUBLISH.value, c.decision, c.body)
    return [
        Lately(*row) for row in connection.execute(query.where(c.id.in_(sa.select(last.c.id)), c.release == release))
    ]


def decided(connection: Connection, site_id: int | None, since: datetime) -> dict[str, dict[Decision, int]]:
    """Decisions by day since then; undone ones are among them."""
    day = sa.func.date(_d.made_at) if connection.dialect.name == "sqlite" else _utc_day(_d.made_at)
    query = sa.select(day, _d.decision, sa.func.count()).where(*_since(site_id, since), _d.undoes.is_(None))
    days: defaultdict[str, dict[Decision, int]] = defaultdict(dict)
    for date, decision, n in connection.execute(query.group_by(day, _d.decision).order_by(day)):
        days[str(date)][Decision(decision)] = n
    return dict(days)


def disagreement(connection: Connection, site_id: int | None, since: datetime) -> tuple[Disagreement, ...]:
    """By the strongest reason of each decided comment, how often a person decided against what was advised.

    To hold is to suspect: an approval is against it. Undone decisions do not count, nor those on what is rude.
    """
    approved = _d.decision == Decision.APPROVE.value
    suspected = sa.or_(_d.action != Action.PUBLISH.value, _d.status_before == Status.HELD.value)
    against = sa.case((approved == suspected, 1), else_=0)
    taken_back = sa.select(_d.undoes).where(_d.undoes.is_not(None))
    query = (
        sa.select(_d.signal, sa.func.count(), sa.func.sum(against))
        .where(*_since(site_id, since), _d.undoes.is_(None), _d.decision != Decision.REJECT_OTHER.value)
        .where(_d.id.not_in(taken_back))
        .group_by(_d.signal)
        .order_by(sa.func.count().desc(), _d.signal)
    )
    return tuple(Disagreement(signal, n, int(wrong)) for signal, n, wrong in connection.execute(query))


def oldest_held(connection: Connection, site_id: int | None) -> datetime | None:
    """When the comment came that is held longest."""
    query = sa.select(comments.c.received_at).where(HELD).order_by(comments.c.received_at, comments.c.id).limit(1)
    return connection.execute(query if site_id is None else query.where(comments.c.site_id == site_id)).scalar()


def times_to_decision(connection: Connection, site_id: int | None, since: datetime) -> Times:
    """Of the last decisions on what was held."""
    held = (_d.undoes.is_(None), _d.status_before == Status.HELD.value)
    query = sa.select(_d.waited_s).where(*_since(site_id, since), *held).order_by(_d.id.desc()).limit(_LAST)
    waited = list(connection.execute(query).scalars())
    if len(waited) < 2:
        return Times(*(waited * 2 or [None, None]))
    tenths = quantiles(waited, n=10, method="inclusive")
    return Times(tenths[4], tenths[8])


def _since(site_id: int | None, since: datetime) -> Iterator[sa.ColumnElement[bool]]:
    yield _d.made_at >= since
    if site_id is not None:
        yield _d.site_id == site_id


def _utc_day(moment: Any) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.timezone("UTC", moment), sa.Date)
