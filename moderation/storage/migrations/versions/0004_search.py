"""Words of the comments that people look at, in the database's own full-text index."""

from alembic import op

revision = "0004"
down_revision = "0003"

_STATEMENTS = {
    # The words come already split (``storage.search``): every letter, digit and mark belongs to one.
    "sqlite": [
        "CREATE VIRTUAL TABLE comment_words USING fts5(words, "
        "tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")",
    ],
    "postgresql": [
        "CREATE TABLE comment_words (rowid BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX ix_comment_words ON comment_words USING gin (words)",
    ],
}


def upgrade() -> None:
    """Create the index of words."""
    for statement in _STATEMENTS[op.get_bind().dialect.name]:
        op.execute(statement)
