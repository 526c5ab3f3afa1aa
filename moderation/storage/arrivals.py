"""New comments as they arrive: many in one transaction, each with its article and all that is kept beside its row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from moderation.comment import Status
from moderation.storage import articles, campaigns, comments, fetches, outbox, search
from moderation.storage.articles import Known
from moderation.storage.campaigns import Trace


@dataclass(frozen=True, slots=True)
class Arrival:
    """A comment that may be new: its row as ``comments.new_row`` made it, its traces, and the words to find it by.

    ``article`` is what it stands under; where its number is 0 it has to be stored as well, whole or by its name alone.
    """

    row: dict[str, Any]
    article: Known | None
    traces: tuple[Trace, ...]
    words: Sequence[str] = ()


class Stored(NamedTuple):
    """The number of a comment that was new, None where its site has one of this id.

    ``article`` is the arrival's with its number, and ``is_news`` says whether it was not stored like this before.
    """

    number: int | None
    article: Known | None
    is_news: bool


def store(connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> list[Stored]:
    """Store what is new, in one go: other writers wait."""
    placed = _place_articles(connection, arrivals)
    rows = [_under(known, one.row) for one, (known, _is_news) in zip(arrivals, placed, strict=True)]
    _want_articles(connection, rows, (known for known, _is_news in placed), now)
    numbers = comments.add(connection, rows)
    new = [(number, one) for number, one in zip(numbers, arrivals, strict=True) if number is not None]
    campaigns.add(connection, [(one.row["site_id"], number, trace) for number, one in new for trace in one.traces])
    search.index(connection, [(number, one.words) for number, one in new if one.words])
    told = [(one.row["site_id"], number, one.row["name"], Status(one.row["status"])) for number, one in new]
    outbox.add_checked(connection, told, now)
    return [Stored(number, known, is_news) for number, (known, is_news) in zip(numbers, placed, strict=True)]


def _place_articles(connection: Connection, arrivals: Sequence[Arrival]) -> list[tuple[Known | None, bool]]:
    new = [(one.row["site_id"], one.article.article) for one in arrivals if one.article and not one.article.number]
    placed = iter(articles.place(connection, new))
    return [next(placed) if one.article and not one.article.number else (one.article, False) for one in arrivals]


def _want_articles(
    connection: Connection, rows: Sequence[dict[str, Any]], known: Iterable[Known | None], now: datetime
) -> None:
    """Have those fetched that were only named, with an address."""
    wanted = {
        one.number: (row["site_id"], one.article.url)
        for row, one in zip(rows, known, strict=True)
        if one is not None and one.version == 0 and one.article.url
    }
    for number, (site_id, url) in sorted(wanted.items()):
        fetches.want(connection, site_id, number, url, now)


def _under(article: Known | None, row: dict[str, Any]) -> dict[str, Any]:
    return row if article is None else row | {"article_id": article.number, "article_version": article.version}
