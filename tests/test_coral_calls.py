"""Decisions that go to Coral and come from it, through a real GraphQL engine, on both databases."""

import json
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network

import pytest

from moderation import coral_calls
from moderation.comment import Decision, Status
from moderation.coral_calls import MADE_IN_CORAL, WAITS, Listener
from moderation.delivery import Deliverer
from moderation.guarded_http import Client
from moderation.moderator import Advised, Filter, Invalid, Moderator, Site, SiteSettings, StoredComment, Written
from moderation.storage import outbox
from moderation.storage.database import Database
from tests.conftest import ORDINARY, SPAM, Clock
from tests.coral_server import TOKEN, CoralComment, CoralServer
from tests.receiver import LOCAL, Reply, receiving

CLIENT = Client((ip_network(LOCAL),), timeout_s=5)
HELD = f'<div>Visit togel singapore <a href="http://evil-slots.com">http://evil-slots.com</a>{SPAM[41:]}</div>'


class Newsroom:
    """A site and its Coral, each told what happens in the other."""

    def __init__(self, moderator: Moderator, site: Site, database: Database, clock: Clock, url: str) -> None:
        self.moderator, self.site, self.database, self.clock = moderator, site, database, clock
        self.coral = CoralServer()
        self.deliverer = Deliverer(database, CLIENT, [coral_calls.TARGET], clock=clock)
        self.listener = Listener(database, CLIENT, clock)
        moderator.coral.connect(site, url, TOKEN)

    def write(self, coral_id: str, body: str, author: str = "u-1", *, is_edit: bool = False) -> Advised:
        """A reader writes: Coral asks, then stores the comment and tells of it."""
        _checked, advised = self.moderator.coral.check(
            self.site, Written(body, author, "s-1", "https://news.example/a", is_edit=is_edit)
        )
        status = "SYSTEM_WITHHELD" if advised is Advised.WITHHOLD else "NONE"
        known = self.coral.comments.get(coral_id)
        revision = f"revision-{1 if known is None else int(known.revision_id[-1]) + 1}"
        self.coral.comments[coral_id] = CoralComment(coral_id, body, author, "s-1", status, revision)
        self.tell(coral_id)
        return advised

    def moderate(self, coral_id: str, status: str) -> None:
        """A moderator decides in Coral."""
        self.coral.comments[coral_id].status = status
        self.coral.comments[coral_id].moderators.insert(0, "rosa")
        self.tell(coral_id)

    def tell(self, coral_id: str) -> None:
        self.moderator.coral.hear(self.site, coral_id)
        self.work()

    def work(self) -> None:
        while self.listener.work() or self.deliverer.work():
            pass

    @property
    def stored(self) -> list[StoredComment]:
        return list(self.moderator.review.page(Filter(site=self.site.name, status=None)).items)

    @property
    def one(self) -> StoredComment:
        [only] = self.stored
        return only

    @property
    def errors(self) -> list[str]:
        with self.database.reading() as connection:
            log = outbox.log(connection, self.site.id, "coral", undelivered=True, before=None, limit=100)
        return [attempt.error for sent in log for attempt in sent.attempts]


@pytest.fixture
def newsroom(moderator: Moderator, site: Site, database: Database, clock: Clock) -> Iterator[Newsroom]:
    with receiving() as receiver:
        made = Newsroom(moderator, site, database, clock, receiver.url)
        receiver.answer = made.coral.answer
        yield made


@pytest.mark.parametrize(
    ("decision", "status"), [(Decision.APPROVE, "APPROVED"), (Decision.REJECT_PROMOTIONAL, "REJECTED")]
)
def test_decision_here_is_carried_to_coral(newsroom: Newsroom, decision: Decision, status: str) -> None:
    assert newsroom.write("c-1", HELD) is Advised.WITHHOLD
    newsroom.moderator.decide(newsroom.site, newsroom.one.comment.id, decision, "ann")
    newsroom.work()
    assert newsroom.coral.comments["c-1"].status == status
    newsroom.tell("c-1")  # as Coral does for its own mutation
    assert [event.by for event in newsroom.moderator.history(newsroom.site, newsroom.one.comment.id)] == ["ann"]


