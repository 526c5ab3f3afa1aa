"""Many rows in one INSERT, on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from moderation.moderator import Site
from moderation.storage import bulk, tallies
from moderation.storage.database import Database
from moderation.storage.tables import articles
from moderation.storage.tables import tallies as table


def test_more_rows_than_a_statement_takes(database: Database, site: Site) -> None:
    counts = {(site.id, "signal", str(number)): number for number in range(1, 20_001)}
    with database.writing() as connection:
        tallies.count(connection, counts)
        tallies.count(connection, counts)
        found = {row.value: row.n for row in connection.execute(sa.select(table.c.value, table.c.n))}
    assert found == {value: 2 * n for (_site, _facet, value), n in counts.items()}


def test_values_are_kept_as_they_are(database: Database, site: Site) -> None:
    """Texts that would end a literal or an array, none at all, numbers of any size, moments."""
    hostile = ["", "NULL", "{a,b}", "'); DROP TABLE sites; --", '"\\', "%s %b %(x)s ?", "\u202e\U0001f600", "\n\t"]
    rows: list[dict[str, Any]] = [
        {"site_id": site.id, "name": f"{place} {text}", "url_key": key, "body": text, "published_at": at, "version": 1}
        for place, text in enumerate(hostile)
        for key in (None, -(2**63), 1)
        for at in (None, datetime(2026, 3, 1, 12, 0, 0, 123456, UTC))
    ]
    for place, row in enumerate(rows):
        row["name"] = f"{place} {row['name']}"
    with database.writing() as connection:
        numbers = bulk.insert(connection, articles, rows, "RETURNING id, name")
        columns = [articles.c[name] for name in rows[0]]
        stored = [row._asdict() for row in connection.execute(sa.select(*columns).order_by(articles.c.id))]
    assert stored == rows
    assert sorted(name for _number, name in numbers) == sorted(str(row["name"]) for row in rows)


def test_no_rows_is_no_statement(database: Database) -> None:
    with database.reading() as connection:
        assert bulk.insert(connection, articles, []) == []


def test_row_without_a_column_is_refused(database: Database, site: Site) -> None:
    rows = [{"site_id": site.id, "name": "a", "version": 1}, {"site_id": site.id, "name": "b"}]
    with pytest.raises(ValueError, match="shorter"), database.writing() as connection:
        bulk.insert(connection, articles, rows)
