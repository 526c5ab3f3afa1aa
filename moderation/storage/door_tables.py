"""The tables of the doors whose calls are signed: see ``tables``."""

import sqlalchemy as sa

from moderation.storage.columns import PlainText, comment, number, site, text, when
from moderation.storage.tables import metadata

site_secrets = sa.Table(
    "site_secrets",
    metadata,
    number(),
    site(),
    text("door"),
    text("secret"),  # as it is: calls are verified with it
    when("created_at"),
    when("ends_at", nullable=True),
    sa.Index(None, "door", "site_id"),
)

signed_calls = sa.Table(
    "signed_calls",
    metadata,
    site(primary_key=True, autoincrement=False),
    sa.Column("message_id", PlainText, primary_key=True),
    when("taken_at"),
    sa.Index(None, "taken_at"),
)

coral_comments = sa.Table(
    "coral_comments",
    metadata,
    site(primary_key=True, autoincrement=False),
    sa.Column("coral_id", PlainText, primary_key=True),
    text("revision_id"),
    comment(index=True),
)

coral_events = sa.Table(
    "coral_events",
    metadata,
    number(),
    site(),
    text("coral_id"),
    when("due_at"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Index(None, "due_at"),
)
