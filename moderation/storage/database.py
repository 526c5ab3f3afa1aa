"""Open the database, keep its schema current, and give connections to read or write with.

SQLite is the embedded default and PostgreSQL serves many processes; above this module nobody asks which it is.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from moderation.storage import migrations
from moderation.storage.errors import Invalid, StoreError, Unavailable

BUSY_TIMEOUT_S = 10
CONNECT_TIMEOUT_S = 5
_TRY_AGAIN_S = 0.001

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # what was acknowledged is on disk, also when the power fails
    f"busy_timeout = {BUSY_TIMEOUT_S * 1000}",
    "foreign_keys = ON",
    "secure_delete = ON",  # a purged text does not stay in the file
    "cache_size = -32000",
)


class Database:
    """Connections to one database. Open one in each process, after it was forked."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._turn = threading.Lock()
        self._turn_file = _open_private(f"{engine.url.database}-turn") if self._is_sqlite else None

    @classmethod
    def open(cls, url: str, connections: int = 8) -> "Database":
        """Open a database of ``sqlite:///PATH`` or ``postgresql+psycopg://...``.

        A SQLite file is created and brought up to date. PostgreSQL must be up to date (``OutdatedDatabase``), since
        other processes may be using it. Either is refused where it is newer than this program (``NewerDatabase``).
        """
        database = cls(_engine(url, connections))
        try:
            with database.writing() as connection:
                if database._is_sqlite:
                    migrations.upgrade(connection)
                else:
                    migrations.expect_current(connection)
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def upgrade(cls, url: str) -> str:
        """Bring a database up to date (``moderation db upgrade``) and give the revision that it has now."""
        database = cls(_engine(url, 1))
        try:
            with database.writing() as connection:
                return migrations.upgrade(connection)
        finally:
            database.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for one consistent look."""
        with _refusals(), self.engine.connect() as connection:
            self._begin(connection, "BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes are on disk when the block ends without an error, and undone otherwise."""
        with self._in_turn(), self._transaction() as connection:
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let SQLite's writers wait in line, threads by a lock and processes by one on a file.

        SQLite itself lets them sleep longer and longer: beside a busy process the unlucky one waited over a second.
        """
        if self._turn_file is None:
            yield
            return
        until = time.monotonic() + BUSY_TIMEOUT_S
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_S):
            raise Unavailable("the database is locked by this process")
        try:
            _lock(self._turn_file, until)
            yield
        finally:
            fcntl.flock(self._turn_file, fcntl.LOCK_UN)
            self._turn.release()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with _refusals(), self.engine.begin() as connection:
            # The write lock is taken at once: a look that turns into a write could not wait for its turn.
            self._begin(connection, "BEGIN IMMEDIATE")
            yield connection

    def _begin(self, connection: Connection, statement: str) -> None:
        """Begin on SQLite, whose driver is told to begin nothing by itself; on PostgreSQL the driver does."""
        if self._is_sqlite:
            connection.exec_driver_sql(statement)

    def ping(self) -> None:
        """Raise ``Unavailable`` where the database does not answer."""
        with self.reading() as connection:
            connection.execute(sa.text("SELECT 1"))

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
        if self._turn_file is not None:
            os.close(self._turn_file)
            self._turn_file = None


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn the driver's errors into one line: they may quote values, which are readers' texts."""
    try:
        yield
    except PoolTimeout:
        raise Unavailable("all connections to the database are in use") from None
    except DBAPIError as error:
        kind = type(error.orig).__name__
        if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
            raise Unavailable(f"the database does not answer ({kind})") from None
        raise StoreError(f"the database refused a statement ({kind}): {error.statement}") from None


def _engine(url: str, connections: int) -> Engine:
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise Invalid("the database's URL must be sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME") from None
    if parsed.drivername == "postgresql+psycopg":
        return _postgresql(parsed, connections)
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        return _sqlite(parsed, connections)
    raise Invalid("the database's URL must be sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME")


def _postgresql(url: URL, connections: int) -> Engine:
    arguments = {"connect_timeout": CONNECT_TIMEOUT_S, "options": "-c timezone=UTC"}
    return sa.create_engine(
        url,
        pool_size=connections,
        max_overflow=connections,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=arguments,
    )


def _sqlite(url: URL, connections: int) -> Engine:
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    _make_private(path)
    engine = sa.create_engine(
        url, pool_size=connections, max_overflow=connections, pool_use_lifo=True, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Make a file that no other user of the machine may read, where there is none.

    One that is there is not even opened: closing it would end all of SQLite's locks on it in this process, and the next
    program to leave the database would take the log away from under it (sqlite.org/howtocorrupt.html, section 2.2).
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _open_private(path: str) -> int:
    """Open or make a file that no other user of the machine may read."""
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def _lock(file: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Unavailable("the database is locked by another process") from None
            time.sleep(_TRY_AGAIN_S)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
