"""Articles, comments, their former texts and scores, and what makes a campaign."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _articles()
    _comments()
    _comment_indexes()
    _campaign_keys()
    _revisions()
    _scores()


def _articles() -> None:
    op.create_table(
        "articles",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("url_key", NUMBER, nullable=True),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "name", name="uq_articles_site_id_name"),
    )
    op.create_index("ix_articles_site_id_url_key", "articles", ["site_id", "url_key"])


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("site_id", NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("article_id", NUMBER, nullable=True),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("author_name", sa.Text(), server_default="", nullable=False),
        sa.Column("author_url", sa.Text(), server_default="", nullable=False),
        sa.Column("author_email", sa.Text(), server_default="", nullable=False),
        sa.Column("author_ip", sa.Text(), server_default="", nullable=False),
        sa.Column("author_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), server_default="", nullable=False),
        sa.Column("rule", sa.Text(), server_default="", nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("promotional", sa.Float(), nullable=False),
        sa.Column("off_topic", sa.Float(), nullable=True),
        sa.Column("doubt", sa.Float(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), server_default="", nullable=False),
        sa.Column("release", sa.Text(), server_default="", nullable=False),
        sa.Column("article_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("author_key", NUMBER, nullable=True),
        sa.Column("author_name_key", NUMBER, nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "name", name="uq_comments_site_id_name"),
    )


def _comment_indexes() -> None:
    op.create_index("ix_comments_site_id_author_key_received_at", "comments", ["site_id", "author_key", "received_at"])
    op.create_index(
        "ix_comments_site_id_author_name_key_received_at", "comments", ["site_id", "author_name_key", "received_at"]
    )
    op.create_index("ix_comments_site_id_status_received_at_id", "comments", ["site_id", "status", "received_at", "id"])
    op.create_index("ix_comments_status_received_at_id", "comments", ["status", "received_at", "id"])
    _partial("ix_comments_article", ["article_id", "received_at"], "article_id IS NOT NULL")
    _partial("ix_comments_unpurged", ["received_at", "id"], "purged_at IS NULL")
    _partial(
        "ix_comments_waiting",
        ["article_id", "id"],
        "article_version = 0 AND article_id IS NOT NULL AND purged_at IS NULL",
    )
    _partial("ix_held_doubt", ["doubt", "id"], "status = 'held'")
    _partial("ix_held_language", ["site_id", "language", "promotional", "id"], "status = 'held'")
    _partial("ix_held_promotional", ["promotional", "id"], "status = 'held'")
    _partial("ix_held_signal", ["site_id", "signal", "promotional", "id"], "status = 'held'")
    _partial("ix_held_site_doubt", ["site_id", "doubt", "id"], "status = 'held'")
    _partial("ix_held_site_promotional", ["site_id", "promotional", "id"], "status = 'held'")


def _partial(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "comments", columns, sqlite_where=where, postgresql_where=where)


def _campaign_keys() -> None:
    op.create_table(
        "campaign_keys",
        sa.Column("key", NUMBER, autoincrement=False, nullable=False),
        sa.Column("site_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("comment_id", NUMBER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"]),
        sa.PrimaryKeyConstraint("key", "site_id", "comment_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_campaign_keys_comment_id", "campaign_keys", ["comment_id"])


def _revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("comment_id", NUMBER, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"]),
        sa.PrimaryKeyConstraint("comment_id", "revision"),
    )


def _scores() -> None:
    op.create_table(
        "scores",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("comment_id", NUMBER, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("promotional", sa.Float(), nullable=False),
        sa.Column("off_topic", sa.Float(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), server_default="", nullable=False),
        sa.Column("article_version", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), server_default="", nullable=False),
        sa.Column("rule", sa.Text(), server_default="", nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_scores_comment_id", "scores", ["comment_id"])
