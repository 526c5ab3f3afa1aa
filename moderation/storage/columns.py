"""What columns are made of: texts, moments and numbers as either database keeps them. Names no table."""

import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Put U+FFFD where PostgreSQL or UTF-8 can not hold a code point, so that spans keep their places."""
    return _UNSTORABLE.sub("\ufffd", text)


class PlainText(sa.TypeDecorator[str]):
    """Any text, made storable; enumerations as their value."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Give the text as it is stored."""
        return None if value is None else storable(str.__str__(value))


class Moment(sa.TypeDecorator[datetime]):
    """A moment in UTC, with its zone in Python on either database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC, without its zone where the database keeps none."""
        if value is None:
            return None
        try:
            value = value.astimezone(UTC)
        except OverflowError:  # a year before 1 or after 9999 in UTC: Python could not read it again
            value = (datetime.min if value.year < 2 else datetime.max).replace(tzinfo=UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def number(name: str = "id") -> sa.Column[int]:
    """A table's own number."""
    return sa.Column(name, Number, primary_key=True, autoincrement=True)


def site(**options: Any) -> sa.Column[int]:
    """The site that a record belongs to."""
    return sa.Column("site_id", Number, sa.ForeignKey("sites.id"), nullable=False, **options)


def comment(**options: Any) -> sa.Column[int]:
    """The comment that a record belongs to."""
    return sa.Column("comment_id", Number, sa.ForeignKey("comments.id"), nullable=False, **options)


def text(name: str, default: str | None = "") -> sa.Column[str]:
    """A text, never null unless its default is None."""
    return sa.Column(name, PlainText, nullable=default is None, server_default=default)


def when(name: str, nullable: bool = False) -> sa.Column[datetime]:
    """A moment."""
    return sa.Column(name, Moment, nullable=nullable)


def partial(name: str, *columns: Any, where: Any, unique: bool = False) -> sa.Index:
    """An index of some rows only."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
