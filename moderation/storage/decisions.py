"""What people decided and took back: a log that only grows (the database itself refuses to change it).

A comment's row names the decision that stands; which decision an undo may take back follows from the log alone.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Decision, Status
from moderation.storage import outbox, tallies
from moderation.storage.comments import stored, view
from moderation.storage.errors import Invalid
from moderation.storage.records import DecidedComment, Event, Page
from moderation.storage.tables import claims, comments, decisions, revisions

_d = decisions.c


@dataclass(frozen=True, slots=True)
class Maker:
    """Who decides: a name or e-mail address, and the user where it was one who signed in here."""

    name: str
    user_id: int | None = None


def record(
    connection: Connection,
    rows: Sequence[sa.Row[Any]],
    decision: Decision,
    status: Status,
    *,
    maker: Maker,
    batch: str,
    now: datetime,
) -> None:
    """Write a decision on locked comments: the log, their new status, the counts, the events; their claims end."""
    if not rows:
        return
    facts = {"undoes": None, "decision": decision.value, "status_after": status.value}
    connection.execute(sa.insert(decisions), [_entry(row, facts, maker, batch, now) for row in rows])
    numbers = [row.id for row in rows]
    changed = sa.update(comments).where(comments.c.id.in_(numbers))
    connection.execute(changed.values(status=status.value, decision=decision.value, version=comments.c.version + 1))
    connection.execute(sa.delete(claims).where(claims.c.comment_id.in_(numbers)))
    outbox.add(connection, [(row, status) for row in rows], decision=decision, by=maker.name, now=now)
    tallies.move(connection, [_moved(row, status.value) for row in rows])


def undo(
    connection: Connection,
    undone: Sequence[tuple[sa.Row[Any], sa.Row[Any]]],
    *,
    maker: Maker,
    batch: str,
    now: datetime,
) -> None:
    """Take decisions back, each with its locked comment: what stood before stands again."""
    if not undone:
        return
    entries, updates = [], []
    for row, former in undone:
        facts = {"undoes": former.id, "decision": former.decision, "status_after": former.status_before}
        entries.append(_entry(row, facts, maker, batch, now))
        updates.append({"number": row.id, "to_status": former.status_before, "to_decision": former.decision_before})
    connection.execute(sa.insert(decisions), entries)
    restored = sa.update(comments).where(comments.c.id == sa.bindparam("number"))
    connection.execute(
        restored.values(
            status=sa.bindparam("to_status"),
            decision=sa.bindparam("to_decision"),
            version=comments.c.version + 1,
        ),
        updates,
    )
    moved = [(row, Status(former.status_before)) for row, former in undone]
    outbox.add(connection, moved, decision=None, by=maker.name, undo=True, now=now)
    tallies.move(connection, [_moved(row, status.value) for row, status in moved])


def standing(connection: Connection, numbers: Sequence[int]) -> dict[int, list[sa.Row[Any]]]:
    """For each comment the decisions that were not taken back, oldest first: an undo may take the last one."""
    stacks: defaultdict[int, list[sa.Row[Any]]] = defaultdict(list)
    query = sa.select(decisions).where(_d.comment_id.in_(numbers)).order_by(_d.comment_id, _d.id)
    for entry in connection.execute(query):
        stack = stacks[entry.comment_id]
        if entry.undoes is None:
            stack.append(entry)
        else:
            stack[:] = [former for former in stack if former.id != entry.undoes]
    return stacks


def numbers_of_batch(connection: Connection, batch: str) -> list[int]:
    """The comments that a step decided, by number."""
    query = sa.select(_d.comment_id).where(_d.batch == batch, _d.undoes.is_(None)).order_by(_d.comment_id)
    return list(connection.execute(query).scalars())


def made(connection: Connection, by: str, begins_at: datetime, ends_at: datetime) -> dict[int, int]:
    """What one person decided from a time to a time, both among it: the decision's number and its comment's.

    The log grows in time: its numbers bound what is read, so that a long log costs no more.
    """
    first = sa.select(_d.id).where(_d.made_at >= begins_at).order_by(_d.made_at, _d.id).limit(1)
    last = sa.select(_d.id).where(_d.made_at <= ends_at).order_by(_d.made_at.desc(), _d.id.desc()).limit(1)
    wanted = (_d.made_by == by, _d.undoes.is_(None), _d.id >= first.scalar_subquery(), _d.id <= last.scalar_subquery())
    rows = connection.execute(sa.select(_d.id, _d.comment_id).where(*wanted))
    return {row.id: row.comment_id for row in rows}


def last_batch(connection: Connection, user_id: int, but: Sequence[str]) -> str | None:
    """A user's last step, other than ``but``, of which something was not taken back."""
    undo_of = decisions.alias()
    taken_back = sa.exists().where(undo_of.c.undoes == _d.id)
    mine = (_d.user_id == user_id, _d.undoes.is_(None), _d.batch.not_in(but), ~taken_back)
    return connection.execute(sa.select(_d.batch).where(*mine).order_by(_d.id.desc()).limit(1)).scalar()


