"""Pages of stored comments by filter and order, and who has which of them open.

A page goes on from the last row of the one before (a keyset), so that the tenth costs what the first one does.
"""

import json
import re
import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Article, Status
from moderation.storage import campaigns, search
from moderation.storage.articles import name_of
from moderation.storage.comments import stored, view
from moderation.storage.errors import Invalid, NotFound
from moderation.storage.records import Filter, Order, Page, Seen, StoredComment
from moderation.storage.tables import HELD, articles, claims, comments, selections, sites, upsert

LEASE = timedelta(minutes=5)
_KEPT = timedelta(days=1)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_TIME, _NUMBER = re.compile("[0-9]{1,17}"), re.compile("[0-9]{1,18}")
_FLOAT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?(e-[0-9]{1,3})?")
_c = comments.c
_ORDERS: dict[Order, tuple[sa.Column[Any], bool]] = {
    Order.CERTAIN: (_c.promotional, True),
    Order.DOUBTFUL: (_c.doubt, False),
    Order.OLDEST: (_c.received_at, False),
    Order.NEWEST: (_c.received_at, True),
}

Where = list[sa.ColumnElement[bool] | sa.TextClause]


def conditions(connection: Connection, filter: Filter) -> Where:
    """What a filter asks for, but its status, ``like`` and ``campaign``. ``NotFound`` where its site is not known."""
    number = None if filter.site is None else site_id(connection, filter.site)
    where: Where = [] if number is None else [_c.site_id == number]
    if filter.article is not None:
        named = sa.select(articles.c.id).where(
            articles.c.site_id == number, articles.c.name == name_of(Article(filter.article))
        )
        where.append(_c.article_id == (connection.execute(named).scalar() or 0))
    if filter.signal is not None:
        where.append(_c.signal == filter.signal)
    if filter.language is not None:
        where.append(_c.language == filter.language)
    if filter.author is not None:
        where.append(_by_author(filter.author))
    if filter.domain is not None:
        domain = ("domain", filter.domain.casefold())
        where.append(_c.id.in_(campaigns.numbers_with([domain], number)))
    if filter.text is not None:
        where.append(_c.id.in_(search.numbers_with(connection, filter.text)))
    if filter.received_from is not None:
        where.append(_c.received_at >= filter.received_from)
    if filter.received_before is not None:
        where.append(_c.received_at < filter.received_before)
    if number is None and filter.author is not None:
        where.append(_c.site_id.in_(_every_site(connection)))
    return where


def site_id(connection: Connection, name: str) -> int:
    """The number of the site of that name. Raises ``NotFound``."""
    number = connection.execute(sa.select(sites.c.id).where(sites.c.name == name)).scalar()
    if number is None:
        raise NotFound(f"there is no site {name!r}")
    return int(number)


def alike(number: int, traces: Sequence[campaigns.Trace], shared: int) -> sa.ColumnElement[bool]:
    """That a comment is a near-duplicate of this one, by traces of their texts of which so many must be shared."""
    return _c.id.in_(sa.union(*_alike(number, traces, shared)))


def of_campaign(
    connection: Connection, item: StoredComment, traces: Sequence[campaigns.Trace], shared: int
) -> sa.ColumnElement[bool]:
    """That a comment is a near-duplicate of this one, shares one of its traces, or is of the same e-mail address."""
    found = _alike(item.number, traces, shared)
    found.append(campaigns.numbers_with([trace for trace in traces if trace[0] not in ("near", "text")]))
    if item.comment.author.email:
        key = campaigns.author_key(item.comment.author)
        found.append(sa.select(_c.id).where(_c.site_id.in_(_every_site(connection)), _c.author_key == key))
    return _c.id.in_(sa.union(*found))  # one list of numbers: neither database sees through an OR of several


def _alike(number: int, traces: Sequence[campaigns.Trace], shared: int) -> list[sa.Select[tuple[int]]]:
    itself: sa.Select[tuple[int]] = sa.select(sa.literal(number, _c.id.type))
    whole = campaigns.numbers_with([trace for trace in traces if trace[0] == "text"])
    most = campaigns.numbers_with([trace for trace in traces if trace[0] == "near"], shared=shared)
    return [itself, whole, most]


