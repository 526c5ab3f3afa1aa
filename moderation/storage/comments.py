"""Comments as they came, with the score that counts now; former texts and former scores stand in tables of their own.

A comment's row holds all that its check writes, since most comments are never looked at again.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Action, Article, Author, Comment, Decision, Manner, Reason, Score, Status
from moderation.storage import bulk, campaigns, tallies
from moderation.storage.articles import id_in
from moderation.storage.columns import storable
from moderation.storage.records import AuthorHistory, StoredComment
from moderation.storage.tables import (
    WAITING,
    articles,
    claims,
    comments,
    revisions,
    scores,
    sites,
    users,
)

_AUTHOR_SEEN = 1_000
_to_json = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Judged:
    """A score and what followed from it. ``article_version`` is that of the article it knew, 0 for none."""

    score: Score
    action: Action
    status: Status
    rule: str
    article_version: int = 0
    language: str = ""


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int | None]:
    """Store new comments, as ``new_row`` made them, and give their numbers; None where a site has one of this id.

    They are written in one order, so that no two writers of the same comments wait for each other crosswise.
    """
    first = {(row["site_id"], storable(row["name"])): place for place, row in reversed(list(enumerate(rows)))}
    ordered = [rows[place] for _key, place in sorted(first.items())]
    added: list[int | None] = [None] * len(rows)
    unless_known = "ON CONFLICT (site_id, name) DO NOTHING RETURNING id, site_id, name"
    for number, site_id, name in bulk.insert(connection, comments, ordered, unless_known):
        added[first[site_id, name]] = number
    new = [row for row, number in zip(rows, added, strict=True) if number is not None]
    tallies.receive(connection, [(_standing(row), Action(row["action"])) for row in new])
    return added


def new_row(site_id: int, comment: Comment, judged: Judged, *, now: datetime) -> dict[str, Any]:
    """The row of a comment that was never stored before."""
    values = {"site_id": site_id, "name": comment.id, "article_id": None, "received_at": now}
    return {**values, "revision": 1, "version": 1, **_sent(comment), **_judged(judged)}


def revise(
    connection: Connection,
    row: sa.Row[Any],
    comment: Comment,
    judged: Judged,
    *,
    article_number: int | None,
    now: datetime,
) -> None:
    """Put a changed text with its score in place of the stored one, which is kept as a former revision."""
    former = {"comment_id": row.id, "revision": row.revision, "body": row.body, "replaced_at": now}
    connection.execute(sa.insert(revisions), former)
    values = {"revision": row.revision + 1, "version": row.version + 1, "decision": None, "purged_at": None}
    values["article_id"] = article_number
    tallies.move(connection, [_replace_score(connection, row, judged, values | _sent(comment), now)])


def rescore(
    connection: Connection, row: sa.Row[Any], judged: Judged, *, article_number: int, now: datetime
) -> tallies.Move:
    """Put a new score of the same text in place of the stored one; only a new status makes a new version.

    The caller counts the move that it gives, together with those of other comments: see ``tallies.move``.
    """
    version = row.version + (judged.status != row.status)
    return _replace_score(connection, row, judged, {"article_id": article_number, "version": version}, now)


def _replace_score(
    connection: Connection, row: sa.Row[Any], judged: Judged, values: dict[str, Any], now: datetime
) -> tallies.Move:
    kept = ("revision", "promotional", "off_topic", "reasons", "release", "article_version", "action", "rule")
    former = {name: getattr(row, name) for name in kept} | {"comment_id": row.id, "replaced_at": now}
    connection.execute(sa.insert(scores), former)
    values |= _judged(judged)
    connection.execute(sa.update(comments).where(comments.c.id == row.id).values(values))
    before = {name: getattr(row, name) for name in tallies.Standing._fields}
    return _standing(before), _standing(before | values)


def lock(connection: Connection, numbers: Sequence[int]) -> list[sa.Row[Any]]:
    """The rows of these comments by number, which nobody else changes until the transaction ends."""
    query = (
        sa.select(comments).where(comments.c.id.in_(numbers)).order_by(comments.c.id).with_for_update(key_share=True)
    )
    return list(connection.execute(query))


def named(connection: Connection, site_id: int, name: str, *, lock: bool = False) -> sa.Row[Any]:
    """The row of a site's comment that is known to be there; locked, nobody else changes it in this transaction."""
    query = sa.select(comments).where(comments.c.site_id == site_id, comments.c.name == storable(name))
    return connection.execute(query.with_for_update(key_share=True) if lock else query).one()


