"""A moderator who pressed the wrong key is listed, and undone as a whole: on both databases."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from moderation.comment import Comment, Decision, Status
from moderation.moderator import Invalid, Moderator, Role, Site, User
from moderation.storage import endpoints
from moderation.storage.database import Database
from moderation.storage.delivery_tables import outbox
from moderation.storage.records import Unfit
from tests.conftest import SPAM, Clock

WRONG = 20


@pytest.fixture
def user(moderator: Moderator) -> User:
    token = moderator.accounts.add_user("wrong@example.org", Role.MODERATOR)
    return moderator.accounts.accept(token, "a password for tests")


def pressed(moderator: Moderator, site: Site, user: User, clock: Clock, decision: Decision, count: int) -> list[int]:
    """Decide new spam one by one, a minute each."""
    made = []
    for number in range(count):
        clock.advance(minutes=1)
        body = f"{SPAM} {' '.join(f'{letter}{number}{decision.value}' for letter in 'abcdefgh')}"
        stored = moderator.check(site, Comment(body, f"{decision.value}-{clock.now.isoformat()}"))
        item = moderator.review.item(stored.number)
        moderator.review.decide_many([item.seen], decision, user)
        made.append(stored.number)
    return made


def test_stretch_is_listed_and_undone(moderator: Moderator, site: Site, user: User, clock: Clock) -> None:
    right = pressed(moderator, site, user, clock, Decision.REJECT_PROMOTIONAL, 30)
    wrong = pressed(moderator, site, user, clock, Decision.APPROVE, WRONG)
    [found] = moderator.stretches.doubtful()
    stretch = found.stretch
    assert (stretch.moderator, stretch.decided, stretch.against) == (user.email, WRONG, WRONG)
    assert [item.number for item in found.examples] == wrong[:5]

    undone = moderator.stretches.undo(user.email, stretch.begins_at, stretch.ends_at, by="ann")
    assert (list(undone.numbers), undone.skipped) == (wrong, ())
    assert {moderator.review.item(number).status for number in wrong} == {Status.HELD}
    assert {moderator.review.item(number).decision for number in right} == {Decision.REJECT_PROMOTIONAL}
    assert moderator.review.history(wrong[0])[-1].kind == "undo"
    assert {moderator.review.history(number)[-1].batch for number in wrong} == {undone.batch}
    assert moderator.stretches.doubtful() == ()
    unfit = [lesson.unfit for lesson in moderator.adaptation.lessons() if lesson.comment_number in wrong]
    assert unfit == [Unfit.UNDONE] * WRONG  # neither training nor adaptation learns from them
    assert moderator.stretches.undo(user.email, stretch.begins_at, stretch.ends_at, by="ann").numbers == ()


def test_site_hears_of_each_comment_of_an_undone_stretch(
    moderator: Moderator, site: Site, user: User, clock: Clock, database: Database
) -> None:
    """As it hears of a comment that is undone by itself, in the order of what happened."""
    with database.writing() as connection:
        endpoints.put(connection, site.id, now=clock())
    wrong = pressed(moderator, site, user, clock, Decision.APPROVE, 3)
    moderator.undo(site, moderator.review.item(wrong[0]).comment.id, by="bea")
    moderator.stretches.undo(user.email, clock.now - timedelta(hours=1), clock.now, by="ann")
    with database.reading() as connection:
        payloads = connection.execute(sa.select(outbox.c.payload).order_by(outbox.c.id)).scalars()
        told = [json.loads(payload) for payload in payloads][-3:]
    assert [one["type"] for one in told] == ["comment.held"] * 3
    names = [moderator.review.item(number).comment.id for number in wrong]
    said = {"status": "held", "decision": None, "undo": True}
    makers = zip(names, ["bea", "ann", "ann"], strict=True)
    assert [one["data"] for one in told] == [said | {"comment_id": name, "by": by} for name, by in makers]


def test_what_another_decided_since_stays(moderator: Moderator, site: Site, user: User, clock: Clock) -> None:
    begins_at = clock.now
    wrong = pressed(moderator, site, user, clock, Decision.APPROVE, 3)
    name = moderator.review.item(wrong[1]).comment.id
    moderator.decide(site, name, Decision.REJECT_PROMOTIONAL, by="bea")
    undone = moderator.stretches.undo(user.email, begins_at, clock.now, by="ann")
    assert (undone.numbers, undone.skipped) == ((wrong[0], wrong[2]), (wrong[1],))
    assert moderator.review.item(wrong[1]).decision == Decision.REJECT_PROMOTIONAL


def test_what_was_said_of_another_text_is_not_doubted(
    moderator: Moderator, site: Site, user: User, clock: Clock
) -> None:
    """Each comment was approved, became spam, and was refused by another: nobody was wrong."""
    for number in range(WRONG):
        clock.advance(minutes=1)
        name, letters = f"c-{number}", " ".join(f"{letter}{number}" for letter in "abcdefgh")
        stored = moderator.check(site, Comment(f"{SPAM} {letters}", name))
        moderator.review.decide_many([moderator.review.item(stored.number).seen], Decision.APPROVE, user)
        moderator.check(site, Comment(f"{SPAM} again {letters}", name))
        moderator.decide(site, name, Decision.REJECT_PROMOTIONAL, by="bea")
    assert moderator.stretches.doubtful() == ()


def test_both_of_two_decisions_are_undone(moderator: Moderator, site: Site, user: User, clock: Clock) -> None:
    begins_at = clock.now
    [number] = pressed(moderator, site, user, clock, Decision.APPROVE, 1)
    moderator.review.decide_many([moderator.review.item(number).seen], Decision.REJECT_OTHER, user)
    undone = moderator.stretches.undo(user.email, begins_at, clock.now, by="ann")
    assert (undone.numbers, undone.skipped) == ((number,), ())
    assert moderator.review.item(number).status is Status.HELD


def test_only_this_person_and_time_is_undone(moderator: Moderator, site: Site, user: User, clock: Clock) -> None:
    pressed(moderator, site, user, clock, Decision.APPROVE, 2)
    clock.advance(hours=1)
    end = clock.now
    assert moderator.stretches.undo("bea", end - timedelta(days=1), end, by="ann").numbers == ()
    assert moderator.stretches.undo(user.email, end, end, by="ann").numbers == ()
    with pytest.raises(Invalid):
        moderator.stretches.undo(user.email, end, end - timedelta(days=1), by="ann")


def test_commands_list_and_undo(
    moderator: Moderator, site: Site, user: User, clock: Clock, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moderation.cli import main

    wrong = pressed(moderator, site, user, clock, Decision.APPROVE, WRONG)
    [found] = moderator.stretches.doubtful()
    monkeypatch.delenv("MODERATION_TEST_DATA", raising=False)  # the command line takes it for a setting
    monkeypatch.setenv("MODERATION_DATABASE_URL", database_url)
    listed = CliRunner().invoke(main, ["user", "doubtful"])
    assert f"{user.email}: {WRONG} decisions from {found.stretch.begins_at.isoformat()}" in listed.output
    times = ["--from", found.stretch.begins_at.isoformat(), "--to", found.stretch.ends_at.isoformat()]
    undone = CliRunner().invoke(main, ["user", "undo", user.email, *times])
    assert undone.output == f"Decisions on {WRONG} comments taken back.\n"
    assert {moderator.review.item(number).status for number in wrong} == {Status.HELD}
    assert CliRunner().invoke(main, ["user", "doubtful"]).output == "No moderator's decisions stand out.\n"
    assert CliRunner().invoke(main, ["user", "undo", "x", "--from", "noon", "--to", "now"]).exit_code == 2
