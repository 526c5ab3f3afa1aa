"""Many rows in one INSERT, whose text is made once: SQLAlchemy's own way takes longer than the database's work.

``python -m benchmarks.requests_per_second --path /v1/comments`` measures it. Knows no table.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

_PLACE = {"qmark": "?", "format": "%s", "pyformat": "%s"}


def insert(connection: Connection, table: sa.TableClause, rows: Sequence[dict[str, Any]], then: str = "") -> list[Any]:
    """Insert rows, which all have the same columns in the same order, and give what the statement returns.

    ``then`` is what follows the values: ON CONFLICT, RETURNING, in words that both databases know.
    """
    if not rows:
        return []
    into, one, makers = _statement(table, tuple(rows[0]), connection.dialect)
    values = tuple(
        value if make is None else make(value) for row in rows for make, value in zip(makers, row.values(), strict=True)
    )
    result = connection.exec_driver_sql(f"{into}{', '.join([one] * len(rows))} {then}", values)
    return list(result) if result.returns_rows else []


@lru_cache(64)
def _statement(table: sa.TableClause, columns: tuple[str, ...], dialect: Dialect) -> tuple[str, str, list[Any]]:
    """How the INSERT begins, the places of one row, and what makes of each value what the driver takes."""
    quote = dialect.identifier_preparer.quote
    names = ", ".join(map(quote, columns))
    types = [table.c[column].type.dialect_impl(dialect) for column in columns]
    places = ", ".join([_PLACE[dialect.paramstyle]] * len(columns))
    makers = [one.bind_processor(dialect) for one in types]
    return f"INSERT INTO {quote(table.name)} ({names}) VALUES ", f"({places})", makers  # noqa: S608  # names of columns