def is_waited_for(connection: Connection, article_number: int) -> bool:
    """Whether comments were scored before an article came."""
    query = sa.select(comments.c.id).where(comments.c.article_id == article_number, WAITING).limit(1)
    return connection.execute(query).first() is not None


def stands_under(connection: Connection, article_number: int) -> bool:
    """Whether any comment stands under an article's number."""
    query = sa.select(comments.c.id).where(comments.c.article_id == article_number).limit(1)
    return connection.execute(query).first() is not None


def waiting(connection: Connection, article_number: int, limit: int) -> list[sa.Row[Any]]:
    """Comments that were scored before an article came, locked."""
    query = sa.select(comments).where(comments.c.article_id == article_number, WAITING)
    return list(connection.execute(query.order_by(comments.c.id).limit(limit).with_for_update(key_share=True)))


def number_of(connection: Connection, site_id: int, name: str) -> int | None:
    """The store's number of a site's comment."""
    query = sa.select(comments.c.id).where(comments.c.site_id == site_id, comments.c.name == name)
    return connection.execute(query).scalar()


def action_of(connection: Connection, number: int) -> Action:
    """What the service advised for a comment's text as it is."""
    return Action(connection.execute(sa.select(comments.c.action).where(comments.c.id == number)).scalar_one())


def has_published(connection: Connection, site_id: int, author_key: int, before: datetime) -> bool:
    """Whether an author of this key has a comment on a site that came before and is published."""
    mine = (comments.c.site_id == site_id, comments.c.author_key == author_key, comments.c.received_at < before)
    query = sa.select(comments.c.id).where(*mine, comments.c.status == Status.PUBLISHED.value).limit(1)
    return connection.execute(query).first() is not None


def find(connection: Connection, *where: sa.ColumnElement[bool], now: datetime) -> StoredComment | None:
    """The one stored comment that all conditions hold for."""
    row = connection.execute(view(now).where(*where)).first()
    return None if row is None else stored(row)


def parent(connection: Connection, number: int, now: datetime) -> StoredComment | None:
    """The comment that this one answers, where it is stored."""
    answer = connection.execute(sa.select(comments.c.site_id, comments.c.parent).where(comments.c.id == number)).first()
    if answer is None or answer.parent is None:
        return None
    return find(connection, comments.c.site_id == answer.site_id, comments.c.name == answer.parent, now=now)


def author_histories(connection: Connection, numbers: Sequence[int]) -> dict[int, AuthorHistory]:
    """What the author of each of these comments did on its site before, of the last so many comments."""
    named = ("id", "site_id", "author_key", "received_at")
    query = sa.select(*(comments.c[name] for name in named)).where(comments.c.id.in_(numbers))
    return {row.id: _author_history(connection, row) for row in connection.execute(query)}


def _author_history(connection: Connection, of: sa.Row[Any]) -> AuthorHistory:
    if of.author_key is None:
        return AuthorHistory(0, 0, 0, None)
    mine = (comments.c.site_id == of.site_id, comments.c.author_key == of.author_key, comments.c.id != of.id)
    query = sa.select(comments.c.decision, comments.c.received_at).where(
        *mine, comments.c.received_at <= of.received_at
    )
    before = query.order_by(comments.c.received_at.desc()).limit(_AUTHOR_SEEN)
    rows = list(connection.execute(before))
    approved = sum(row.decision == Decision.APPROVE for row in rows)
    rejected = sum(row.decision is not None for row in rows) - approved
    first_seen = rows[-1].received_at if rows else None
    if len(rows) == _AUTHOR_SEEN:
        first_seen = connection.execute(sa.select(sa.func.min(comments.c.received_at)).where(*mine)).scalar()
    return AuthorHistory(len(rows), approved, rejected, first_seen)


