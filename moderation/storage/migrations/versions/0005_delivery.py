"""Where events go, what became of each attempt, and whose turn is next."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Change nothing yet."""
