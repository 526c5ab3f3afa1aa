"""Events that others are to be told, written in the transaction that made them true, and what became of each.

An event is leased to one process at a time, by an UPDATE whose count of rows says whether it got it. Those of one
comment go to a target one after another: none is leased while an earlier one is pending. What an attempt leads to is
decided elsewhere.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Decision, Status
from moderation.storage import endpoints
from moderation.storage.delivery_tables import PENDING, deliveries, outbox
from moderation.storage.delivery_tables import endpoints as endpoint_table
from moderation.storage.endpoints import WEBHOOK, Endpoint

_o, _d = outbox.c, deliveries.c


@dataclass(frozen=True, slots=True)
class Due:
    """An event that is leased, with the endpoint that it goes to.

    ``payload`` is the JSON that was written with it: ``type``, ``timestamp``, and ``data`` with the publication's
    ``comment_id``, ``status``, ``decision``, ``by`` and ``undo``. ``comment_number`` is the store's own.
    ``attempts`` counts those before.
    """

    number: int
    message_id: str
    endpoint: Endpoint
    comment_number: int
    event: str
    payload: str
    made_at: datetime
    attempts: int
    lease: str

    @property
    def data(self) -> dict[str, Any]:
        """What the event says of its comment."""
        told: dict[str, Any] = json.loads(self.payload)["data"]
        return told


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver. ``status`` is None where no answer came; ``error`` is empty where it was taken."""

    made_at: datetime
    status: int | None
    error: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class Sent:
    """An event in the delivery log, with its attempts, oldest first."""

    number: int
    message_id: str
    target: str
    comment_number: int
    event: str
    made_at: datetime
    due_at: datetime
    delivered_at: datetime | None
    given_up_at: datetime | None
    attempts: tuple[Attempt, ...]


def add(
    connection: Connection,
    moved: Iterable[tuple[sa.Row[Any], Status]],
    *,
    decision: Decision | None,
    by: str,
    undo: bool = False,
    now: datetime,
) -> None:
    """Write ``comment.<status>`` for comments (rows as they were before) that stand at a status now.

    One event for each target that the comment's site has an endpoint of. ``decision`` is None and ``by`` empty where
    no person decided, but a new score or an undo moved the comment.
    """
    said = {"decision": decision, "by": by or None, "undo": undo}
    _tell(connection, [(row.site_id, row.id, row.name, status) for row, status in moved], said, now)


def add_checked(connection: Connection, checked: Sequence[tuple[int, int, str, Status]], now: datetime) -> None:
    """Tell webhooks of texts that were checked (site, number, the publication's id, status).

    Other targets have the answer to the check itself.
    """
    _tell(connection, checked, {"decision": None, "by": None, "undo": False}, now, only=WEBHOOK)


def _tell(
    connection: Connection,
    stand: Sequence[tuple[int, int, str, Status]],
    said: dict[str, Any],
    now: datetime,
    only: str | None = None,
) -> None:
    """Write events of comments (site, number, the publication's id, status) for all targets of their sites, or one."""
    wanted = endpoints.targets(connection, (site_id for site_id, *_rest in stand)) if stand else {}
    rows = [
        _event(target, site_id, number, {"comment_id": comment_id, "status": status} | said, now)
        for site_id, number, comment_id, status in stand
        for target in wanted.get(site_id, ())
        if only in (None, target)
    ]
    if rows:
        connection.execute(sa.insert(outbox), rows)


