"""The tables and their indexes, as the newest migration leaves them. Says nothing of what is done with them.

Held comments, a hundredth of all, carry most of the indexes: these are partial, so that a published comment costs few
writes and the queue's pages cost the same however many comments are stored.
"""

import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

HELD = sa.text("status = 'held'")
WAITING = sa.text("article_version = 0 AND article_id IS NOT NULL AND purged_at IS NULL")
"""Literals, since neither database matches a bound parameter with a partial index."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Put U+FFFD where PostgreSQL or UTF-8 can not hold a code point, so that spans keep their places."""
    return _UNSTORABLE.sub("\ufffd", text)


class PlainText(sa.TypeDecorator[str]):
    """Any text, made storable; enumerations as their value."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Give the text as it is stored."""
        return None if value is None else storable(str.__str__(value))


class Moment(sa.TypeDecorator[datetime]):
    """A moment in UTC, with its zone in Python on either database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC, without its zone where the database keeps none."""
        if value is None:
            return None
        try:
            value = value.astimezone(UTC)
        except OverflowError:  # a year before 1 or after 9999 in UTC: Python could not read it again
            value = (datetime.min if value.year < 2 else datetime.max).replace(tzinfo=UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def upsert(table: sa.Table, dialect: str) -> Any:
    """Give an INSERT that knows ON CONFLICT, in the words of the database."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
metadata = sa.MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)


def _number(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, Number, primary_key=True, autoincrement=True)


def _site(**options: Any) -> sa.Column[int]:
    return sa.Column("site_id", Number, sa.ForeignKey("sites.id"), nullable=False, **options)


def _comment(**options: Any) -> sa.Column[int]:
    return sa.Column("comment_id", Number, sa.ForeignKey("comments.id"), nullable=False, **options)


def _text(name: str, default: str | None = "") -> sa.Column[str]:
    return sa.Column(name, PlainText, nullable=default is None, server_default=default)


def _when(name: str, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, Moment, nullable=nullable)


def _partial(name: str, *columns: Any, where: Any, unique: bool = False) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


sites = sa.Table(
    "sites",
    metadata,
    _number(),
    sa.Column("name", PlainText, nullable=False, unique=True),
    _when("created_at"),
    sa.Column("hold", sa.Float),
    sa.Column("reject", sa.Float),
    sa.Column("hold_off_topic", sa.Float),
    sa.Column("hold_new_authors", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("watch_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("rules_version", Number, nullable=False, server_default="1"),
)

site_keys = sa.Table(
    "site_keys",
    metadata,
    _number(),
    _site(index=True),
    sa.Column("key_hash", sa.LargeBinary(32), nullable=False, unique=True),
    _when("created_at"),
    _when("ends_at", nullable=True),
)

site_rules = sa.Table(
    "site_rules",
    metadata,
    _number(),
    _site(),
    _text("kind"),
    _text("value"),
    _text("action"),
    _when("created_at"),
    _text("created_by"),
    sa.UniqueConstraint("site_id", "kind", "value"),
)

articles = sa.Table(
    "articles",
    metadata,
    _number(),
    _site(),
    sa.Column("name", PlainText, nullable=False),  # see articles.name_of
    _text("url"),
    sa.Column("url_key", Number),  # its hash: an address may be longer than an index takes
    _text("title"),
    _text("body"),
    _when("published_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),  # 0: named by a comment, not yet sent
    sa.UniqueConstraint("site_id", "name"),
    sa.Index(None, "site_id", "url_key"),
)

comments = sa.Table(
    "comments",
    metadata,
    _number(),
    _site(),
    sa.Column("name", PlainText, nullable=False),  # the publication's id
    sa.Column("article_id", Number, sa.ForeignKey("articles.id")),
    _text("parent", None),
    _text("body"),
    _text("author_name"),
    _text("author_url"),
    _text("author_email"),
    _text("author_ip"),
    _text("author_agent"),
    _when("created_at", nullable=True),
    _when("received_at"),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    _text("status"),
    _text("action"),
    _text("rule"),
    _text("decision", None),  # the one that stands
    sa.Column("promotional", sa.Float, nullable=False),
    sa.Column("off_topic", sa.Float),
    sa.Column("doubt", sa.Float, nullable=False),  # distance of ``promotional`` from one half
    sa.Column("reasons", sa.Text, nullable=False),  # JSON
    _text("signal"),  # of the strongest reason
    _text("release"),
    sa.Column("article_version", sa.Integer, nullable=False),  # of the article that the score knew; 0: none
    _text("language"),
    sa.Column("author_key", Number),
    sa.Column("author_name_key", Number),
    _when("purged_at", nullable=True),
    sa.UniqueConstraint("site_id", "name"),
    sa.Index(None, "site_id", "status", "received_at", "id"),
    sa.Index(None, "site_id", "author_key", "received_at"),
    sa.Index(None, "site_id", "author_name_key", "received_at"),
    sa.Index(None, "status", "received_at", "id"),
)
_c = comments.c
_partial("ix_held_site_promotional", _c.site_id, _c.promotional, _c.id, where=HELD)
_partial("ix_held_site_doubt", _c.site_id, _c.doubt, _c.id, where=HELD)
_partial("ix_held_promotional", _c.promotional, _c.id, where=HELD)
_partial("ix_held_doubt", _c.doubt, _c.id, where=HELD)
_partial("ix_held_signal", _c.site_id, _c.signal, _c.promotional, _c.id, where=HELD)
_partial("ix_held_language", _c.site_id, _c.language, _c.promotional, _c.id, where=HELD)
_partial("ix_comments_article", _c.article_id, _c.received_at, where=_c.article_id.is_not(None))
_partial(
    "ix_comments_waiting",
    _c.article_id,
    _c.id,
    where=WAITING,
)
_partial("ix_comments_unpurged", _c.received_at, _c.id, where=_c.purged_at.is_(None))

revisions = sa.Table(
    "revisions",
    metadata,
    _comment(primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    _text("body"),
    _when("replaced_at"),
)

scores = sa.Table(
    "scores",
    metadata,
    _number(),
    _comment(index=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("promotional", sa.Float, nullable=False),
    sa.Column("off_topic", sa.Float),
    sa.Column("reasons", sa.Text, nullable=False),
    _text("release"),
    sa.Column("article_version", sa.Integer, nullable=False),
    _text("action"),
    _text("rule"),
    _when("replaced_at"),
)

decisions = sa.Table(
    "decisions",
    metadata,
    _number(),
    _site(),
    _comment(),
    sa.Column("undoes", Number, sa.ForeignKey("decisions.id"), unique=True),  # None: a decision, else an undo
    _text("decision"),
    _text("decision_before", None),
    _text("status_before"),
    _text("status_after"),
    sa.Column("revision", sa.Integer, nullable=False),
    _text("action"),  # what had been advised
    _text("signal"),
    _text("made_by"),
    sa.Column("user_id", Number, sa.ForeignKey("users.id")),
    _text("batch"),
    _when("made_at"),
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
    _comment(primary_key=True, index=True, autoincrement=False),
    sqlite_with_rowid=False,
)

claims = sa.Table(
    "claims",
    metadata,
    _comment(primary_key=True, autoincrement=False),
    sa.Column("user_id", Number, sa.ForeignKey("users.id"), nullable=False, index=True),
    _when("ends_at"),
)

selections = sa.Table(
    "selections",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", Number, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("seen", sa.Text, nullable=False),  # JSON: pairs of number and version
    _when("made_at"),
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

outbox = sa.Table(
    "outbox",
    metadata,
    _number(),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    _site(),
    _comment(index=True),
    _text("event"),
    sa.Column("payload", sa.Text, nullable=False),  # JSON
    _when("made_at"),
    _when("delivered_at", nullable=True),
)
_partial("ix_outbox_due", outbox.c.id, where=outbox.c.delivered_at.is_(None))

users = sa.Table(
    "users",
    metadata,
    _number(),
    sa.Column("email", PlainText, nullable=False, unique=True),
    _text("role"),
    _text("password_hash"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    _when("created_at"),
    _when("last_seen_at", nullable=True),
)

invitations = sa.Table(
    "invitations",
    metadata,
    _number(),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("user_id", Number, sa.ForeignKey("users.id"), index=True),  # None: the first administrator
    _when("ends_at"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    _number(),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("user_id", Number, sa.ForeignKey("users.id"), nullable=False, index=True),
    _when("started_at"),
    _when("last_seen_at"),
    _text("device"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("key_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    _when("first_at"),
)
