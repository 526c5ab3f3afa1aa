"""The secrets with which others sign their calls to a site's doors, and the signed calls that were taken already.

A secret is kept as it is: whoever verifies a signature needs it.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.storage.door_tables import signed_calls, site_secrets
from moderation.storage.records import Door, Secret, Site
from moderation.storage.sites import site_of
from moderation.storage.tables import sites, upsert

_s, _c = site_secrets.c, signed_calls.c


def add(connection: Connection, site_id: int, door: Door, secret: str, now: datetime) -> None:
    """Let a secret sign for a site from now on."""
    connection.execute(sa.insert(site_secrets).values(site_id=site_id, door=door, secret=secret, created_at=now))


def end(connection: Connection, site_id: int, door: Door, ends_at: datetime) -> None:
    """Let all secrets of a site's door end then, or before where they did already."""
    later = sa.or_(_s.ends_at.is_(None), _s.ends_at > ends_at)
    mine = (_s.site_id == site_id, _s.door == door.value)
    connection.execute(sa.update(site_secrets).where(*mine, later).values(ends_at=ends_at))


def forget_ended(connection: Connection, now: datetime) -> None:
    """Remove secrets that sign nothing any more."""
    connection.execute(sa.delete(site_secrets).where(_s.ends_at <= now))


def of_site(connection: Connection, site_id: int, now: datetime) -> tuple[Secret, ...]:
    """What may be shown of a site's secrets, newest first."""
    query = sa.select(_s.door, _s.created_at, _s.ends_at).where(_s.site_id == site_id, _is_valid(now))
    return tuple(
        Secret(Door(row.door), row.created_at, row.ends_at) for row in connection.execute(query.order_by(_s.id.desc()))
    )


def valid(connection: Connection, door: Door, site: str | None, now: datetime, most: int) -> Sequence[tuple[Site, str]]:
    """The secrets of a door with the site of each, newest first; of one site by its name or of all."""
    query = sa.select(sites, _s.secret).join(site_secrets).where(_s.door == door.value, _is_valid(now))
    if site is not None:
        query = query.where(sites.c.name == site)
    rows = connection.execute(query.order_by(_s.id.desc()).limit(most))
    return [(site_of(row), row.secret) for row in rows]


def _is_valid(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_s.ends_at.is_(None), _s.ends_at > now)


def was_taken(connection: Connection, site_id: int, message_id: str) -> bool:
    """Whether a signed call of this id was taken."""
    query = sa.select(_c.taken_at).where(_c.site_id == site_id, _c.message_id == message_id)
    return connection.execute(query).first() is not None


def take(connection: Connection, site_id: int, message_id: str, now: datetime, forgotten_before: datetime) -> None:
    """Remember that a signed call was taken; those from before then can not come again."""
    connection.execute(sa.delete(signed_calls).where(_c.taken_at < forgotten_before))
    insert = upsert(signed_calls, connection.dialect.name).on_conflict_do_nothing()
    connection.execute(insert, {"site_id": site_id, "message_id": message_id, "taken_at": now})
