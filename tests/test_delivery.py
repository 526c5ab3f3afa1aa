"""Events on their way: what makes one delivered, when it is tried again, and in which order."""

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection
from standardwebhooks.webhooks import Webhook

from moderation import webhooks
from moderation.comment import Comment, Decision
from moderation.delivery import SCHEDULE, Deliverer, Pace, Target
from moderation.endpoints import new_secret
from moderation.guarded_http import Answer, Client, Request
from moderation.moderator import Moderator, Site
from moderation.storage import endpoints, outbox
from moderation.storage.database import Database
from moderation.storage.endpoints import Endpoint
from moderation.storage.outbox import Due
from tests.conftest import ORDINARY, SPAM, Clock
from tests.receiver import LOCAL, Receiver, Reply, receiving

CLIENT = Client((ip_network(LOCAL),), timeout_s=5)
SECRET = new_secret()
NODE = Path(__file__).resolve().parent / "node"


class Events:
    """A site's webhook, its receiver, and a deliverer whose clock the test sets."""

    def __init__(self, moderator: Moderator, site: Site, database: Database, clock: Clock, receiver: Receiver) -> None:
        self.moderator, self.site, self.database, self.clock, self.receiver = moderator, site, database, clock, receiver
        self.reply = Reply()
        receiver.answer = lambda _sent: self.reply
        self.deliverer = Deliverer(database, CLIENT, [webhooks.TARGET], clock=clock)
        with database.writing() as connection:
            endpoints.put(connection, site.id, url=f"{receiver.url}/hook", secret=SECRET, now=clock())

    def check(self, *names: str, body: str = SPAM) -> None:
        for name in names:
            self.moderator.check(self.site, Comment(body, name))

    def decide(self, name: str, decision: Decision) -> None:
        self.moderator.decide(self.site, name, decision, "ann")

    def deliver(self) -> int:
        """Deliver whatever is due, and give how many attempts that were."""
        before = len(self.receiver.sent)
        while self.deliverer.work():
            pass
        return len(self.receiver.sent) - before

    @property
    def told(self) -> list[tuple[str, str]]:
        """Type and comment of each event, as they came."""
        bodies = [json.loads(sent.body) for sent in self.receiver.sent]
        return [(body["type"], body["data"]["comment_id"]) for body in bodies]

    @property
    def endpoint(self) -> Endpoint:
        with self.database.reading() as connection:
            found = endpoints.find(connection, self.site.id)
        assert found is not None
        return found

    @property
    def log(self) -> tuple[outbox.Sent, ...]:
        with self.database.reading() as connection:
            return outbox.log(connection, self.site.id, "webhook", undelivered=False, before=None, limit=100)


@pytest.fixture
def events(moderator: Moderator, site: Site, database: Database, clock: Clock) -> Iterator[Events]:
    with receiving() as receiver:
        yield Events(moderator, site, database, clock, receiver)


def test_event_says_what_happened(events: Events) -> None:
    events.check("c-1")
    events.decide("c-1", Decision.REJECT_OFF_TOPIC)
    events.deliver()
    held, rejected = (json.loads(sent.body) for sent in events.receiver.sent)
    assert held["data"] == {"comment_id": "c-1", "status": "held", "decision": None, "by": None, "undo": False}
    assert rejected == {
        "type": "comment.rejected",
        "timestamp": events.clock().isoformat(),
        "data": {"comment_id": "c-1", "status": "rejected", "decision": "reject_off_topic", "by": "ann", "undo": False},
    }


def test_signature_is_the_librarys(events: Events) -> None:
    events.clock.now = datetime.now(UTC)
    events.check("c-1", body=ORDINARY)
    events.deliver()
    [sent] = events.receiver.sent
    assert sent.headers["content-type"] == "application/json"
    assert Webhook(SECRET).verify(sent.body, sent.headers)["type"] == "comment.published"


