"""What many tests share: the databases of the contract suite, the release, a moderator, a clock that tests set."""

import os
import secrets
import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.engine import URL, Engine

from moderation import release as releases
from moderation.moderator import Moderator, Role, Site, SiteSettings, User
from moderation.release import Release
from moderation.settings import Settings
from moderation.storage import endpoints
from moderation.storage.database import Database
from moderation.storage.tables import metadata

POSTGRES = os.environ.get("MODERATION_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
SPAM = "Visit togel singapore http://evil-slots.com and win big money with casino bonus today"
ORDINARY = "thanks for this, great reporting"
ONE_DATABASE = "a matter of one database"
"""How the reason of a skip begins that is no want of anything."""
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
THRESHOLDS = SiteSettings(hold=0.5, reject=1.0)
"""With these any decent release holds ``SPAM`` and publishes ``ORDINARY``."""


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI is set, fail a test that skips for want of something. What only one database does may skip anywhere."""
    report = yield
    if os.environ.get("CI") and report.skipped and ONE_DATABASE not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def release() -> Release:
    return releases.load(releases.current(Settings().models))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file of the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "moderation.sqlite3"
    Database.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Engine]:
    """The server on which tests make databases of their own."""
    server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 2})
    try:
        _execute(server, "SELECT 1")
    except sa.exc.OperationalError:
        pytest.skip(f"no PostgreSQL answers at {server.url.host}:{server.url.port}")
    yield server
    server.dispose()


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: Engine) -> Iterator[str]:
    """The URL of a PostgreSQL database of the newest schema, which one test after another empties."""
    name, url = _create(postgresql)
    Database.upgrade(_text(url))
    yield _text(url)
    _drop(postgresql, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/moderation.sqlite3"
        return
    server = request.getfixturevalue("postgresql")
    name, url = _create(server)
    yield _text(url)
    _drop(server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of the newest schema, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "moderation.sqlite3"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    url = request.getfixturevalue("migrated_postgresql")
    yield url
    _empty(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def moderator(database: Database, release: Release, clock: Clock) -> Moderator:
    return Moderator(release, database, clock)


@pytest.fixture
def site(moderator: Moderator) -> Site:
    """A site whose thresholds leave no doubt about what is held."""
    moderator.add_site("gazette", THRESHOLDS)
    return moderator.site("gazette")


@pytest.fixture
def listener(database: Database, site: Site, clock: Clock) -> str:
    """A target that the site has an endpoint of."""
    with database.writing() as connection:
        endpoints.put(connection, site.id, "listener", now=clock())
    return "listener"


@pytest.fixture
def user(moderator: Moderator) -> User:
    return invite(moderator, "ann@example.org")


@pytest.fixture
def other_user(moderator: Moderator) -> User:
    return invite(moderator, "bob@example.org")


def invite(moderator: Moderator, email: str, role: Role = Role.MODERATOR) -> User:
    """A user who may work; what a password costs is spared."""
    moderator.accounts.add_user(email, role)
    return next(user for user in moderator.accounts.users() if user.email == email)


def _create(server: Engine) -> tuple[str, URL]:
    name = f"moderation_test_{secrets.token_hex(6)}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    return name, server.url.set(database=name)


def _drop(server: Engine, name: str) -> None:
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _empty(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(sa.text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        connection.execute(
            sa.text("SET LOCAL session_replication_role = replica")
        )  # else the log refuses to be emptied
        for table in (*metadata.tables, "comment_words"):  # with so few rows much faster than TRUNCATE
            connection.execute(sa.text(f"DELETE FROM {table}"))
    engine.dispose()


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _execute(server: Engine, statement: str) -> None:
    with server.connect() as connection:
        connection.execute(sa.text(statement))
