"""The tables of articles that are fetched by their address."""

import sqlalchemy as sa

from moderation.storage.columns import Number, partial, site, text, when
from moderation.storage.tables import metadata

article_hosts = sa.Table(
    "article_hosts",
    metadata,
    site(primary_key=True, autoincrement=False),
    sa.Column("host", sa.Text, primary_key=True),
)

fetches = sa.Table(
    "fetches",
    metadata,
    sa.Column("article_id", Number, sa.ForeignKey("articles.id"), primary_key=True, autoincrement=False),
    site(),
    text("url"),
    when("due_at", nullable=True),  # None: nothing is planned
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    text("lease"),
    when("lease_ends_at", nullable=True),
    when("tried_at", nullable=True),
    when("fetched_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),  # the article's, that fetching made
    text("error"),
    sa.Index(None, "site_id", "tried_at"),
)
PLANNED = fetches.c.due_at.is_not(None)
partial("ix_fetches_due", fetches.c.due_at, where=PLANNED)
