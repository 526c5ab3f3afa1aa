"""The end of readers' data: texts, names, addresses and search words go; labels, scores and counts stay.

What a comment said stands in several places: its row, former revisions, the words that reasons quote, the search index,
the traces of its campaign, and the snapshots of old selections hold numbers only.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.storage import callbacks, campaigns, moderators, search, tallies
from moderation.storage.comments import read_reasons, write_reasons
from moderation.storage.tables import comments, revisions, scores

_EMPTIED = ("body", "author_name", "author_url", "author_email", "author_ip", "author_agent")


def count_old(connection: Connection, before: datetime) -> int:
    """How many comments received before still hold something to remove."""
    query = sa.select(sa.func.count()).select_from(comments).where(*_old(before))
    return int(connection.execute(query).scalar_one())


def old(connection: Connection, before: datetime, limit: int) -> list[sa.Row[Any]]:
    """Comments received before that still hold something to remove, locked."""
    query = sa.select(comments.c.id, comments.c.reasons).where(*_old(before))
    ordered = query.order_by(comments.c.received_at, comments.c.id).limit(limit)
    return list(connection.execute(ordered.with_for_update()))


def _old(before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return comments.c.received_at < before, comments.c.purged_at.is_(None)


def purge(connection: Connection, rows: Sequence[sa.Row[Any]], now: datetime) -> None:
    """Remove what readers wrote and who they were from these comments."""
    numbers = [row.id for row in rows]
    emptied = dict.fromkeys(_EMPTIED, "") | {"author_key": None, "author_name_key": None, "purged_at": now}
    connection.execute(sa.update(comments).where(comments.c.id.in_(numbers)).values(**emptied))
    _quote_nothing(connection, comments, rows)
    former = connection.execute(sa.select(scores.c.id, scores.c.reasons).where(scores.c.comment_id.in_(numbers)))
    _quote_nothing(connection, scores, former.all())
    connection.execute(sa.update(revisions).where(revisions.c.comment_id.in_(numbers)).values(body=""))
    search.forget(connection, numbers)
    campaigns.forget(connection, numbers)
    callbacks.forget(connection, numbers)


def sweep(connection: Connection, now: datetime) -> None:
    """Remove empty counts, and what of sign-ins has ended by itself."""
    search.compact(connection)
    tallies.sweep(connection)
    moderators.sweep(connection, now)


def _quote_nothing(connection: Connection, table: sa.Table, rows: Iterable[Any]) -> None:
    changed = sa.update(table).where(table.c.id == sa.bindparam("number")).values(reasons=sa.bindparam("silent"))
    silent = [
        {"number": row.id, "silent": write_reasons(reason._replace(text="") for reason in read_reasons(row.reasons))}
        for row in rows
    ]
    if silent:
        connection.execute(changed, silent)
