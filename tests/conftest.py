"""What many tests share: the databases of the contract suite, a small release that needs no training, a clock."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from moderation.comment import Pair, Reason, Score, Thresholds
from moderation.moderator import Moderator
from moderation.storage.database import Database

POSTGRES = os.environ.get("MODERATION_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
WEIGHTS = {"togel": 6.0, "casino": 2.0, "http": 1.0, "thanks": -3.0}


class WordScorer:
    """Scores by four words, so that a test says beforehand what a comment will get. "togel" 0.98, "casino" 0.5."""

    def score_many(self, pairs: Sequence[Pair]) -> list[Score]:
        return [self._score(body.body, None if article is None else article.title) for body, article in pairs]

    def _score(self, body: str, title: str | None) -> Score:
        reasons = []
        for word, weight in WEIGHTS.items():
            place = body.casefold().find(word)
            if place >= 0:
                end = place + len(word)
                reasons.append(Reason(f"{word} term", "body", (place, end), body[place:end], weight))
        total = sum(reason.weight for reason in reasons) - 2.0
        off_topic = None if title is None else 0.1 if title.casefold() in body.casefold() else 0.9
        return Score(1 / (1 + 2.718281828 ** -total), off_topic, tuple(reasons), "words.1")


@dataclass(frozen=True)
class WordRelease:
    version: str = "words.1"
    thresholds: Thresholds = field(default_factory=lambda: Thresholds(hold=0.4, reject=0.99))
    classifier: WordScorer = field(default_factory=WordScorer)


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def release() -> WordRelease:
    return WordRelease()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/moderation.db"
    else:
        yield from _scratch_database()


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    """The URL of a database of the newest schema, once on SQLite and once on PostgreSQL."""
    Database.upgrade(empty_database_url)
    return empty_database_url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def moderator(database: Database, release: WordRelease, clock: Clock) -> Moderator:
    return Moderator(release, database, clock)


def _scratch_database() -> Iterator[str]:
    server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 2})
    name = f"moderation_test_{secrets.token_hex(6)}"
    try:
        _execute(server, f"CREATE DATABASE {name}")
    except sa.exc.OperationalError:
        pytest.skip(f"no PostgreSQL answers at {server.url.host}:{server.url.port}")
    yield server.url.set(database=name).render_as_string(hide_password=False)
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


def _execute(server: sa.Engine, statement: str) -> None:
    with server.connect() as connection:
        connection.execute(sa.text(statement))
