"""What a release in the shadow says of stored comments: counts of all, and a row where it differs.

Which comments it has been given is one number a release, moved on by whoever takes the next ones: any number of
processes may do so beside each other.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Action, Article, Comment
from moderation.storage import articles
from moderation.storage.comments import comment_of
from moderation.storage.records import Site
from moderation.storage.shadow_tables import shadow_counts, shadow_scores, shadows
from moderation.storage.tables import comments, sites, upsert

_s = shadows.c


@dataclass(frozen=True, slots=True)
class Given:
    """A stored comment with what the release that served then said of it."""

    number: int
    site: Site
    comment: Comment
    article: Article | None
    release: str
    promotional: float
    action: Action


@dataclass(frozen=True, slots=True)
class Difference:
    """A comment that two releases judge otherwise. ``comment`` has no text once purged."""

    number: int
    site: str
    comment: Comment
    current: str
    promotional_before: float
    promotional_after: float
    before: Action
    after: Action


def take(connection: Connection, release: str, most: int, now: datetime) -> list[Given]:
    """The next comments for a release, oldest first; from its first call on those that come afterwards."""
    upto = connection.execute(sa.select(_s.upto).where(_s.release == release).with_for_update()).scalar()
    if upto is None:
        last = connection.execute(sa.select(sa.func.max(comments.c.id))).scalar() or 0
        new = upsert(shadows, connection.dialect.name).on_conflict_do_nothing()
        connection.execute(new, {"release": release, "since": now, "upto": last})
        return []
    query = sa.select(comments, sites.c.name.label("site")).join(sites, sites.c.id == comments.c.site_id)
    rows = list(connection.execute(query.where(comments.c.id > upto).order_by(comments.c.id).limit(most)))
    if rows:
        connection.execute(sa.update(shadows).where(_s.release == release).values(upto=rows[-1].id))
    known = articles.whole(connection, sorted({row.article_id for row in rows if row.article_id is not None}))
    return [_given(row, known.get(row.article_id)) for row in rows if row.purged_at is None]


def record(connection: Connection, release: str, told: Sequence[tuple[Given, float, Action]], least_gap: float) -> None:
    """Count what the release said, and keep each that differs in the action or by so much in the probability."""
    counts: Counter[tuple[str, str, str]] = Counter()
    rows = []
    for given, promotional, action in told:
        counts[given.release, given.action.value, action.value] += 1
        gap = abs(promotional - given.promotional)
        if action is not given.action or gap >= least_gap:
            rows.append(_row(release, given, promotional, action) | {"gap": gap})
    _count(connection, release, counts)
    if rows:
        connection.execute(upsert(shadow_scores, connection.dialect.name).on_conflict_do_nothing(), rows)


def since(connection: Connection, release: str) -> datetime | None:
    """When a release began to score in the shadow, or None."""
    return connection.execute(sa.select(_s.since).where(_s.release == release)).scalar()


def counts(connection: Connection, release: str) -> dict[tuple[Action, Action], int]:
    """How many comments it judged, by the action of the release that served and by its own."""
    c = shadow_counts.c
    query = sa.select(c.before, c.after, sa.func.sum(c.n)).where(c.release == release).group_by(c.before, c.after)
    return {(Action(before), Action(after)): int(n) for before, after, n in connection.execute(query)}


def differences(connection: Connection, release: str, most: int) -> list[Difference]:
    """The comments on which the action differs, the widest gap first."""
    c = shadow_scores.c
    query = (
        sa.select(shadow_scores, comments, sites.c.name.label("site"))
        .join(comments, comments.c.id == c.comment_id)
        .join(sites, sites.c.id == comments.c.site_id)
        .where(c.release == release, c.before != c.after)
        .order_by(c.gap.desc(), c.comment_id)
        .limit(most)
    )
    return [_difference(row) for row in connection.execute(query)]


def _given(row: sa.Row[Any], article: Article | None) -> Given:
    site = Site(row.site_id, row.site)
    return Given(row.id, site, comment_of(row), article, row.release, row.promotional, Action(row.action))


def _row(release: str, given: Given, promotional: float, action: Action) -> dict[str, Any]:
    return {
        "release": release,
        "comment_id": given.number,
        "current": given.release,
        "promotional_before": given.promotional,
        "promotional_after": promotional,
        "before": given.action.value,
        "after": action.value,
    }


def _count(connection: Connection, release: str, counts: Counter[tuple[str, str, str]]) -> None:
    if not counts:
        return
    insert = upsert(shadow_counts, connection.dialect.name)
    adding = insert.on_conflict_do_update(
        index_elements=["release", "current", "before", "after"], set_={"n": shadow_counts.c.n + insert.excluded.n}
    )
    rows = [
        {"release": release, "current": current, "before": before, "after": after, "n": n}
        for (current, before, after), n in sorted(counts.items())
    ]
    connection.execute(adding, rows)


def _difference(row: sa.Row[Any]) -> Difference:
    before, after = Action(row.before), Action(row.after)
    return Difference(
        row.comment_id,
        row.site,
        comment_of(row),
        row.current,
        row.promotional_before,
        row.promotional_after,
        before,
        after,
    )
