"""The tables of releases that score in the shadow, apart from the others because little uses them."""

import sqlalchemy as sa

from moderation.storage.columns import Number, comment, text, when
from moderation.storage.tables import metadata

shadows = sa.Table(
    "shadows",
    metadata,
    sa.Column("release", sa.Text, primary_key=True),
    when("since"),
    sa.Column("upto", Number, nullable=False),  # the last comment that it was given
)

shadow_counts = sa.Table(
    "shadow_counts",
    metadata,
    sa.Column("release", sa.Text, primary_key=True),
    sa.Column("current", sa.Text, primary_key=True),
    sa.Column("before", sa.Text, primary_key=True),
    sa.Column("after", sa.Text, primary_key=True),
    sa.Column("n", Number, nullable=False),
)

shadow_scores = sa.Table(
    "shadow_scores",
    metadata,
    sa.Column("release", sa.Text, primary_key=True),
    comment(primary_key=True, autoincrement=False, index=True),
    text("current"),
    sa.Column("promotional_before", sa.Float, nullable=False),
    sa.Column("promotional_after", sa.Float, nullable=False),
    text("before"),
    text("after"),
    sa.Column("gap", sa.Float, nullable=False),  # between the probabilities
    sa.Index(None, "release", "gap"),
)
