"""Keys of a kind, how a comment was sent, and what a site wants Akismet's protocol to say."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("site_keys", sa.Column("kind", sa.Text(), server_default="site", nullable=False))
    op.add_column("comments", sa.Column("manner", sa.Text(), server_default="ordinary", nullable=False))
    for name in ("akismet_passes_held", "akismet_discards"):
        op.add_column("sites", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
