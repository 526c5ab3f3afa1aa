"""Where a site's events go: at most one endpoint for each target, which is a kind of receiver.

Its secret is kept as it is, since events are signed with it. What pauses an endpoint, or switches it off, is decided
elsewhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.storage.delivery_tables import PENDING, deliveries, endpoints, outbox
from moderation.storage.tables import upsert

WEBHOOK = "webhook"
"""The target that tells a publication of its comments in Standard Webhooks form."""

AKISMET = "akismet"
"""The target that tells a CMS that asked by Akismet's protocol; its address stands with each comment."""

_e = endpoints.c


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the events of a site for one target go.

    ``trouble`` says why it was switched off, empty where a person did that. ``former_secret`` signs beside ``secret``
    until ``former_ends_at``. ``delivered`` counts events, ``failed`` attempts.
    """

    site_id: int
    target: str
    url: str
    secret: str
    former_secret: str = ""
    former_ends_at: datetime | None = None
    active: bool = True
    trouble: str = ""
    failures: int = 0
    paused_until: datetime | None = None
    delivered: int = 0
    failed: int = 0

    def __repr__(self) -> str:
        return f"Endpoint(site_id={self.site_id}, target={self.target!r})"


_FIELDS = Endpoint.__slots__
_TARGETS = sa.select(_e.target).where(_e.site_id == sa.bindparam("site_id")).order_by(_e.target)


def find(connection: Connection, site_id: int, target: str = WEBHOOK) -> Endpoint | None:
    """A site's endpoint of a target, or None."""
    row = connection.execute(sa.select(endpoints).where(*_one(site_id, target))).first()
    return None if row is None else _endpoint(row)


def put(
    connection: Connection, site_id: int, target: str = WEBHOOK, *, url: str = "", secret: str = "", now: datetime
) -> None:
    """Send a site's events of a target there from now on, signed with this secret; what is pending goes there too."""
    insert = upsert(endpoints, connection.dialect.name)
    new = {"url": url, "secret": secret, "active": True, "trouble": "", "failures": 0, "paused_until": None}
    change = insert.on_conflict_do_update(index_elements=["site_id", "target"], set_=new)
    connection.execute(change, new | {"site_id": site_id, "target": target, "created_at": now})


def rotate(connection: Connection, endpoint: Endpoint, secret: str, former_ends_at: datetime) -> None:
    """Give an endpoint a new secret; the one before signs beside it for a while."""
    new = {"secret": secret, "former_secret": endpoint.secret, "former_ends_at": former_ends_at}
    change(connection, endpoint, new)


def change(connection: Connection, endpoint: Endpoint, new: dict[str, Any]) -> None:
    """Change columns of an endpoint."""
    connection.execute(sa.update(endpoints).where(*_one(endpoint.site_id, endpoint.target)).values(**new))


def succeeded(connection: Connection, endpoint: Endpoint) -> None:
    """Count a delivered event; what had failed before is forgotten."""
    change(connection, endpoint, {"delivered": _e.delivered + 1, "failures": 0, "paused_until": None})


def failed(connection: Connection, endpoint: Endpoint, paused_until: datetime, gone: str = "") -> None:
    """Count a failed attempt, and leave an endpoint in peace until then; where it is ``gone``, switch it off."""
    new: dict[str, Any] = {"failed": _e.failed + 1, "failures": _e.failures + 1, "paused_until": paused_until}
    change(connection, endpoint, new | ({"active": False, "trouble": gone} if gone else {}))


def remove(connection: Connection, site_id: int, target: str = WEBHOOK) -> None:
    """Forget an endpoint with all of its events."""
    mine = (outbox.c.site_id == site_id, outbox.c.target == target)
    of_mine = sa.select(outbox.c.id).where(*mine)
    connection.execute(sa.delete(deliveries).where(deliveries.c.outbox_id.in_(of_mine)))
    connection.execute(sa.delete(outbox).where(*mine))
    connection.execute(sa.delete(endpoints).where(*_one(site_id, target)))


def targets(connection: Connection, site_ids: Iterable[int]) -> dict[int, list[str]]:
    """The targets of each of these sites, of those that have any."""
    found = {
        site_id: list(connection.scalars(_TARGETS, {"site_id": site_id})) for site_id in sorted(set(site_ids))
    }  # one statement that is made once; a list of sites would be put together each time
    return {site_id: targets for site_id, targets in found.items() if targets}


def ready(connection: Connection, names: Sequence[str], now: datetime) -> list[Endpoint]:
    """Endpoints of these targets that have events due and take them, the one that waits longest for its turn first."""
    open_now = sa.or_(_e.paused_until.is_(None), _e.paused_until <= now)
    mine = (outbox.c.site_id == _e.site_id, outbox.c.target == _e.target)
    has_due = sa.exists().where(*mine, PENDING, outbox.c.due_at <= now)
    query = sa.select(endpoints).where(_e.active, open_now, _e.target.in_(names), has_due)
    ordered = query.order_by(_e.served_at.asc().nulls_first(), _e.site_id, _e.target)
    return [_endpoint(row) for row in connection.execute(ordered)]


def sums(connection: Connection) -> dict[str, tuple[int, int]]:
    """Events delivered and attempts failed so far, by target."""
    query = sa.select(_e.target, sa.func.sum(_e.delivered), sa.func.sum(_e.failed)).group_by(_e.target)
    return {target: (int(delivered), int(failed)) for target, delivered, failed in connection.execute(query)}


def _one(site_id: int, target: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _e.site_id == site_id, _e.target == target


def _endpoint(row: sa.Row[Any]) -> Endpoint:
    return Endpoint(**{name: getattr(row, name) for name in _FIELDS})
