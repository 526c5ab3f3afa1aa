"""What people decided, as it is learned from: each decision with its comment and article, newest first, a page a time.

A decision is given whether it stands or not, with what speaks against learning from it; nothing is judged further here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Article, Decision
from moderation.storage import articles
from moderation.storage.comments import comment_of
from moderation.storage.database import Database
from moderation.storage.decisions import standing
from moderation.storage.records import Lesson, Unfit
from moderation.storage.tables import comments, decisions, sites

_d = decisions.c
_AT_ONCE = 500


def newest(database: Database, site_id: int | None = None, *, with_articles: bool = True) -> Iterator[Lesson]:
    """All decisions of a site, or of all sites, newest first; no connection is held between two pages of them."""
    before = None
    while True:
        with database.reading() as connection:
            found = _page(connection, site_id, before, with_articles)
        yield from found
        if len(found) < _AT_ONCE:
            return
        before = found[-1].number


def _page(connection: Connection, site_id: int | None, before: int | None, with_articles: bool) -> list[Lesson]:
    wanted: list[sa.ColumnElement[bool]] = [_d.undoes.is_(None)]
    wanted += [] if site_id is None else [_d.site_id == site_id]
    wanted += [] if before is None else [_d.id < before]
    query = sa.select(decisions, sites.c.name.label("site")).join(sites).where(*wanted)
    entries = list(connection.execute(query.order_by(_d.id.desc()).limit(_AT_ONCE)))
    numbers = sorted({entry.comment_id for entry in entries})
    rows = {row.id: row for row in connection.execute(sa.select(comments).where(comments.c.id.in_(numbers)))}
    under = {row.article_id for row in rows.values() if row.article_id is not None} if with_articles else ()
    known = articles.whole(connection, sorted(under))
    stacks = standing(connection, numbers)
    return [_lesson(entry, rows[entry.comment_id], known, stacks.get(entry.comment_id, [])) for entry in entries]


def _lesson(entry: sa.Row[Any], row: sa.Row[Any], known: Mapping[int, Article], stack: Sequence[sa.Row[Any]]) -> Lesson:
    return Lesson(
        number=entry.id,
        site=entry.site,
        comment=comment_of(row),
        article=known.get(row.article_id),
        decision=Decision(entry.decision),
        made_at=entry.made_at,
        made_by=entry.made_by,
        door=f"API of {entry.site}" if entry.user_id is None else "review pages",
        comment_number=row.id,
        promotional=row.promotional,
        unfit=_unfit(entry, row, stack),
    )


def _unfit(entry: sa.Row[Any], row: sa.Row[Any], stack: Sequence[sa.Row[Any]]) -> Unfit | None:
    if entry.id not in {standing.id for standing in stack}:
        return Unfit.UNDONE
    if entry.revision != row.revision:
        return Unfit.CHANGED
    if row.purged_at is not None:
        return Unfit.PURGED
    return None if stack[-1].id == entry.id else Unfit.DECIDED_AGAIN
