"""The tables and their indexes, as the newest migration leaves them. Says nothing of what is done with them.

Held comments, a hundredth of all, carry most of the indexes: these are partial, so that a published comment costs few
writes and the queue's pages cost the same however many comments are stored.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from moderation.comment import Manner
from moderation.storage.columns import Number, PlainText, comment, number, partial, site, text, when

HELD = sa.text("status = 'held'")
WAITING = sa.text("article_version = 0 AND article_id IS NOT NULL AND purged_at IS NULL")
"""Literals, since neither database matches a bound parameter with a partial index."""

metadata = sa.MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)


def upsert(table: sa.Table, dialect: str) -> Any:
    """Give an INSERT that knows ON CONFLICT, in the words of the database."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


sites = sa.Table(
    "sites",
    metadata,
    number(),
    sa.Column("name", PlainText, nullable=False, unique=True),
    when("created_at"),
    sa.Column("hold", sa.Float),
    sa.Column("reject", sa.Float),
    sa.Column("hold_off_topic", sa.Float),
    sa.Column("hold_new_authors", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("watch_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("akismet_passes_held", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("akismet_discards", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("rules_version", Number, nullable=False, server_default="1"),
)

site_keys = sa.Table(
    "site_keys",
    metadata,
    number(),
    site(index=True),
    sa.Column("kind", PlainText, nullable=False, server_default="site"),
    sa.Column("key_hash", sa.LargeBinary(32), nullable=False, unique=True),
    when("created_at"),
    when("ends_at", nullable=True),
)

site_rules = sa.Table(
    "site_rules",
    metadata,
    number(),
    site(),
    text("kind"),
    text("value"),
    text("action"),
    when("created_at"),
    text("created_by"),
    sa.UniqueConstraint("site_id", "kind", "value"),
)

articles = sa.Table(
    "articles",
    metadata,
    number(),
    site(),
    sa.Column("name", PlainText, nullable=False),  # see articles.name_of
    text("url"),
    sa.Column("url_key", Number),  # its hash: an address may be longer than an index takes
    text("title"),
    text("body"),
    when("published_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),  # 0: named by a comment, not yet sent
    sa.UniqueConstraint("site_id", "name"),
    sa.Index(None, "site_id", "url_key"),
)

comments = sa.Table(
    "comments",
    metadata,
    number(),
    site(),
    sa.Column("name", PlainText, nullable=False),  # the publication's id
    sa.Column("article_id", Number, sa.ForeignKey("articles.id")),
    text("parent", None),
    text("body"),
    text("author_name"),
    text("author_url"),
    text("author_email"),
    text("author_ip"),
    text("author_agent"),
    sa.Column("manner", PlainText, nullable=False, server_default=Manner.ORDINARY.value),
    when("created_at", nullable=True),
    when("received_at"),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    text("status"),
    text("action"),
    text("rule"),
    text("decision", None),  # the one that stands
    sa.Column("promotional", sa.Float, nullable=False),
    sa.Column("off_topic", sa.Float),
    sa.Column("doubt", sa.Float, nullable=False),  # distance of ``promotional`` from one half
    sa.Column("reasons", sa.Text, nullable=False),  # JSON
    text("signal"),  # of the strongest reason
    text("release"),
    sa.Column("article_version", sa.Integer, nullable=False),  # of the article that the score knew; 0: none
    text("language"),
    sa.Column("author_key", Number),
    sa.Column("author_name_key", Number),
    when("purged_at", nullable=True),
    sa.UniqueConstraint("site_id", "name"),
    sa.Index(None, "site_id", "status", "received_at", "id"),
    sa.Index(None, "site_id", "author_key", "received_at"),
    sa.Index(None, "site_id", "author_name_key", "received_at"),
    sa.Index(None, "status", "received_at", "id"),
)
_c = comments.c
partial("ix_held_site_promotional", _c.site_id, _c.promotional, _c.id, where=HELD)
partial("ix_held_site_doubt", _c.site_id, _c.doubt, _c.id, where=HELD)
partial("ix_held_promotional", _c.promotional, _c.id, where=HELD)
partial("ix_held_doubt", _c.doubt, _c.id, where=HELD)
partial("ix_held_signal", _c.site_id, _c.signal, _c.promotional, _c.id, where=HELD)
partial("ix_held_language", _c.site_id, _c.language, _c.promotional, _c.id, where=HELD)
partial("ix_comments_article", _c.article_id, _c.received_at, where=_c.article_id.is_not(None))
partial(
    "ix_comments_waiting",
    _c.article_id,
    _c.id,
    where=WAITING,
)
partial("ix_comments_unpurged", _c.received_at, _c.id, where=_c.purged_at.is_(None))

revisions = sa.Table(
    "revisions",
    metadata,
    comment(primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    text("body"),
    when("replaced_at"),
)

scores = sa.Table(
    "scores",
    metadata,
    number(),
    comment(index=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("promotional", sa.Float, nullable=False),
    sa.Column("off_topic", sa.Float),
    sa.Column("reasons", sa.Text, nullable=False),
    text("release"),
    sa.Column("article_version", sa.Integer, nullable=False),
    text("action"),
    text("rule"),
    when("replaced_at"),
)

decisions = sa.Table(
    "decisions",
    metadata,
    number(),
    site(),
    comment(),
    sa.Column("undoes", Number, sa.ForeignKey("decisions.id"), unique=True),  # None: a decision, else an undo
    text("decision"),
    text("decision_before", None),
    text("status_before"),
    text("status_after"),
    sa.Column("revision", sa.Integer, nullable=False),
    text("action"),  # what had been advised
    text("signal"),
    text("made_by"),
    sa.Column("user_id", Number, sa.ForeignKey("users.id")),
    text("batch"),
    when("made_at"),
    sa.Column("waited_s", sa.Float, nullable=False),
    sa.Index(None, "comment_id", "id"),
    sa.Index(None, "site_id", "id"),
    sa.Index(None, "made_by", "id"),
    sa.Index(None, "user_id", "id"),
    sa.Index(None, "batch"),
    sa.Index(None, "site_id", "made_at"),
    sa.Index(None, "made_at"),
)

campaign_keys = sa.Table(
    "campaign_keys",
    metadata,
    sa.Column("key", Number, primary_key=True, autoincrement=False),
    sa.Column("site_id", Number, primary_key=True, autoincrement=False),
    comment(primary_key=True, index=True, autoincrement=False),
    sqlite_with_rowid=False,
)

corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("site_id", Number, sa.ForeignKey("sites.id"), primary_key=True, autoincrement=False),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    text("release"),
    sa.Column("decisions", sa.Integer, nullable=False, server_default="0"),
    sa.Column("weights", sa.LargeBinary, nullable=False),  # see detection.adaptation
    when("changed_at"),
)

claims = sa.Table(
    "claims",
    metadata,
    comment(primary_key=True, autoincrement=False),
    sa.Column("user_id", Number, sa.ForeignKey("users.id"), nullable=False, index=True),
    when("ends_at"),
)

selections = sa.Table(
    "selections",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", Number, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("seen", sa.Text, nullable=False),  # JSON: pairs of number and version
    when("made_at"),
)

tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("site_id", Number, primary_key=True, autoincrement=False),
    sa.Column("facet", sa.Text, primary_key=True),
    sa.Column("value", PlainText, primary_key=True),
    sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("n", Number, nullable=False),
)

users = sa.Table(
    "users",
    metadata,
    number(),
    sa.Column("email", PlainText, nullable=False, unique=True),
    text("role"),
    text("password_hash"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    when("created_at"),
    when("last_seen_at", nullable=True),
)

invitations = sa.Table(
    "invitations",
    metadata,
    number(),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("user_id", Number, sa.ForeignKey("users.id"), index=True),  # None: the first administrator
    when("ends_at"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    number(),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("user_id", Number, sa.ForeignKey("users.id"), nullable=False, index=True),
    when("started_at"),
    when("last_seen_at"),
    text("device"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("key_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    when("first_at"),
)
