"""Opening, migrating and refusing databases, and what the databases themselves guarantee."""

import re
import sqlite3
import stat
import subprocess
import sys
import threading
import traceback
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from moderation.comment import Comment, Decision
from moderation.moderator import Invalid, Moderator, NewerDatabase, OutdatedDatabase, Site, StoreError, Unavailable
from moderation.storage import shadow_tables
from moderation.storage.database import Database
from moderation.storage.tables import metadata
from tests.conftest import SPAM


def test_migrations_lead_to_the_tables(database: Database) -> None:
    with database.reading() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    assert shadow_tables.shadows.metadata is metadata  # declared in a module of its own
    differences = [one for one in found if "comment_words" not in repr(one)]  # the full-text index is no Table
    assert differences == []


def test_migrated_indexes_are_the_tables(migrated_sqlite: Path) -> None:
    migrated = sa.create_engine(f"sqlite:///{migrated_sqlite}")
    made = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    metadata.create_all(made)
    assert _schema(migrated) == _schema(made)


def test_sqlite_is_made_at_first_start(tmp_path: Path) -> None:
    path = tmp_path / "var" / "moderation.sqlite3"
    database = Database.open(f"sqlite:///{path}")
    database.ping()
    database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    Database.open(f"sqlite:///{path}").close()


def test_second_opening_leaves_the_first_its_locks(tmp_path: Path) -> None:
    """A worker opens the database for its requests and again for its deliveries; commands come and go beside it."""
    path = tmp_path / "moderation.sqlite3"
    url = f"sqlite:///{path}"
    command = [
        sys.executable,
        "-c",
        f"from moderation.storage.database import Database; Database.open({url!r}).close()",
    ]
    with closing(Database.open(url)) as database, closing(Database.open(url)):
        log = Path(f"{path}-wal").stat().st_ino
        subprocess.run(command, check=True, timeout=60)
        assert Path(f"{path}-wal").stat().st_ino == log
        with database.writing() as connection:
            connection.execute(sa.text("CREATE TABLE kept (one)"))
        count = (
            f"import sqlite3; print(*sqlite3.connect({str(path)!r}).execute('SELECT count(*) FROM kept').fetchone())"
        )
        assert (
            subprocess.run([sys.executable, "-c", count], check=True, capture_output=True, timeout=60).stdout == b"0\n"
        )


def test_first_start_of_many_is_one(empty_database_url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            Database.upgrade(empty_database_url)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    Database.open(empty_database_url).close()


def test_empty_postgresql_asks_for_upgrade(empty_database_url: str) -> None:
    if empty_database_url.startswith("sqlite"):
        pytest.skip("a matter of one database: SQLite is brought up to date when it is opened")
    with pytest.raises(OutdatedDatabase, match="moderation db upgrade"):
        Database.open(empty_database_url)
    assert Database.upgrade(empty_database_url) == Database.upgrade(empty_database_url)
    Database.open(empty_database_url).close()


def test_newer_database_is_refused(empty_database_url: str) -> None:
    Database.upgrade(empty_database_url)
    database = Database.open(empty_database_url)
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(NewerDatabase, match="9999"):
        Database.open(empty_database_url)
    with pytest.raises(NewerDatabase):
        Database.upgrade(empty_database_url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense", "postgresql://x/y"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(Invalid, match="sqlite:///PATH"):
        Database.open(url)


def test_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/moderation.sqlite3")
    with database.reading() as connection:
        told = {
            name: connection.execute(sa.text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_failed_block_stores_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.execute(sa.text("INSERT INTO sites (name, created_at) VALUES ('x', '2026-01-01')"))
        raise RuntimeError
    with database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM sites")).scalar() == 0


@pytest.mark.parametrize("statement", ["UPDATE decisions SET made_by = 'x'", "DELETE FROM decisions"])
def test_decisions_can_not_be_changed(moderator: Moderator, site: Site, database: Database, statement: str) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    moderator.decide(site, "c-1", Decision.APPROVE, "ann")
    with pytest.raises(StoreError, match="refused"), database.writing() as connection:
        connection.execute(sa.text(statement))
    assert [event.by for event in moderator.history(site, "c-1")] == ["ann"]


def test_errors_hold_no_readers_text(database: Database) -> None:
    with pytest.raises(StoreError) as error, database.writing() as connection:
        connection.execute(sa.text("INSERT INTO comments (body) VALUES (:body)"), {"body": "a reader's secret"})
    told = "".join(traceback.format_exception(error.value))
    assert "INSERT INTO comments" in told
    assert "a reader's secret" not in told.replace('{"body": "a reader\'s secret"}', "")  # this file's own line


@pytest.mark.parametrize("same", [True, False])
def test_locked_sqlite_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same: bool) -> None:
    monkeypatch.setattr("moderation.storage.database.BUSY_TIMEOUT_S", 0.05)
    url = f"sqlite:///{tmp_path}/moderation.sqlite3"
    writer = Database.open(url)
    waiter = writer if same else Database.open(url)
    with writer.writing():
        with waiter.reading() as connection:
            connection.execute(sa.text("SELECT * FROM comments"))
        with pytest.raises(Unavailable, match="locked"), waiter.writing():
            pass
    with waiter.writing():
        pass
    writer.close()
    waiter.close()


def test_foreign_writer_makes_unavailable(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/moderation.sqlite3")
    with database.reading() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")  # the one pooled connection: it is used again below
    foreign = sqlite3.connect(tmp_path / "moderation.sqlite3", isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="does not answer"), database.writing():
        pass
    foreign.close()
    database.close()


def _schema(engine: sa.Engine) -> dict[str, list[str]]:
    """Every table and index as SQLite keeps it, with conditions and options, of which Alembic compares none.

    Each in sorted parts: the order of a table's constraints says nothing.
    """
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
    with engine.connect() as connection:
        rows = connection.execute(sa.text(query)).all()
    engine.dispose()
    wanted = {*metadata.tables, *(str(index.name) for table in metadata.tables.values() for index in table.indexes)}
    return {name: sorted(re.split(r"[\s,]+", sql)) for name, sql in rows if name in wanted}
