"""Articles that are to be fetched by their address."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PLANNED = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "article_hosts",
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("site_id", "host"),
    )
    op.create_table(
        "fetches",
        sa.Column("article_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_index("ix_fetches_due", "fetches", ["due_at"], sqlite_where=PLANNED, postgresql_where=PLANNED)
    op.create_index("ix_fetches_site_id_tried_at", "fetches", ["site_id", "tried_at"])
