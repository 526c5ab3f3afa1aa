"""Keys of a kind, how a comment was sent, what a site wants Akismet's protocol to say, and whom to tell later."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("site_keys", sa.Column("kind", sa.Text(), server_default="site", nullable=False))
    op.add_column("comments", sa.Column("manner", sa.Text(), server_default="ordinary", nullable=False))
    for name in ("akismet_passes_held", "akismet_discards"):
        op.add_column("sites", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "akismet_callbacks",
        sa.Column("comment_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("said_spam", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"]),
        sa.PrimaryKeyConstraint("comment_id"),
    )
