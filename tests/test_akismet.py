"""What Akismet's callers hear later: changes of mind, once each, at their own address alone. On both databases."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from moderation import akismet_callbacks
from moderation.akismet import AkismetCall, guid_of
from moderation.comment import Article, Author, Comment, Decision, Status
from moderation.delivery import Deliverer
from moderation.guarded_http import Client
from moderation.moderator import KeyKind, Moderator, Site, SiteSettings
from moderation.storage import endpoints
from moderation.storage.database import Database
from moderation.storage.endpoints import AKISMET
from tests.conftest import ORDINARY, SPAM, Clock
from tests.receiver import LOCAL, Receiver, Reply, receiving

KEY = "0123456789ab"
PAGE = Article(url="https://news.example/bridge")


class Cms:
    """A CMS that asks, and hears what is no longer so."""

    def __init__(self, moderator: Moderator, site: Site, database: Database, clock: Clock, receiver: Receiver) -> None:
        self.moderator, self.site, self.database, self.receiver = moderator, site, database, receiver
        self.blog = f"127.0.0.1:{receiver.port}"
        receiver.answer = lambda _sent: Reply(200)
        self.deliverer = Deliverer(database, Client((ip_network(LOCAL),)), [akismet_callbacks.TARGET], clock=clock)

    def call(self, body: str, **more: str) -> AkismetCall:
        callback = f"{self.receiver.url}/wp-json/akismet/v1/webhook"
        made = AkismetCall(Comment(body, author=Author("kelly")), PAGE, self.blog, callback=callback, key=KEY)
        return replace(made, **more)  # type: ignore[arg-type]  # every field that tests change is a text

    def check(self, call: AkismetCall) -> bool:
        return self.moderator.akismet.check(self.site, call).is_spam

    def decide(self, call: AkismetCall, decision: Decision) -> None:
        self.moderator.decide(self.site, guid_of(call), decision, "ann")

    def hear(self) -> list[str]:
        """Deliver all that is due, and give the results that came."""
        before = len(self.receiver.sent)
        while self.deliverer.work():
            pass
        bodies = [json.loads(sent.body) for sent in self.receiver.sent[before:]]
        return [comment["result"] for body in bodies for comment in body["comments"]]


@pytest.fixture
def cms(moderator: Moderator, site: Site, database: Database, clock: Clock) -> Iterator[Cms]:
    with receiving() as receiver:
        yield Cms(moderator, site, database, clock, receiver)


def test_change_of_mind_is_told(cms: Cms) -> None:
    call = cms.call(SPAM)
    assert cms.check(call)
    cms.decide(call, Decision.APPROVE)
    assert cms.hear() == ["false"]
    [sent] = cms.receiver.sent
    assert sent.path == "/wp-json/akismet/v1/webhook"
    assert sent.headers["x-akismet-webhook"] == "1"
    told = {"guid": guid_of(call), "result": "false", "by": "ann"}
    assert json.loads(sent.body) == {"key": KEY, "endpoint": "comment-check", "comments": [told]}


def test_what_stays_so_is_not_told(cms: Cms) -> None:
    cms.check(cms.call(SPAM))
    cms.decide(cms.call(SPAM), Decision.REJECT_PROMOTIONAL)
    cms.check(cms.call(ORDINARY))
    cms.decide(cms.call(ORDINARY), Decision.APPROVE)
    assert cms.hear() == []


def test_each_change_is_told_once(cms: Cms) -> None:
    call = cms.call(ORDINARY)
    assert not cms.check(call)
    cms.decide(call, Decision.REJECT_OTHER)
    cms.decide(call, Decision.REJECT_OFF_TOPIC)
    assert cms.hear() == ["true"]
    cms.decide(call, Decision.APPROVE)
    assert cms.hear() == ["false"]
    cms.moderator.undo(cms.site, guid_of(call), "ann")
    assert cms.hear() == ["true"]


def test_own_report_does_not_come_back(cms: Cms) -> None:
    call = cms.call(SPAM)
    cms.check(call)
    cms.moderator.akismet.report(cms.site, call, Decision.APPROVE)
    assert cms.hear() == []
    cms.decide(call, Decision.REJECT_PROMOTIONAL)
    assert cms.hear() == ["true"]


def test_failed_call_is_made_again(cms: Cms, clock: Clock) -> None:
    cms.check(cms.call(SPAM))
    cms.decide(cms.call(SPAM), Decision.APPROVE)
    cms.receiver.answer = lambda _sent: Reply(503)
    assert cms.hear() == ["false"]
    cms.receiver.answer = lambda _sent: Reply(200)
    clock.advance(seconds=5)
    assert cms.hear() == ["false"]
    clock.advance(hours=24)
    assert cms.hear() == []


def test_article_that_comes_changes_the_answer(cms: Cms) -> None:
    cms.moderator.set_site(cms.site, SiteSettings(hold=0.99, hold_off_topic=0.5))
    call = cms.call("The goalkeeper saved two penalties, a fine evening for our football club.")
    assert not cms.check(call)
    text = "The council will pay for a new bridge over the river. Trams will cross it from May. " * 10
    cms.moderator.put_article(cms.site, replace(PAGE, title="The council and the river", body=text))
    assert cms.moderator.comment(cms.site, guid_of(call)).status is Status.HELD
    assert cms.hear() == ["true"]


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/x", "http://other.example/x", "file:///etc/passwd", "http://[::1/"]
)
def test_only_the_blogs_own_address_is_called(cms: Cms, url: str) -> None:
    call = cms.call(SPAM, callback=url)
    cms.check(call)
    cms.decide(call, Decision.APPROVE)
    assert cms.hear() == []
    with cms.database.reading() as connection:
        assert endpoints.find(connection, cms.site.id, AKISMET) is None


def test_new_key_replaces_the_one_before(cms: Cms) -> None:
    cms.check(cms.call(SPAM))
    cms.check(cms.call(ORDINARY, key="ba9876543210"))
    cms.decide(cms.call(SPAM), Decision.APPROVE)
    cms.hear()
    assert json.loads(cms.receiver.sent[0].body)["key"] == "ba9876543210"


def test_purged_comment_is_told_of_no_more(cms: Cms, clock: Clock) -> None:
    call = cms.call(SPAM)
    cms.check(call)
    clock.advance(days=2)
    cms.moderator.reports.purge(timedelta(days=1))
    cms.decide(call, Decision.APPROVE)
    assert cms.hear() == []


def test_purged_comment_asked_again_is_new(cms: Cms, clock: Clock) -> None:
    cms.check(cms.call(SPAM))
    clock.advance(days=2)
    cms.moderator.reports.purge(timedelta(days=1))
    assert cms.check(cms.call(SPAM))
    assert cms.moderator.comment(cms.site, guid_of(cms.call(SPAM))).comment.body == SPAM


def test_keys_of_a_kind_end_together(moderator: Moderator, site: Site, clock: Clock) -> None:
    old = moderator.rotate_key("gazette", kind=KeyKind.AKISMET)
    new = moderator.rotate_key("gazette", timedelta(hours=1), KeyKind.AKISMET)
    assert moderator.site_of_key(old, KeyKind.AKISMET) is not None
    assert moderator.site_of_key(old) is None
    clock.advance(hours=1)
    assert moderator.site_of_key(old, KeyKind.AKISMET) is None
    assert moderator.site_of_key(new, KeyKind.AKISMET) is not None


def test_number_of_no_character_has_a_guid() -> None:
    calls = [AkismetCall(Comment(f"&#{'9' * size};"), PAGE, "news.example") for size in (9, 5_000)]
    assert guid_of(calls[0]) != guid_of(calls[1])
