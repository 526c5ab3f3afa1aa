"""Articles, under the publication's id, or under their address where they came without one.

A comment may name an article that was not sent yet. Then a row of version 0 stands for it, and what waits for it is
found by that row.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Article
from moderation.storage import campaigns, tallies
from moderation.storage.columns import storable
from moderation.storage.tables import HELD, articles, comments, upsert

_PLACE = (articles.c.id, articles.c.site_id, articles.c.name, articles.c.version)
_Name = tuple[int, str]
"""A site's number and a name as in ``name_of``."""


class Known(NamedTuple):
    """An article as it is stored. ``version`` is 0 while only its name is known."""

    number: int
    version: int
    article: Article


def name_of(article: Article) -> str:
    """Under which name an article is stored: its id, else a hash of its address, else one of its text."""
    if article.id:
        return f"id {article.id}"
    text = article.url or f"{article.title}\n{article.body}"
    return f"{'url' if article.url else 'text'} {sha256(storable(text).encode()).hexdigest()}"


def says_something(article: Article) -> bool:
    """Whether an article is given or named at all."""
    return bool(article.id or article.url) or not is_named_only(article)


def is_named_only(article: Article) -> bool:
    """Whether an article is only referred to."""
    return not article.title and not article.body


def find(connection: Connection, site_id: int, article: Article) -> Known | None:
    """The article of this id, or of this address where it has none; one that was sent before one that was named."""
    mine, name = articles.c.site_id == site_id, name_of(article)
    where = articles.c.name == name
    if not article.id and article.url:
        where = sa.or_(where, sa.and_(articles.c.url_key == _key(article.url), articles.c.url == article.url))
    query = sa.select(articles).where(mine, where).order_by(articles.c.version.desc(), articles.c.id).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _known(row)


def of_comment(connection: Connection, number: int) -> Known | None:
    """The article that a comment stands under."""
    query = sa.select(articles).join(comments, comments.c.article_id == articles.c.id).where(comments.c.id == number)
    row = connection.execute(query).first()
    return None if row is None else _known(row)


def of_comments(connection: Connection, numbers: Sequence[int]) -> dict[int, Article]:
    """The whole article of each of these comments, of those whose article was sent."""
    query = sa.select(comments.c.id, comments.c.article_id).where(comments.c.id.in_(numbers))
    under = {row.id: row.article_id for row in connection.execute(query) if row.article_id is not None}
    known = whole(connection, sorted(set(under.values())))
    return {number: known[article] for number, article in under.items() if article in known}


def named(connection: Connection, counts: dict[str, int]) -> dict[tuple[str, str], int]:
    """Counts by an article's number as counts by its id (or address) and title."""
    query = sa.select(articles).where(articles.c.id.in_(map(int, counts)))
    known = {str(row.id): _known(row).article for row in connection.execute(query)}
    return {(known[number].id or known[number].url, known[number].title): n for number, n in counts.items()}


def whole(connection: Connection, numbers: Sequence[int]) -> dict[int, Article]:
    """Those of these articles that were sent, by number."""
    query = sa.select(articles).where(articles.c.id.in_(numbers), articles.c.version > 0)
    return {row.id: _known(row).article for row in connection.execute(query)}


def place(connection: Connection, given: Sequence[tuple[int, Article]]) -> list[tuple[Known, bool]]:
    """Store articles, each of a site, or what changed of them; of one that is only named, its name.

    Gives them as they are stored now, what was only named with version 0 whatever is stored of it, and whether
    anything changed. They are written in one order, so that no two writers of the same wait for each other crosswise.
    """
    names = [(site_id, storable(name_of(article))) for site_id, article in given]
    whole_last = sorted(zip(names, given, strict=True), key=lambda one: (one[0], not is_named_only(one[1][1])))
    wanted = {name: article for name, (_site, article) in whole_last}
    rows = [_row(name, article) for name, article in wanted.items()]
    stored = _places(connection.execute(_placing(connection.dialect.name), rows) if rows else ())
    changed = set(stored)
    same = [name for name in wanted if name not in changed]
    if same:
        found = sa.select(*_PLACE).where(sa.tuple_(articles.c.site_id, articles.c.name).in_(same))
        stored |= _places(connection.execute(found))
    return [(_as_given(*stored[name], wanted[name]), name in changed) for name in names]


def number_by_address(connection: Connection, site_id: int, known: Known) -> int | None:
    """Under which number comments named an article by its address alone."""
    if not known.article.id or not known.article.url:
        return None
    name = name_of(Article(url=known.article.url))
    query = sa.select(articles.c.id).where(articles.c.site_id == site_id, articles.c.name == name)
    return connection.execute(query).scalar()


def is_at(connection: Connection, number: int, version: int) -> bool:
    """Whether an article stands at this version, which it keeps until the transaction ends."""
    query = sa.select(articles.c.version).where(articles.c.id == number).with_for_update()
    return connection.execute(query).scalar() == version


def adopt(connection: Connection, number: int, known: Known) -> None:
    """Give an article the comments that stand under another number."""
    there = comments.c.article_id == number
    held = [tallies.Standing(*row) for row in connection.execute(sa.select(*tallies.COUNTED).where(there, HELD))]
    connection.execute(sa.update(comments).where(there).values(article_id=known.number, article_version=0))
    tallies.move(connection, [(standing, standing._replace(article_id=known.number)) for standing in held])


def _row(name: _Name, article: Article) -> dict[str, Any]:
    return {"site_id": name[0], "name": name[1], "version": 0 if is_named_only(article) else 1} | _columns(article)


def _as_given(number: int, version: int, article: Article) -> Known:
    return Known(number, 0 if is_named_only(article) else version, article)


def _places(rows: Iterable[Any]) -> dict[_Name, tuple[int, int]]:
    return {(row.site_id, row.name): (row.id, row.version) for row in rows}


@cache
def _placing(dialect: str) -> Any:
    insert = upsert(articles, dialect)
    new = {column: insert.excluded[column] for column in ("url", "url_key", "title", "body", "published_at")}
    changed = sa.or_(*(articles.c[column].is_distinct_from(value) for column, value in new.items()))
    return insert.on_conflict_do_update(
        index_elements=["site_id", "name"],
        set_=new | {"version": articles.c.version + 1},
        where=sa.and_(insert.excluded.version > 0, sa.or_(changed, articles.c.version == 0)),
    ).returning(*_PLACE)


def _columns(article: Article) -> dict[str, Any]:
    return {
        "url": article.url,
        "url_key": _key(article.url),
        "title": article.title,
        "body": article.body,
        "published_at": article.published_at,
    }


def _key(url: str) -> int | None:
    return campaigns.key_of("url", url) if url else None


def id_in(name: str) -> str:
    """The publication's id in a stored name, empty where it gave none."""
    return name.removeprefix("id ") if name.startswith("id ") else ""


def _known(row: sa.Row[Any]) -> Known:
    article = Article(id_in(row.name), row.title, row.body, row.url, row.published_at)
    return Known(row.id, row.version, article)
