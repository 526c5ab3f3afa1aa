"""What Coral calls our comments, and what it told of them that is still to be looked up.

Coral asks about a comment before it has an id, and tells the id of one without its text: only a look into Coral joins
the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Article
from moderation.storage.articles import name_of
from moderation.storage.door_tables import coral_comments, coral_events
from moderation.storage.tables import articles, comments, upsert

_l, _e = coral_comments.c, coral_events.c


@dataclass(frozen=True, slots=True)
class Link:
    """A comment in Coral: its id there, and that of the text that it had when Coral last told of it."""

    coral_id: str
    revision_id: str


@dataclass(frozen=True, slots=True)
class Told:
    """An event of Coral's that is to be looked up."""

    number: int
    site_id: int
    coral_id: str
    due_at: datetime
    attempts: int


# --- Comments --------------------------------------------------------------------------------------------------------


def link(connection: Connection, site_id: int, found: Link, number: int) -> None:
    """Join a comment in Coral with ours, or take the id of its new text."""
    insert = upsert(coral_comments, connection.dialect.name)
    new = {"revision_id": found.revision_id, "comment_id": number}
    known = {"site_id": site_id, "coral_id": found.coral_id}
    connection.execute(insert.on_conflict_do_update(index_elements=["site_id", "coral_id"], set_=new), known | new)


def linked(connection: Connection, site_id: int, coral_id: str) -> int | None:
    """The number of our comment that Coral calls so."""
    query = sa.select(_l.comment_id).where(_l.site_id == site_id, _l.coral_id == coral_id)
    return connection.execute(query).scalar()


def links(connection: Connection, number: int) -> list[Link]:
    """What Coral calls a comment; a text that was sent twice is one comment here and two there."""
    query = sa.select(coral_comments).where(_l.comment_id == number).order_by(_l.coral_id)
    return [Link(row.coral_id, row.revision_id) for row in connection.execute(query)]


def written(
    connection: Connection, site_id: int, *, author_key: int, story: str, since: datetime, most: int
) -> Sequence[sa.Row[Any]]:
    """What an author wrote under a story since then, newest first: number, name, parent and body."""
    columns = (comments.c.id, comments.c.name, comments.c.parent, comments.c.body)
    mine = (comments.c.site_id == site_id, comments.c.author_key == author_key, comments.c.received_at >= since)
    here = (articles.c.site_id == site_id, articles.c.name == name_of(Article(id=story)))
    query = sa.select(*columns).join(articles, articles.c.id == comments.c.article_id).where(*mine, *here)
    return list(connection.execute(query.order_by(comments.c.received_at.desc()).limit(most)))


# --- Events ----------------------------------------------------------------------------------------------------------


def hear(connection: Connection, site_id: int, coral_id: str, now: datetime) -> None:
    """Keep what Coral told until it is looked up."""
    values = {"site_id": site_id, "coral_id": coral_id, "due_at": now}
    connection.execute(sa.insert(coral_events).values(**values))


def next_told(connection: Connection, now: datetime) -> Told | None:
    """The event that is due longest."""
    query = sa.select(coral_events).where(_e.due_at <= now).order_by(_e.due_at, _e.id).limit(1)
    row = connection.execute(query).first()
    return None if row is None else Told(row.id, row.site_id, row.coral_id, row.due_at, row.attempts)


def take(connection: Connection, told: Told, until: datetime) -> bool:
    """Keep an event from others until then; False where another process was faster."""
    mine = (_e.id == told.number, _e.due_at == told.due_at)
    changed = sa.update(coral_events).where(*mine).values(due_at=until, attempts=told.attempts + 1)
    return connection.execute(changed).rowcount == 1


def put_off(connection: Connection, told: Told, now: datetime, wait: timedelta) -> None:
    """Look an event up later."""
    connection.execute(sa.update(coral_events).where(_e.id == told.number).values(due_at=now + wait))


def forget(connection: Connection, told: Told) -> None:
    """Remove an event that was looked up, or was tried often enough."""
    connection.execute(sa.delete(coral_events).where(_e.id == told.number))