def last(connection: Connection, site_id: int, limit: int, now: datetime) -> tuple[StoredComment, ...]:
    """A site's last comments that still have their text, newest first."""
    newest: list[StoredComment] = []
    for status in Status:
        mine = (comments.c.site_id == site_id, comments.c.status == status.value, comments.c.purged_at.is_(None))
        query = view(now).where(*mine).order_by(comments.c.received_at.desc(), comments.c.id.desc()).limit(limit)
        newest.extend(map(stored, connection.execute(query)))
    newest.sort(key=lambda item: (item.received_at, item.number), reverse=True)
    return tuple(newest[:limit])


def view(now: datetime) -> sa.Select[Any]:
    """The query whose rows ``stored`` reads."""
    open_now = sa.and_(claims.c.comment_id == comments.c.id, claims.c.ends_at > now)
    source = (
        comments.join(sites, sites.c.id == comments.c.site_id)
        .outerjoin(articles, articles.c.id == comments.c.article_id)
        .outerjoin(claims, open_now)
        .outerjoin(users, users.c.id == claims.c.user_id)
    )
    return sa.select(
        comments,
        sites.c.name.label("site_name"),
        articles.c.name.label("article_name"),
        articles.c.url.label("article_url"),
        articles.c.title.label("article_title"),
        articles.c.published_at.label("article_published_at"),
        users.c.email.label("opened_by"),
    ).select_from(source)


def stored(row: sa.Row[Any]) -> StoredComment:
    """Read a row of ``view``."""
    return StoredComment(
        number=row.id,
        site=row.site_name,
        comment=comment_of(row),
        article=_article(row),
        score=score_of(row),
        action=Action(row.action),
        rule=row.rule,
        status=Status(row.status),
        revision=row.revision,
        version=row.version,
        received_at=row.received_at,
        decision=None if row.decision is None else Decision(row.decision),
        language=row.language,
        purged=row.purged_at is not None,
        opened_by=row.opened_by or "",
    )


def comment_of(row: sa.Row[Any]) -> Comment:
    """The comment of a row, as it was sent."""
    author = Author(row.author_name, row.author_url, row.author_email, row.author_ip, row.author_agent)
    return Comment(row.body, row.name, row.created_at, row.parent, author, Manner(row.manner))


def score_of(row: sa.Row[Any]) -> Score:
    """The score of a row."""
    return Score(row.promotional, row.off_topic, read_reasons(row.reasons), row.release)


def read_reasons(text: str) -> tuple[Reason, ...]:
    """Reasons as ``write_reasons`` wrote them."""
    return tuple(
        Reason(signal, field, None if span is None else (span[0], span[1]), seen, weight)
        for signal, field, span, seen, weight in json.loads(text)
    )


def write_reasons(reasons: Iterable[Reason]) -> str:
    """Reasons as JSON in ASCII, which every database holds."""
    return _to_json(reasons if isinstance(reasons, tuple) else tuple(reasons))


def strongest_signal(reasons: Iterable[Reason]) -> str:
    """The name of the reason that speaks most for promotion, empty where none does."""
    speaking = [reason for reason in reasons if reason.weight > 0 and reason.signal != "rest"]
    return max(speaking, key=lambda reason: reason.weight).signal if speaking else ""


def _article(row: sa.Row[Any]) -> Article | None:
    if row.article_name is None:
        return None
    return Article(id_in(row.article_name), row.article_title, "", row.article_url, row.article_published_at)


def _sent(comment: Comment) -> dict[str, Any]:
    author = comment.author
    return {
        "parent": comment.parent_id,
        "body": comment.body,
        "author_name": author.name,
        "author_url": author.url,
        "author_email": author.email,
        "author_ip": author.ip,
        "author_agent": author.user_agent,
        "manner": comment.manner,
        "created_at": comment.created_at,
        "author_key": campaigns.author_key(author),
        "author_name_key": campaigns.name_key(author.name),
    }


def _judged(judged: Judged) -> dict[str, Any]:
    score = judged.score
    return {
        "status": judged.status.value,
        "action": judged.action.value,
        "rule": judged.rule,
        "promotional": score.promotional,
        "off_topic": score.off_topic,
        "doubt": abs(score.promotional - 0.5),
        "reasons": write_reasons(score.reasons),
        "signal": strongest_signal(score.reasons),
        "release": score.release,
        "article_version": judged.article_version,
        "language": judged.language,
    }


def _standing(values: dict[str, Any]) -> tallies.Standing:
    return tallies.Standing(*(values[name] for name in tallies.Standing._fields))
