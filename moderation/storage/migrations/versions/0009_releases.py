"""What a release in the shadow says of comments that another one scored."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables of shadows."""
    op.create_table(
        "shadows",
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upto", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("release"),
    )
    op.create_table(
        "shadow_counts",
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("current", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("n", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("release", "current", "before", "after"),
    )
    op.create_table(
        "shadow_scores",
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("comment_id", NUMBER, nullable=False),
        sa.Column("current", sa.Text(), server_default="", nullable=False),
        sa.Column("promotional_before", sa.Float(), nullable=False),
        sa.Column("promotional_after", sa.Float(), nullable=False),
        sa.Column("before", sa.Text(), server_default="", nullable=False),
        sa.Column("after", sa.Text(), server_default="", nullable=False),
        sa.Column("gap", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"]),
        sa.PrimaryKeyConstraint("release", "comment_id"),
    )
    op.create_index("ix_shadow_scores_comment_id", "shadow_scores", ["comment_id"])
    op.create_index("ix_shadow_scores_release_gap", "shadow_scores", ["release", "gap"])
