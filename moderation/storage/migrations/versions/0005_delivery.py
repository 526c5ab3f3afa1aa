"""Where events go, what became of each attempt, and whose turn is next."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PENDING = sa.text("delivered_at IS NULL AND given_up_at IS NULL")


def upgrade() -> None:
    """Make the outbox anew: nothing was ever delivered from the old one, as no site could say where to."""
    op.drop_table("outbox")
    _endpoints()
    _outbox()
    _attempts()


def _endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("secret", sa.Text(), server_default="", nullable=False),
        sa.Column("former_secret", sa.Text(), server_default="", nullable=False),
        sa.Column("former_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered", NUMBER, server_default="0", nullable=False),
        sa.Column("failed", NUMBER, server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("site_id", "target"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("comment_id", NUMBER, nullable=False),
        sa.Column("event", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id", name="uq_outbox_message_id"),
    )
    op.create_index("ix_outbox_comment_id", "outbox", ["comment_id"])
    op.create_index("ix_outbox_site_id_target_id", "outbox", ["site_id", "target", "id"])
    due = ["site_id", "target", "due_at", "id"]
    op.create_index("ix_outbox_due", "outbox", due, sqlite_where=PENDING, postgresql_where=PENDING)
    turn = ["comment_id", "target", "id"]
    op.create_index("ix_outbox_turn", "outbox", turn, sqlite_where=PENDING, postgresql_where=PENDING)


def _attempts() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("outbox_id", NUMBER, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_deliveries_outbox_id", "deliveries", ["outbox_id"])