def test_signature_satisfies_the_library_of_node(events: Events) -> None:
    if not (NODE / "node_modules" / "standardwebhooks").is_dir():
        pytest.skip("no library of node: npm ci --prefix tests/node")
    events.clock.now = datetime.now(UTC)
    events.check("c-ä-\u2028")
    events.deliver()
    [sent] = events.receiver.sent
    given = {"secret": SECRET, "headers": sent.headers, "body": sent.body.decode()}
    command = ["node", str(NODE / "verify_webhook.cjs")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "comment.held\n"


def test_former_secret_signs_for_a_while(events: Events) -> None:
    events.clock.now = datetime.now(UTC)
    with events.database.writing() as connection:
        endpoints.rotate(connection, events.endpoint, new_secret(), events.clock() + timedelta(hours=1))
    events.check("c-1")
    events.deliver()
    Webhook(SECRET).verify(events.receiver.sent[-1].body, events.receiver.sent[-1].headers)
    Webhook(events.endpoint.secret).verify(events.receiver.sent[-1].body, events.receiver.sent[-1].headers)
    events.clock.advance(hours=1)
    events.check("c-2")
    events.deliver()
    assert len(events.receiver.sent[-1].headers["webhook-signature"].split(" ")) == 1


def test_repeated_check_tells_nothing(events: Events) -> None:
    events.check("c-1", "c-1")
    assert events.deliver() == 1


def test_failed_event_is_tried_by_the_schedule(events: Events) -> None:
    events.reply = Reply(500)
    events.check("c-1")
    assert events.deliver() == 1
    for wait in SCHEDULE[1:]:
        events.clock.advance(seconds=wait.total_seconds() - 1)
        assert events.deliver() == 0
        events.clock.advance(seconds=1)
        assert events.deliver() == 1
    events.clock.advance(days=30)
    assert events.deliver() == 0
    [sent] = events.log
    assert sent.given_up_at is not None
    assert [(attempt.status, attempt.error) for attempt in sent.attempts] == [(500, "answered 500")] * len(SCHEDULE)
    assert len({sent.headers["webhook-id"] for sent in events.receiver.sent}) == 1
    assert len({sent.headers["webhook-timestamp"] for sent in events.receiver.sent}) == len(SCHEDULE)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_success_is_any_2xx(events: Events, status: int) -> None:
    events.reply = Reply(status)
    events.check("c-1")
    events.deliver()
    assert events.log[0].delivered_at is not None
    assert (events.endpoint.delivered, events.endpoint.failed) == (1, 0)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_anything_else_is_failure(events: Events, status: int) -> None:
    events.reply = Reply(status, {"Location": f"{events.receiver.url}/elsewhere"})
    events.check("c-1")
    assert events.deliver() == 1
    assert events.log[0].delivered_at is None
    assert (events.endpoint.delivered, events.endpoint.failed) == (0, 1)


def test_later_event_waits_for_the_earlier(events: Events) -> None:
    events.reply = Reply(500)
    events.check("c-1")
    events.deliver()
    events.decide("c-1", Decision.APPROVE)
    events.check("c-2")
    events.clock.advance(seconds=2)
    events.reply = Reply()
    events.deliver()
    assert events.told[1:] == [("comment.held", "c-2")]
    events.clock.advance(seconds=3)
    events.deliver()
    assert events.told[2:] == [("comment.held", "c-1"), ("comment.published", "c-1")]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", [str, lambda seconds: format_datetime(Clock().now + timedelta(seconds=seconds))])
def test_retry_after_is_obeyed(events: Events, status: int, form: Callable[[int], str]) -> None:
    events.reply = Reply(status, {"Retry-After": form(3600)})
    events.check("c-1", "c-2")
    assert events.deliver() == 1
    events.clock.advance(seconds=3599)
    assert events.deliver() == 0
    events.clock.advance(seconds=1)
    events.reply = Reply()
    assert events.deliver() == 2


@pytest.mark.parametrize(
    "text", ["soon", "-5", "", "1e3", "Thu, 99 Foo 2026", "Mon, 01 Jan 2026 00:00:00 +" + "9" * 20]
)
def test_nonsense_in_retry_after_is_ignored(events: Events, text: str) -> None:
    events.reply = Reply(503, {"Retry-After": text})
    events.check("c-1")
    events.deliver()
    events.clock.advance(seconds=5)
    assert events.deliver() == 1


def test_endless_retry_after_ends_in_a_day(events: Events) -> None:
    events.reply = Reply(429, {"Retry-After": "9" * 30})
    events.check("c-1")
    events.deliver()
    events.clock.advance(days=1)
    assert events.deliver() == 1


def test_gone_endpoint_is_switched_off(events: Events) -> None:
    events.reply = Reply(410)
    events.check("c-1", "c-2")
    assert events.deliver() == 1
    assert not events.endpoint.active
    assert "410" in events.endpoint.trouble
    events.check("c-3")
    events.clock.advance(days=1)
    assert events.deliver() == 0
    events.reply = Reply()
    with events.database.writing() as connection:
        endpoints.change(connection, events.endpoint, {"active": True, "trouble": ""})
    events.deliver()
    assert {name for _type, name in events.told[1:]} == {"c-1", "c-2", "c-3"}


def test_failing_endpoint_is_left_in_peace(events: Events) -> None:
    events.reply = Reply(500)
    events.check(*(f"c-{number}" for number in range(20)))
    assert events.deliver() == 1
    for pause_s in (1, 2, 4, 8, 16, 32, 60, 60):
        events.clock.advance(seconds=pause_s)
        assert events.deliver() == 1
    events.reply = Reply()
    events.clock.advance(seconds=60)
    assert events.deliver() >= 18


def test_one_dead_endpoint_holds_up_no_other(events: Events) -> None:
    events.moderator.add_site("evening")
    other = events.moderator.site("evening")
    with receiving() as receiver:
        with events.database.writing() as connection:
            endpoints.put(connection, other.id, url=receiver.url, secret=SECRET, now=events.clock())
        events.reply = Reply(500)
        events.check(*(f"c-{number}" for number in range(5)))
        events.moderator.check(other, Comment(SPAM, "e-1"))
        events.deliver()
        assert len(receiver.sent) == 1


def test_private_endpoint_is_never_connected_to(events: Events) -> None:
    events.check("c-1")
    guarded = Deliverer(events.database, Client(), [webhooks.TARGET], clock=events.clock)
    assert guarded.work()
    assert events.receiver.connections == 0
    assert events.log[0].attempts[0].error == "127.0.0.1 is not a public address"


def test_dead_process_s_event_is_taken_over(events: Events) -> None:
    events.check("c-1")
    pace = Pace()
    with events.database.writing() as connection:
        lost = outbox.lease(connection, events.endpoint, events.clock(), pace.lease)
    assert lost is not None
    assert events.deliver() == 0
    events.clock.advance(seconds=pace.lease.total_seconds())
    assert events.deliver() == 1
    with events.database.writing() as connection:
        assert not outbox.settle(connection, lost, None, {"given_up_at": events.clock()})
    assert events.log[0].given_up_at is None


def test_event_is_sent_again_under_its_id(events: Events) -> None:
    events.check("c-1")
    events.deliver()
    with events.database.writing() as connection:
        assert outbox.send_again(connection, events.site.id, events.log[0].number, events.clock())
        assert not outbox.send_again(connection, events.site.id + 1, events.log[0].number, events.clock())
    events.deliver()
    first, second = events.receiver.sent
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_target_may_have_nothing_to_tell(events: Events, listener: str) -> None:
    asked: list[str] = []

    def request(_connection: Connection, due: Due, _now: datetime) -> Request | None:
        asked.append(due.event)
        return None

    deliverer = Deliverer(events.database, CLIENT, [Target(listener, request)], clock=events.clock)
    events.check("c-1")
    assert not deliverer.work()
    events.decide("c-1", Decision.APPROVE)
    assert deliverer.work()
    assert not deliverer.work()
    assert asked == ["comment.published"]


def test_target_judges_its_answer(events: Events, listener: str) -> None:
    def fault(answer: Answer) -> str:
        return "" if answer.body == b"taken" else "refused in words"

    def request(_connection: Connection, due: Due, _now: datetime) -> Request:
        return Request(f"{events.receiver.url}/other", body=due.data["comment_id"].encode())

    deliverer = Deliverer(events.database, CLIENT, [Target(listener, request, fault)], clock=events.clock)
    events.check("c-1")
    events.decide("c-1", Decision.APPROVE)
    events.reply = Reply(200, body=b"no")
    deliverer.work()
    events.clock.advance(seconds=5)
    events.reply = Reply(200, body=b"taken")
    deliverer.work()
    with events.database.reading() as connection:
        [sent] = outbox.log(connection, events.site.id, listener, undelivered=False, before=None, limit=10)
    assert [attempt.error for attempt in sent.attempts] == ["refused in words", ""]


def test_broken_target_stops_no_other(events: Events, listener: str) -> None:
    def request(_connection: Connection, _due: Due, _now: datetime) -> Request:
        raise RuntimeError("a mistake")

    deliverer = Deliverer(events.database, CLIENT, [Target(listener, request), webhooks.TARGET], clock=events.clock)
    events.check("c-1")
    events.decide("c-1", Decision.APPROVE)
    while deliverer.work():
        pass
    assert len(events.receiver.sent) == 2


def test_removed_endpoint_hears_nothing(events: Events) -> None:
    events.check("c-1")
    events.deliver()
    events.check("c-2")
    with events.database.writing() as connection:
        endpoints.remove(connection, events.site.id)
    events.check("c-3")
    assert events.deliver() == 0
