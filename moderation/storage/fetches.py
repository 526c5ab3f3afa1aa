"""Articles that are to be fetched by their address, from hosts that their site lists, and what became of that.

One process at a time has the lease of an article. When one is fetched again is decided elsewhere.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Article
from moderation.storage.articles import id_in
from moderation.storage.fetching_tables import PLANNED, article_hosts, fetches
from moderation.storage.tables import articles, upsert

_f, _h = fetches.c, article_hosts.c
_MOST_AT_ONCE = 1_000

REMEMBERED = timedelta(days=7)
"""How long a failure that ended the attempts is remembered: a comment that names the article then starts them anew."""


@dataclass(frozen=True, slots=True)
class Errand:
    """An article that is leased to be fetched. ``version`` is the article's that fetching made, 0 for none."""

    number: int
    site_id: int
    article: Article
    url: str
    version: int
    attempts: int
    lease: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """What became of an article: ``error`` is empty where it was fetched, ``due_at`` None where nothing is planned."""

    url: str
    tried_at: datetime | None
    fetched_at: datetime | None
    due_at: datetime | None
    error: str


def covers(hosts: Iterable[str], host: str) -> bool:
    """Whether a list of hosts has this one; ``*.gazette.example`` stands for all below ``gazette.example``."""
    host = host.lower().rstrip(".")
    return any(host == listed or (listed.startswith("*.") and host.endswith(listed[1:])) for listed in hosts)


def hosts(connection: Connection, site_id: int) -> tuple[str, ...]:
    """The hosts from which a site's articles may be fetched."""
    query = sa.select(_h.host).where(_h.site_id == site_id).order_by(_h.host)
    return tuple(connection.execute(query).scalars())


def set_hosts(connection: Connection, site_id: int, listed: Iterable[str], now: datetime) -> None:
    """List hosts in place of the former ones, and plan what comments wait for there."""
    connection.execute(sa.delete(article_hosts).where(_h.site_id == site_id))
    kept = sorted(set(listed))
    if not kept:
        return
    connection.execute(sa.insert(article_hosts), [{"site_id": site_id, "host": host} for host in kept])
    mine = (articles.c.site_id == site_id, articles.c.version == 0, articles.c.url != "")
    query = sa.select(articles.c.id, articles.c.url).where(*mine).order_by(articles.c.id.desc()).limit(_MOST_AT_ONCE)
    for number, url in connection.execute(query).all():
        if covers(kept, _host(url)):
            _plan(connection, site_id, number, url, now)


def want(connection: Connection, site_id: int, number: int, url: str, now: datetime) -> None:
    """Plan to fetch an article that was not sent, where its host is listed and it was not tried lately."""
    listed = hosts(connection, site_id)
    if listed and covers(listed, _host(url)):
        _plan(connection, site_id, number, url, now)


def _plan(connection: Connection, site_id: int, number: int, url: str, now: datetime) -> None:
    insert = upsert(fetches, connection.dialect.name)
    forgotten = sa.and_(_f.due_at.is_(None), _f.fetched_at.is_(None), _f.tried_at < now - REMEMBERED)
    again = insert.on_conflict_do_update(
        index_elements=["article_id"], set_={"due_at": now, "attempts": 0, "url": url}, where=forgotten
    )
    connection.execute(again, {"article_id": number, "site_id": site_id, "url": url, "due_at": now})


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_waiting(connection: Connection, now: datetime) -> bool:
    """Whether ``lease`` would find an article."""
    return connection.execute(_waiting(now).limit(1)).first() is not None


def lease(connection: Connection, now: datetime, lasting: timedelta) -> Errand | None:
    """Take the article that is due longest, or None where none is or another process was faster."""
    query = _waiting(now).order_by(_f.due_at, _f.article_id).limit(1)
    row = connection.execute(query.with_for_update(skip_locked=True, of=fetches)).first()
    if row is None:
        return None
    token = secrets.token_hex(8)
    taking = sa.update(fetches).where(_f.article_id == row.article_id, PLANNED, _is_free(now))
    if connection.execute(taking.values(lease=token, lease_ends_at=now + lasting)).rowcount != 1:
        return None
    article = Article(id_in(row.name), url=row.article_url or row.url)
    return Errand(row.article_id, row.site_id, article, row.url, row.version, row.attempts, token)


def _waiting(now: datetime) -> sa.Select[Any]:
    source = sa.select(fetches, articles.c.name, articles.c.url.label("article_url"))
    return source.join_from(fetches, articles).where(PLANNED, _f.due_at <= now, _is_free(now))


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_f.lease_ends_at.is_(None), _f.lease_ends_at <= now)


def settle(connection: Connection, errand: Errand, new: dict[str, Any]) -> None:
    """Write down what came of an errand, unless another process has taken it over since."""
    ours = sa.update(fetches).where(_f.article_id == errand.number, _f.lease == errand.lease)
    connection.execute(ours.values(lease="", lease_ends_at=None, **new))


def log(connection: Connection, site_id: int, limit: int) -> tuple[Fetch, ...]:
    """A site's articles, those that are planned and those that were tried last first."""
    query = sa.select(fetches).where(_f.site_id == site_id)
    ordered = query.order_by(_f.tried_at.desc().nulls_first(), _f.article_id.desc()).limit(limit)
    return tuple(_fetch(row) for row in connection.execute(ordered))


def try_again(connection: Connection, site_id: int, url: str, now: datetime) -> bool:
    """Plan an article of a site anew; False where it is unknown or being fetched."""
    mine = sa.update(fetches).where(_f.site_id == site_id, _f.url == url, _is_free(now))
    return connection.execute(mine.values(due_at=now, attempts=0)).rowcount > 0


def _fetch(row: sa.Row[Any]) -> Fetch:
    return Fetch(row.url, row.tried_at, row.fetched_at, row.due_at, row.error)
