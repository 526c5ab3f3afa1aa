"""What Akismet's protocol needs to find a comment again."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Change nothing yet."""