def test_undo_is_carried_to_coral(newsroom: Newsroom) -> None:
    newsroom.write("c-1", ORDINARY)
    newsroom.moderator.decide(newsroom.site, newsroom.one.comment.id, Decision.REJECT_OTHER, "ann")
    newsroom.moderator.undo(newsroom.site, newsroom.one.comment.id, "ann")
    newsroom.work()
    assert newsroom.coral.comments["c-1"].status == "APPROVED"


@pytest.mark.parametrize(
    ("body", "status", "decision"),
    [
        (HELD, "APPROVED", Decision.APPROVE),
        (HELD, "REJECTED", Decision.REJECT_PROMOTIONAL),
        (ORDINARY, "REJECTED", Decision.REJECT_OTHER),
    ],
)
def test_decision_in_coral_is_one_here(newsroom: Newsroom, body: str, status: str, decision: Decision) -> None:
    newsroom.write("c-1", body)
    newsroom.moderate("c-1", status)
    assert newsroom.one.decision is decision
    [event] = newsroom.moderator.history(newsroom.site, newsroom.one.comment.id)
    assert event.by == f"rosa{MADE_IN_CORAL}"
    assert newsroom.coral.comments["c-1"].moderators == ["rosa"]


def test_status_by_no_person_is_no_decision(newsroom: Newsroom) -> None:
    newsroom.write("c-1", HELD)
    newsroom.coral.comments["c-1"].status = "REJECTED"
    newsroom.tell("c-1")
    assert newsroom.one.decision is None


def test_edited_comment_keeps_its_link(newsroom: Newsroom) -> None:
    newsroom.write("c-1", ORDINARY)
    newsroom.write("c-1", f"{ORDINARY} {SPAM}", is_edit=True)
    newsroom.moderator.decide(newsroom.site, newsroom.one.comment.id, Decision.REJECT_PROMOTIONAL, "ann")
    newsroom.work()
    assert (newsroom.coral.comments["c-1"].status, newsroom.one.revision) == ("REJECTED", 2)


def test_text_sent_twice_is_decided_twice_in_coral(newsroom: Newsroom) -> None:
    newsroom.write("c-1", HELD)
    newsroom.write("c-2", HELD)
    newsroom.moderator.decide(newsroom.site, newsroom.one.comment.id, Decision.REJECT_PROMOTIONAL, "ann")
    newsroom.work()
    assert {comment.status for comment in newsroom.coral.comments.values()} == {"REJECTED"}


def test_decision_waits_until_coral_tells_the_id(newsroom: Newsroom, clock: Clock) -> None:
    newsroom.moderator.coral.check(newsroom.site, Written(HELD, "u-1", "s-1", ""))
    newsroom.moderator.decide(newsroom.site, newsroom.one.comment.id, Decision.APPROVE, "ann")
    newsroom.work()
    assert "has not told" in newsroom.errors[0]
    newsroom.coral.comments["c-1"] = CoralComment("c-1", HELD, "u-1", "s-1")
    newsroom.tell("c-1")
    clock.advance(minutes=2)
    newsroom.work()
    assert newsroom.coral.comments["c-1"].status == "APPROVED"


def test_decision_on_outright_rejection_ends_at_once(newsroom: Newsroom, clock: Clock) -> None:
    newsroom.site = newsroom.moderator.set_site(newsroom.site, SiteSettings(hold=0.5, reject=0.5))
    checked, advised = newsroom.moderator.coral.check(newsroom.site, Written(HELD, "u-1", "s-1", ""))
    assert (checked.status, advised) == (Status.REJECTED, Advised.REJECT)
    newsroom.moderator.decide(newsroom.site, newsroom.one.comment.id, Decision.REJECT_PROMOTIONAL, "ann")
    newsroom.work()
    assert newsroom.errors == []
    newsroom.moderator.decide(newsroom.site, newsroom.one.comment.id, Decision.APPROVE, "ann")
    newsroom.work()
    clock.advance(days=2)
    newsroom.work()
    [error] = newsroom.errors
    assert "approve it there" in error
    with newsroom.database.reading() as connection:
        assert outbox.pending(connection, newsroom.site.id, "coral") == 0


