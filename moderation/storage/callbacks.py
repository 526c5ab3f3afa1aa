"""Whom to tell where Akismet's protocol said something of a comment that is no longer so."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Action
from moderation.storage import sites
from moderation.storage.delivery_tables import akismet_callbacks as callbacks
from moderation.storage.records import SiteSettings
from moderation.storage.tables import comments, upsert

_c = callbacks.c


class Callback(NamedTuple):
    """The address that a CMS asked to be told at, what it was told last, and on what the next answer depends."""

    url: str
    said_spam: bool
    action: Action
    settings: SiteSettings


def keep(connection: Connection, number: int, url: str, said_spam: bool) -> None:
    """Remember where to tell what becomes of a comment, and what was said of it now."""
    insert = upsert(callbacks, connection.dialect.name)
    new = {"url": url, "said_spam": said_spam}
    change = insert.on_conflict_do_update(index_elements=["comment_id"], set_=new)
    connection.execute(change, new | {"comment_id": number})


def find(connection: Connection, number: int) -> Callback | None:
    """Where to tell of a comment, or None."""
    query = sa.select(callbacks, comments.c.action, comments.c.site_id).join(comments).where(_c.comment_id == number)
    row = connection.execute(query).first()
    if row is None:
        return None
    return Callback(row.url, row.said_spam, Action(row.action), sites.settings_of(connection, row.site_id))


def say(connection: Connection, number: int, said_spam: bool) -> None:
    """Note what the CMS knows by now."""
    connection.execute(sa.update(callbacks).where(_c.comment_id == number).values(said_spam=said_spam))


def forget(connection: Connection, numbers: Sequence[int]) -> None:
    """Tell nobody of these comments any more."""
    connection.execute(sa.delete(callbacks).where(_c.comment_id.in_(numbers)))