def history(connection: Connection, number: int) -> tuple[Event, ...]:
    """A comment's former revisions, decisions and undos, oldest first."""
    former = sa.select(revisions).where(revisions.c.comment_id == number)
    events = [
        Event("revision", row.replaced_at, revision=row.revision, body=row.body) for row in connection.execute(former)
    ]
    entries = list(connection.execute(sa.select(decisions).where(_d.comment_id == number).order_by(_d.id)))
    taken_back = {entry.undoes for entry in entries}
    events += [event_of(entry, entry.id in taken_back) for entry in entries]
    return tuple(sorted(events, key=lambda event: event.at))


def page(
    connection: Connection,
    where: Sequence[sa.ColumnElement[bool] | sa.TextClause],
    *,
    site_id: int | None,
    by: str | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> Page[DecidedComment]:
    """The log, newest first, of comments that all conditions hold for. ``Invalid`` where the cursor is none of ours."""
    wanted = [] if site_id is None else [_d.site_id == site_id]
    wanted += [] if by is None else [_d.made_by == by]
    wanted += [] if cursor is None else [_d.id < _read_cursor(cursor)]
    query = sa.select(decisions).where(*wanted).order_by(_d.id.desc()).limit(limit + 1)
    if where:
        query = query.where(_d.comment_id.in_(sa.select(comments.c.id).where(*where)))
    entries = list(connection.execute(query))
    more, entries = len(entries) > limit, entries[:limit]
    shown = view(now).where(comments.c.id.in_({entry.comment_id for entry in entries}))
    items = {row.id: stored(row) for row in connection.execute(shown)}
    undone = sa.select(_d.undoes).where(_d.undoes.in_([entry.id for entry in entries]))
    taken_back = set(connection.execute(undone).scalars())
    found = (DecidedComment(items[entry.comment_id], event_of(entry, entry.id in taken_back)) for entry in entries)
    return Page(tuple(found), str(entries[-1].id) if more else None)


def _read_cursor(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise Invalid("this cursor is not one that the log gave")
    return int(cursor)


def event_of(entry: Any, undone: bool) -> Event:
    """A row of the log as an event."""
    return Event(
        kind="decision" if entry.undoes is None else "undo",
        at=entry.made_at,
        by=entry.made_by,
        decision=Decision(entry.decision),
        status=Status(entry.status_after),
        batch=entry.batch,
        undone=undone,
        revision=entry.revision,
    )


def _entry(row: sa.Row[Any], facts: dict[str, Any], maker: Maker, batch: str, now: datetime) -> dict[str, Any]:
    return facts | {
        "site_id": row.site_id,
        "comment_id": row.id,
        "decision_before": row.decision,
        "status_before": row.status,
        "revision": row.revision,
        "action": row.action,
        "signal": row.signal,
        "made_by": maker.name,
        "user_id": maker.user_id,
        "batch": batch,
        "made_at": now,
        "waited_s": max(0.0, (now - row.received_at).total_seconds()),
    }


def _moved(row: sa.Row[Any], status: str) -> tuple[tallies.Standing, tallies.Standing]:
    before = tallies.Standing(*(getattr(row, name) for name in tallies.Standing._fields))
    return before, before._replace(status=status)
