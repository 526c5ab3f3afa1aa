"""Comments that wait for one transaction: what the database refuses of them fails its own caller and no other."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from moderation.comment import Article, Comment, Status
from moderation.moderator import Checked, Filter, Moderator, Site, StoreError
from moderation.storage import endpoints
from moderation.storage.campaigns import key_of
from moderation.storage.database import Database
from moderation.storage.delivery_tables import outbox
from moderation.storage.tables import articles, campaign_keys, comments
from tests.conftest import SPAM, Clock

ARTICLE = Article("a-1", "The bridge", "The council pays for a bridge.")
COUNT = 8
PLACE = 3
"""Where the refused comment stands among the others."""


@pytest.mark.parametrize(
    ("table", "refused"),
    [
        ("articles", "NEW.name = 'id bad'"),
        ("comments", "NEW.name = 'bad'"),
        ("campaign_keys", f"NEW.key = {key_of('domain', 'refused.example')}"),
    ],
    ids=["articles", "comments", "campaign_keys"],
)
def test_refused_comment_fails_alone(
    moderator: Moderator, site: Site, database: Database, clock: Clock, table: str, refused: str
) -> None:
    """Whether a group's first statement fails, a later one, or one after all rows of its comments were written."""
    with database.writing() as connection:
        endpoints.put(connection, site.id, now=clock())  # a webhook, so that each comment has its event
    good = [(Comment(f"{SPAM} {number}", f"c-{number}"), ARTICLE) for number in range(COUNT)]
    bad = Comment(f"{SPAM} http://refused.example", "bad"), replace(ARTICLE, id="bad")
    with refusing(database, table, refused), failures_of(database) as failures:
        answers = check_in_one_transaction(moderator, database, site, [*good[:PLACE], bad, *good[PLACE:]])
    failure = answers.pop(PLACE).exception()
    assert type(failure) is StoreError  # not Unavailable, which would ask its caller to try again
    assert f"INSERT INTO {table} " in str(failure)
    assert len(failures) == 2  # in the transaction of all and in its own
    checked = [answer.result() for answer in answers]
    assert [(one.comment_id, one.created, one.status) for one in checked] == [
        (comment.id, True, Status.HELD) for comment, _article in good
    ]
    assert_stored(moderator, database, {one.number: comment for one, (comment, _) in zip(checked, good, strict=True)})
    assert [moderator.check(site, *one) for one in good] == [replace(one, created=False) for one in checked]
    assert moderator.check(site, *bad).created  # once it is not refused any more


def check_in_one_transaction(
    moderator: Moderator, database: Database, site: Site, given: Sequence[tuple[Comment, Article]]
) -> list["Future[Checked]"]:
    """Check comments that all wait while another one is stored."""
    gathering = moderator._stored.checker._arrivals
    asked: list[Future[Checked]] = []
    with ThreadPoolExecutor(len(given) + 1) as threads:
        with database.writing() as connection:
            if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
                connection.execute(sa.text("LOCK TABLE comments IN EXCLUSIVE MODE"))
            first = threads.submit(moderator.check, site, Comment(SPAM, "first"), None)
            while not gathering._working or gathering._waiting:
                _expect_waiting([first])
            for one in given:
                asked.append(threads.submit(moderator.check, site, *one))
                while len(gathering._waiting) < len(asked):
                    _expect_waiting([first, *asked])
        assert first.result().created
    return asked


def _expect_waiting(calls: Sequence["Future[Checked]"]) -> None:
    for call in calls:
        assert not call.done(), call.exception() or call.result()
    time.sleep(0.001)


def assert_stored(moderator: Moderator, database: Database, good: dict[int, Comment]) -> None:
    """These and the first one are stored with all that is kept beside them, and nothing else is."""
    with database.reading() as connection:
        numbers = set(connection.execute(sa.select(comments.c.id)).scalars())
        told = list(connection.execute(sa.select(outbox.c.comment_id)).scalars())
        traced = set(connection.execute(sa.select(campaign_keys.c.comment_id)).scalars())
        named = set(connection.execute(sa.select(articles.c.name)).scalars())
    assert len(numbers) == len(good) + 1
    assert (sorted(told), traced, named) == (sorted(numbers), numbers, {f"id {ARTICLE.id}"})
    found = {item.number: item for item in moderator.review.page(Filter(text="togel"), limit=100).items}
    assert found.keys() == numbers
    assert {number: found[number].comment for number in good} == good
    assert {found[number].article for number in good} == {replace(ARTICLE, body="")}
    assert moderator.review.counts().status == {Status.PUBLISHED: 0, Status.HELD: len(numbers), Status.REJECTED: 0}


@contextmanager
def failures_of(database: Database) -> Iterator[list[str | None]]:
    """The statements that the database refuses meanwhile."""
    failures: list[str | None] = []

    def keep(context: sa.engine.ExceptionContext) -> None:
        failures.append(context.statement)

    sa.event.listen(database.engine, "handle_error", keep)
    yield failures
    sa.event.remove(database.engine, "handle_error", keep)


@contextmanager
def refusing(database: Database, table: str, refused: str) -> Iterator[None]:
    """Have the database itself refuse the rows of a table that a condition is true of."""
    trigger = f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW WHEN ({refused})"
    if database.engine.dialect.name == "sqlite":
        make, remove = [f"{trigger} BEGIN SELECT RAISE(ABORT, 'refused'); END"], "DROP TRIGGER refuse"
    else:
        function = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'refused'; END$$"
        make, remove = [function, f"{trigger} EXECUTE FUNCTION refuse()"], "DROP FUNCTION refuse CASCADE"
    _execute(database, make)
    try:
        yield
    finally:
        _execute(database, [remove])


def _execute(database: Database, statements: Sequence[str]) -> None:
    with database.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
