"""Secrets that sign calls, the calls that were taken, and what Coral calls our comments."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _secrets()
    _calls()
    _coral()


def _secrets() -> None:
    op.create_table(
        "site_secrets",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("door", sa.Text(), server_default="", nullable=False),
        sa.Column("secret", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_site_secrets_door_site_id", "site_secrets", ["door", "site_id"])


def _calls() -> None:
    op.create_table(
        "signed_calls",
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("site_id", "message_id"),
    )
    op.create_index("ix_signed_calls_taken_at", "signed_calls", ["taken_at"])


def _coral() -> None:
    op.create_table(
        "coral_comments",
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("coral_id", sa.Text(), nullable=False),
        sa.Column("revision_id", sa.Text(), server_default="", nullable=False),
        sa.Column("comment_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("site_id", "coral_id"),
    )
    op.create_index("ix_coral_comments_comment_id", "coral_comments", ["comment_id"])
    op.create_table(
        "coral_events",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("coral_id", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_coral_events_due_at", "coral_events", ["due_at"])
