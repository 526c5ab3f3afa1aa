"""Which comments hold some words, by the database's own full-text index.

Words are split here and not by the database, so that both find the same in every script: a sign of a script that is
written without blanks is a word by itself, and what a person typed without a blank must stand together.
"""

import unicodedata
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.engine import Connection

from moderation.storage import bulk

_MOST_WORDS = 3_000
_LONGEST_WORD = 60
_MOST_SIGNS = 65_536
_JOINED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")

_words = sa.table("comment_words", sa.column("rowid", sa.Integer), sa.column("words", sa.Text))
_KEEP_WORDS = sa.text("INSERT OR REPLACE INTO comment_words (rowid, words) VALUES (:number, :words)")
_vectors = sa.table("comment_words", sa.column("rowid", sa.BigInteger), sa.column("words", TSVECTOR))


def words_of(text: str) -> list[str]:
    """Words of letters, digits and marks, folded; nothing else is left in them, so that none can break a query."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [word[:_LONGEST_WORD] for word in folded.translate(_signs).split()[:_MOST_WORDS]]


def index(connection: Connection, found: Iterable[tuple[int, Sequence[str]]]) -> None:
    """Keep the words of comments, by number, in place of what was kept of them."""
    if connection.dialect.name == "postgresql":
        rows = [{"rowid": number, "words": _vector(words)} for number, words in found]
        bulk.insert(connection, _vectors, rows, "ON CONFLICT (rowid) DO UPDATE SET words = excluded.words")
    elif rows := [{"number": number, "words": " ".join(words)} for number, words in found]:
        connection.execute(_KEEP_WORDS, rows)


def forget(connection: Connection, numbers: Sequence[int]) -> None:
    """Remove the words of comments."""
    connection.execute(sa.delete(_words).where(_words.c.rowid.in_(numbers)))


def compact(connection: Connection) -> None:
    """Let go of words that were forgotten; PostgreSQL does so by itself."""
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("INSERT INTO comment_words (comment_words) VALUES ('optimize')"))


def numbers_with(connection: Connection, query: str) -> sa.Select[tuple[int]]:
    """A query for the numbers of comments that hold all words of ``query``; of none where it has no word."""
    phrases = [phrase for phrase in map(words_of, query.split()[:20]) if phrase]
    if not phrases:
        return sa.select(_words.c.rowid).where(sa.false())
    if connection.dialect.name == "postgresql":
        wanted = " & ".join("(" + " <-> ".join(f"'{word}'" for word in phrase) + ")" for phrase in phrases)
        condition = _words.c.words.op("@@", is_comparison=True)(sa.cast(wanted, TSQUERY))
    else:
        wanted = " AND ".join('"' + " ".join(phrase) + '"' for phrase in phrases)
        condition = sa.literal_column("comment_words").op("MATCH", is_comparison=True)(wanted)
    return sa.select(_words.c.rowid).where(condition)


class _Signs(dict[int, str]):
    """What a sign of a folded text becomes, as ``str.translate`` asks for it; most signs are asked for often."""

    def __missing__(self, code: int) -> str:
        becomes = _becomes(chr(code))
        if len(self) < _MOST_SIGNS:
            self[code] = becomes
        return becomes


def _becomes(sign: str) -> str:
    """A part of a word, a word by itself between blanks, a blank, or nothing."""
    category = unicodedata.category(sign)
    if category == "Cf":
        return ""
    if category[0] not in "LNM":
        return " "
    alone = sign >= "\u0e00" and unicodedata.name(sign, "").split(" ")[0] in _JOINED
    return f" {sign} " if alone else sign


_signs = _Signs()


def _vector(words: Sequence[str]) -> str:
    """A tsvector as PostgreSQL reads it."""
    return " ".join(f"'{word}':{place}" for place, word in enumerate(words, 1))
