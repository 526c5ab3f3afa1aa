"""What each site's own decisions correct, as it was learned last; one row a site."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.storage.records import StoredCorrection
from moderation.storage.tables import corrections, sites, upsert

_c = corrections.c


def find(connection: Connection, site_id: int) -> StoredCorrection | None:
    """A site's correction; None where there never was one."""
    row = connection.execute(_query().where(_c.site_id == site_id)).first()
    return None if row is None else _stored(row)


def changed_at(connection: Connection, site_id: int) -> datetime | None:
    """When a site's correction was last learned or switched; None where there is none."""
    return connection.execute(sa.select(_c.changed_at).where(_c.site_id == site_id)).scalar()


def every(connection: Connection) -> tuple[StoredCorrection, ...]:
    """Those of all sites, by site."""
    return tuple(_stored(row) for row in connection.execute(_query().order_by(sites.c.name)))


def put(connection: Connection, site_id: int, *, release: str, decisions: int, weights: bytes, now: datetime) -> None:
    """Keep what was learned in place of what was before. Whether the site wants it stays as it was."""
    values = {"release": release, "decisions": decisions, "weights": weights, "changed_at": now}
    _write(connection, site_id, values)


def switch(connection: Connection, site_id: int, on: bool, now: datetime) -> None:
    """Say whether a site's scores are corrected."""
    _write(connection, site_id, {"active": on, "weights": b"", "changed_at": now}, {"active": on, "changed_at": now})


def forget(connection: Connection, site_id: int) -> None:
    """Leave nothing of what was learned, nor of whether it was wanted."""
    connection.execute(sa.delete(corrections).where(_c.site_id == site_id))


def _write(connection: Connection, site_id: int, values: dict[str, Any], changed: dict[str, Any] | None = None) -> None:
    insert = upsert(corrections, connection.dialect.name).values(site_id=site_id, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=["site_id"], set_=changed or values))


def _query() -> sa.Select[Any]:
    return sa.select(corrections, sites.c.name.label("site")).join(sites, sites.c.id == _c.site_id)


def _stored(row: sa.Row[Any]) -> StoredCorrection:
    return StoredCorrection(
        site=row.site,
        active=row.active,
        release=row.release,
        decisions=row.decisions,
        weights=row.weights,
        changed_at=row.changed_at,
    )