def page(
    connection: Connection,
    status: Status | None,
    where: Where,
    order: Order,
    *,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> Page[StoredComment]:
    """A page of what holds. ``Invalid`` where the cursor is not one of this order."""
    column, falling = _ORDERS[order]
    after = [] if cursor is None else [_beyond(column, falling, *_read_cursor(cursor, order))]
    ordered = (column.desc(), _c.id.desc()) if falling else (column, _c.id)
    found: list[sa.Row[Any]] = []
    for one in Status if status is None else (status,):
        query = view(now).where(*_status(one), *where, *after).order_by(*ordered).limit(limit + 1)
        found.extend(connection.execute(query))
    if status is None:
        found.sort(key=lambda row: (getattr(row, column.name), row.id), reverse=falling)
    rows = found[:limit]
    more = len(found) > limit and bool(rows)
    following = _write_cursor(order, getattr(rows[-1], column.name), rows[-1].id) if more else None
    return Page(tuple(map(stored, rows)), following)


def unclaimed(user_id: int, now: datetime) -> sa.ColumnElement[bool]:
    """That nobody else has a comment open."""
    other = claims.alias()
    return ~sa.exists().where(other.c.comment_id == _c.id, other.c.ends_at > now, other.c.user_id != user_id)


def count(connection: Connection, status: Status | None, where: Where, at_most: int) -> int:
    """How many comments hold, counted up to ``at_most``."""
    query = sa.select(_c.id).where(*_status(status), *where).limit(at_most)
    return int(connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())


def claim(connection: Connection, numbers: Collection[int], user_id: int, now: datetime) -> set[int]:
    """Open held comments for a user until the lease ends: all but those that another has, or that are not held.

    Of two at the same moment the database lets one write the row: whoever gets it back has it. Rows are written in one
    order, so that no two users wait for each other.
    """
    insert = upsert(claims, connection.dialect.name)
    ends_at = sa.literal(now + LEASE, claims.c.ends_at.type)
    held = sa.select(_c.id, sa.literal(user_id), ends_at).where(_c.id.in_(numbers), HELD).order_by(_c.id)
    mine_or_ended = sa.or_(claims.c.user_id == user_id, claims.c.ends_at <= now)
    taken = insert.from_select(["comment_id", "user_id", "ends_at"], held).on_conflict_do_update(
        index_elements=["comment_id"],
        set_={"user_id": insert.excluded.user_id, "ends_at": insert.excluded.ends_at},
        where=mine_or_ended,
    )
    return set(connection.execute(taken.returning(claims.c.comment_id)).scalars())


def release_claims(connection: Connection, user_id: int, numbers: Collection[int] | None = None) -> None:
    """Give back these comments of those that a user has open, or all."""
    mine = sa.delete(claims).where(claims.c.user_id == user_id)
    connection.execute(mine if numbers is None else mine.where(claims.c.comment_id.in_(numbers)))


def opened_by_others(connection: Connection, numbers: Sequence[int], user_id: int, now: datetime) -> set[int]:
    """Which of these comments another user has open."""
    query = sa.select(claims.c.comment_id).where(
        claims.c.comment_id.in_(numbers), claims.c.ends_at > now, claims.c.user_id != user_id
    )
    return set(connection.execute(query).scalars())


def seen(connection: Connection, status: Status | None, where: Where, at_most: int) -> list[Seen]:
    """The comments that hold now, each with its version."""
    query = sa.select(_c.id, _c.version).where(*_status(status), *where).limit(at_most)
    return [Seen(number, version) for number, version in connection.execute(query)]


def keep_selection(connection: Connection, chosen: Sequence[Seen], user_id: int, now: datetime) -> str:
    """Keep a snapshot for a day and give its name."""
    connection.execute(sa.delete(selections).where(selections.c.made_at < now - _KEPT))
    values = {"id": secrets.token_urlsafe(16), "user_id": user_id, "seen": json.dumps(chosen), "made_at": now}
    connection.execute(sa.insert(selections), values)
    return str(values["id"])


def selection(connection: Connection, name: str, user_id: int, now: datetime) -> list[Seen]:
    """The comments of a user's snapshot. Raises ``NotFound``."""
    mine = (selections.c.id == name, selections.c.user_id == user_id, selections.c.made_at >= now - _KEPT)
    text = connection.execute(sa.select(selections.c.seen).where(*mine)).scalar()
    if text is None:
        raise NotFound("this selection is no longer kept: select again")
    return [Seen(number, version) for number, version in json.loads(text)]


def _every_site(connection: Connection) -> list[int]:
    """All sites' numbers: the index of authors begins with them."""
    return list(connection.execute(sa.select(sites.c.id)).scalars())


def _by_author(author: str) -> sa.ColumnElement[bool]:
    if "@" in author:
        return _c.author_key == campaigns.key_of("email", author.strip().casefold())
    return _c.author_name_key == campaigns.name_key(author)


def _status(status: Status | None) -> Where:
    """A literal: see ``tables.HELD``."""
    return [] if status is None else [sa.text(f"comments.status = '{status.value}'")]


def _beyond(column: sa.Column[Any], falling: bool, value: Any, number: int) -> sa.ColumnElement[bool]:
    last = sa.tuple_(sa.literal(value, column.type), sa.literal(number, _c.id.type))
    here = sa.tuple_(column, _c.id)
    return here < last if falling else here > last


def _write_cursor(order: Order, value: Any, number: int) -> str:
    plain = (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value
    return f"{order}.{plain}.{number}"


def _read_cursor(cursor: str, order: Order) -> tuple[Any, int]:
    of, _, rest = cursor.partition(".")
    plain, _, number = rest.rpartition(".")
    kind = _TIME if order in (Order.OLDEST, Order.NEWEST) else _FLOAT
    if of != order or not kind.fullmatch(plain) or not _NUMBER.fullmatch(number):
        raise Invalid("this cursor is not one that a page of this order gave")
    return _EPOCH + int(plain) * _MICROSECOND if kind is _TIME else float(plain), int(number)
