"""The tables of events and where they go, apart from the others because there are many."""

import sqlalchemy as sa

from moderation.storage.columns import Number, comment, number, partial, site, text, when
from moderation.storage.tables import metadata

endpoints = sa.Table(
    "endpoints",
    metadata,
    site(primary_key=True, autoincrement=False),
    sa.Column("target", sa.Text, primary_key=True),
    text("url"),
    text("secret"),
    text("former_secret"),
    when("former_ends_at", nullable=True),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    text("trouble"),  # why it was switched off, where that was not a person
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),  # in a row
    when("paused_until", nullable=True),
    when("served_at", nullable=True),
    sa.Column("delivered", Number, nullable=False, server_default="0"),
    sa.Column("failed", Number, nullable=False, server_default="0"),
    when("created_at"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    number(),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    site(),
    sa.Column("target", sa.Text, nullable=False),
    comment(index=True),
    text("event"),
    sa.Column("payload", sa.Text, nullable=False),  # JSON
    when("made_at"),
    when("due_at"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    text("lease"),
    when("lease_ends_at", nullable=True),
    when("delivered_at", nullable=True),
    when("given_up_at", nullable=True),
    sa.Index(None, "site_id", "target", "id"),
)
_o = outbox.c
PENDING = sa.and_(_o.delivered_at.is_(None), _o.given_up_at.is_(None))
partial("ix_outbox_due", _o.site_id, _o.target, _o.due_at, _o.id, where=PENDING)
partial("ix_outbox_turn", _o.comment_id, _o.target, _o.id, where=PENDING)

deliveries = sa.Table(
    "deliveries",
    metadata,
    number(),
    sa.Column("outbox_id", Number, sa.ForeignKey("outbox.id"), nullable=False, index=True),
    when("made_at"),
    sa.Column("status", sa.Integer),  # None: no answer
    text("error"),
    sa.Column("duration_s", sa.Float, nullable=False),
)

akismet_callbacks = sa.Table(
    "akismet_callbacks",
    metadata,
    comment(primary_key=True, autoincrement=False),
    text("url"),
    sa.Column("said_spam", sa.Boolean, nullable=False),
)
