"""Many rows in one INSERT, whose text is made once: SQLAlchemy's own way takes longer than the database's work.

``python -m benchmarks.requests_per_second --path /v1/comments`` measures it. Knows no table.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

_MOST_VALUES = 30_000  # SQLite takes at most 32,766 in a statement


def insert(connection: Connection, table: sa.TableClause, rows: Sequence[dict[str, Any]], then: str = "") -> list[Any]:
    """Insert rows, which all have the same columns in the same order, and give what the statement returns.

    ``then`` is what follows the values: ON CONFLICT, RETURNING, in words that both databases know.
    """
    if not rows:
        return []
    known = _known(table, tuple(rows[0]), connection.dialect)
    most = _MOST_VALUES // len(known.makers)
    return [
        row
        for start in range(0, len(rows), most)
        for row in _insert(connection, known, rows[start : start + most], then)
    ]


def _insert(connection: Connection, known: "_Known", rows: Sequence[dict[str, Any]], then: str) -> Iterable[Any]:
    values = [
        [value if make is None else make(value) for make, value in zip(known.makers, row.values(), strict=True)]
        for row in rows
    ]
    if connection.dialect.name == "postgresql":  # an array a column: a text that is always the same is parsed once
        source = f"SELECT * FROM unnest({known.places})"  # noqa: S608  # places of values
        given = [list(column) for column in zip(*values, strict=True)]
    else:
        source = f"VALUES {', '.join([f'({known.places})'] * len(rows))}"
        given = [one for row in values for one in row]
    result = connection.exec_driver_sql(f"{known.into} {source} {then}", tuple(given))
    return result if result.returns_rows else ()


class _Known(NamedTuple):
    """How an INSERT begins, the places of its values, and what makes of each value what the driver takes."""

    into: str
    places: str
    makers: list[Callable[[Any], Any] | None]


@lru_cache(64)
def _known(table: sa.TableClause, columns: tuple[str, ...], dialect: Dialect) -> _Known:
    quote = dialect.identifier_preparer.quote
    types = [table.c[column].type.dialect_impl(dialect) for column in columns]
    on_postgresql = dialect.name == "postgresql"
    places = [f"%b::{one.compile(dialect)}[]" if on_postgresql else "?" for one in types]
    into = f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, columns))})"
    return _Known(into, ", ".join(places), [one.bind_processor(dialect) for one in types])