@pytest.mark.parametrize(
    "comment",
    [
        CoralComment("c-1", "Something that nobody checked", "u-1", "s-1", "REJECTED", moderators=["rosa"]),
        CoralComment("c-1", HELD, "u-2", "s-1", "REJECTED", moderators=["rosa"]),
        CoralComment("c-1", HELD, "u-1", "s-2", "REJECTED", moderators=["rosa"]),
    ],
)
def test_comment_of_another_is_left_alone(newsroom: Newsroom, comment: CoralComment) -> None:
    newsroom.moderator.coral.check(newsroom.site, Written(HELD, "u-1", "s-1", ""))
    newsroom.coral.comments["c-1"] = comment
    newsroom.tell("c-1")
    assert newsroom.one.decision is None
    newsroom.tell("never there")
    assert newsroom.one.status is Status.HELD


def test_what_coral_told_is_looked_up_once_it_answers(newsroom: Newsroom, clock: Clock) -> None:
    newsroom.moderator.coral.check(newsroom.site, Written(HELD, "u-1", "s-1", ""))
    newsroom.coral.comments["c-1"] = CoralComment("c-1", HELD, "u-1", "s-1", "APPROVED", moderators=["rosa"])
    with receiving(lambda _sent: Reply(503)) as receiver:
        newsroom.moderator.coral.connect(newsroom.site, receiver.url, TOKEN)
        newsroom.tell("c-1")
        assert newsroom.one.decision is None
        receiver.answer = newsroom.coral.answer
        clock.now += WAITS[0] + timedelta(seconds=1)
        newsroom.work()
    assert newsroom.one.decision is Decision.APPROVE


def test_endless_failure_ends(newsroom: Newsroom, clock: Clock) -> None:
    newsroom.moderator.coral.connect(newsroom.site, "http://127.0.0.1:1", TOKEN)
    newsroom.tell("c-1")
    for wait in WAITS:
        clock.now += wait + timedelta(seconds=1)
        newsroom.work()
    clock.advance(days=1)
    assert not newsroom.listener.work()


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"data": {}}', b'{"errors": [{"x": 1}]}', b"[" * 500_000])
def test_strange_answer_changes_nothing(newsroom: Newsroom, body: bytes) -> None:
    newsroom.write("c-1", HELD)
    with receiving(lambda _sent: Reply(200, body=body)) as receiver:
        newsroom.moderator.coral.connect(newsroom.site, receiver.url, TOKEN)
        newsroom.tell("c-1")
        newsroom.moderator.decide(newsroom.site, newsroom.one.comment.id, Decision.APPROVE, "ann")
        newsroom.work()
    assert newsroom.errors
    assert newsroom.coral.comments["c-1"].status == "SYSTEM_WITHHELD"


def test_comment_of_another_shape_is_given_up(newsroom: Newsroom, clock: Clock) -> None:
    comment = {"body": "", "status": "", "author": "x", "story": {"id": ""}, "statusHistory": {"edges": []}}
    told = json.dumps({"data": {"comment": comment | {"revision": {"id": "r"}}}}).encode()
    with receiving(lambda _sent: Reply(200, body=told)) as receiver:
        newsroom.moderator.coral.connect(newsroom.site, receiver.url, TOKEN)
        newsroom.tell("c-1")
        for wait in WAITS:
            clock.now += wait + timedelta(seconds=1)
            newsroom.work()
        clock.advance(days=1)
        assert not newsroom.listener.work()


def test_site_without_coral_hears_nothing(moderator: Moderator, site: Site, database: Database, clock: Clock) -> None:
    moderator.coral.hear(site, "c-1")
    assert not Listener(database, CLIENT, clock).work()


@pytest.mark.parametrize(
    ("url", "token"), [("coral.example", "t"), ("https://c.example", ""), ("https://c.example", "a b")]
)
def test_wrong_connection_is_refused(moderator: Moderator, site: Site, url: str, token: str) -> None:
    with pytest.raises(Invalid):
        moderator.coral.connect(site, url, token)


def test_token_goes_to_no_private_address(newsroom: Newsroom, database: Database, clock: Clock) -> None:
    newsroom.write("c-1", HELD)
    newsroom.moderator.coral.hear(newsroom.site, "c-1")
    with receiving() as receiver:
        newsroom.moderator.coral.connect(newsroom.site, receiver.url, TOKEN)
        assert Listener(database, Client(), clock).work()
        assert receiver.connections == 0
