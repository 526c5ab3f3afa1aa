"""What people decided of comments whose text is still here, as labels that releases are compared on.

One label a comment: the decision that stands. ``reject_other`` says nothing of promotion, and off-topic is no word on
it either; both are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Article, Comment, Decision
from moderation.storage.articles import whole
from moderation.storage.comments import comment_of
from moderation.storage.tables import comments, decisions, sites

_AT_ONCE = 1_000
_SAYING = (Decision.APPROVE.value, Decision.REJECT_PROMOTIONAL.value)


@dataclass(frozen=True, slots=True)
class Label:
    """A comment with its article, and whether a person called it promotional; ``made_at`` is the decision's time."""

    site: str
    comment: Comment
    article: Article | None
    promotional: bool
    made_at: datetime


def newest(connection: Connection, most: int) -> Iterator[Label]:
    """The labels that were made last, newest first."""
    log = decisions.alias()  # its last line is the decision that stands, or the undo that let it stand again
    last = sa.select(sa.func.max(log.c.id)).where(log.c.comment_id == comments.c.id).scalar_subquery()
    query = (
        sa.select(comments, decisions.c.made_at, sites.c.name.label("site"))
        .join(decisions, decisions.c.comment_id == comments.c.id)
        .join(sites, sites.c.id == comments.c.site_id)
        .where(comments.c.decision.in_(_SAYING), comments.c.purged_at.is_(None))
        .where(decisions.c.id == last)
        .order_by(decisions.c.id.desc())
        .limit(most)
    )
    rows = list(connection.execute(query))
    for begin in range(0, len(rows), _AT_ONCE):
        part = rows[begin : begin + _AT_ONCE]
        known = whole(connection, sorted({row.article_id for row in part if row.article_id is not None}))
        for row in part:
            promotional = row.decision == Decision.REJECT_PROMOTIONAL
            yield Label(row.site, comment_of(row), known.get(row.article_id), promotional, row.made_at)