def _event(target: str, site_id: int, number: int, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    event = f"comment.{data['status'].value}"
    return {
        "message_id": f"msg_{secrets.token_hex(16)}",
        "site_id": site_id,
        "target": target,
        "comment_id": number,
        "event": event,
        "payload": json.dumps({"type": event, "timestamp": now.isoformat(), "data": data}),
        "made_at": now,
        "due_at": now,
    }


# --- Whose turn is next ----------------------------------------------------------------------------------------------


def lease(connection: Connection, endpoint: Endpoint, now: datetime, lasting: timedelta) -> Due | None:
    """Take the event of an endpoint that is due longest, or None where none is or another process was faster."""
    query = _waiting(endpoint, now).order_by(_o.due_at, _o.id).limit(1)
    row = connection.execute(query.with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    token = secrets.token_hex(8)
    taking = sa.update(outbox).where(_o.id == row.id, PENDING, _is_free(now))
    if connection.execute(taking.values(lease=token, lease_ends_at=now + lasting)).rowcount != 1:
        return None
    endpoints.change(connection, endpoint, {"served_at": now})
    comment = row.comment_id
    return Due(row.id, row.message_id, endpoint, comment, row.event, row.payload, row.made_at, row.attempts, token)


def is_waiting(connection: Connection, endpoint: Endpoint, now: datetime) -> bool:
    """Whether ``lease`` would find an event."""
    return connection.execute(_waiting(endpoint, now).limit(1)).first() is not None


def _waiting(endpoint: Endpoint, now: datetime) -> sa.Select[Any]:
    earlier = outbox.alias()
    waits = sa.exists().where(
        earlier.c.comment_id == _o.comment_id,
        earlier.c.target == _o.target,
        earlier.c.id < _o.id,
        earlier.c.delivered_at.is_(None),
        earlier.c.given_up_at.is_(None),
    )
    mine = (_o.site_id == endpoint.site_id, _o.target == endpoint.target)
    return sa.select(outbox).where(*mine, PENDING, _o.due_at <= now, _is_free(now), ~waits)


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_o.lease_ends_at.is_(None), _o.lease_ends_at <= now)


def settle(connection: Connection, due: Due, attempt: Attempt | None, new: dict[str, Any]) -> bool:
    """Log an attempt and change its event, whose lease ends; False where another process has taken it over since."""
    if attempt is not None:
        values = {"made_at": attempt.made_at, "status": attempt.status, "error": attempt.error}
        connection.execute(sa.insert(deliveries).values(outbox_id=due.number, duration_s=attempt.duration_s, **values))
    ours = sa.update(outbox).where(_o.id == due.number, _o.lease == due.lease)
    return connection.execute(ours.values(lease="", lease_ends_at=None, **new)).rowcount == 1


# --- The log ---------------------------------------------------------------------------------------------------------


def log(
    connection: Connection, site_id: int, target: str, *, undelivered: bool, before: int | None, limit: int
) -> tuple[Sent, ...]:
    """Events of an endpoint, newest first, from below the number ``before``."""
    query = sa.select(outbox).where(_o.site_id == site_id, _o.target == target)
    if undelivered:
        query = query.where(_o.delivered_at.is_(None))
    if before is not None:
        query = query.where(_o.id < before)
    rows = list(connection.execute(query.order_by(_o.id.desc()).limit(limit)))
    made: dict[int, list[Attempt]] = {row.id: [] for row in rows}
    for one in connection.execute(sa.select(deliveries).where(_d.outbox_id.in_(made)).order_by(_d.id)):
        made[one.outbox_id].append(Attempt(one.made_at, one.status, one.error, one.duration_s))
    return tuple(_sent(row, made[row.id]) for row in rows)


def _sent(row: sa.Row[Any], attempts: Sequence[Attempt]) -> Sent:
    kept = ("message_id", "target", "event", "made_at", "due_at", "delivered_at", "given_up_at")
    values = {name: getattr(row, name) for name in kept}
    return Sent(number=row.id, comment_number=row.comment_id, attempts=tuple(attempts), **values)


def send_again(connection: Connection, site_id: int, number: int, now: datetime) -> bool:
    """Let an event of a site be delivered once more, under the id that it has; False where there is none."""
    new = {"due_at": now, "attempts": 0, "delivered_at": None, "given_up_at": None, "lease": "", "lease_ends_at": None}
    mine = (_o.id == number, _o.site_id == site_id)
    return connection.execute(sa.update(outbox).where(*mine).values(**new)).rowcount == 1


def pending(connection: Connection, site_id: int, target: str) -> int:
    """How many events of an endpoint are still to be delivered."""
    query = sa.select(sa.func.count()).select_from(outbox).where(_o.site_id == site_id, _o.target == target, PENDING)
    return int(connection.execute(query).scalar_one())


def oldest_pending(connection: Connection) -> datetime | None:
    """When the oldest event that is still to be delivered was made, of the endpoints that are switched on."""
    here = sa.and_(endpoint_table.c.site_id == _o.site_id, endpoint_table.c.target == _o.target)
    query = sa.select(sa.func.min(_o.made_at)).join_from(outbox, endpoint_table, here)
    return connection.execute(query.where(PENDING, endpoint_table.c.active)).scalar()


def sweep(connection: Connection, before: datetime, limit: int) -> int:
    """Remove so many of what was made before and is no longer pending, with its attempts; gives how many they were."""
    old = sa.select(_o.id).where(_o.made_at < before, sa.not_(PENDING)).order_by(_o.id).limit(limit)
    numbers = list(connection.execute(old).scalars())
    connection.execute(sa.delete(deliveries).where(_d.outbox_id.in_(numbers)))
    connection.execute(sa.delete(outbox).where(_o.id.in_(numbers)))
    return len(numbers)
