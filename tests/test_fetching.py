"""Articles by their address: from listed hosts alone, in the background, cached, whatever the page does."""

import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest

from moderation.comment import Article, Comment
from moderation.fetching import LEASE, LOOKED_AT_AGAIN, RETRIES, Fetcher
from moderation.guarded_http import Client
from moderation.moderator import Fetch, Invalid, Moderator, NotFound, Site
from moderation.storage import fetches
from moderation.storage.database import Database
from moderation.storage.fetches import covers
from tests.conftest import ORDINARY, Clock
from tests.receiver import LOCAL, Receiver, Reply, Sent, receiving

TEXT = "The harbour board decided that the night ferry sails again from May, and fares rise by a tenth this year. "
PAGE = (
    "<!doctype html><html><head><title>Night ferry returns</title>"
    '<meta property="article:published_time" content="2026-02-01T08:00:00Z"></head>'
    f"<body><nav>Home</nav><article><h1>Night ferry returns</h1><p>{TEXT * 3}</p><p>{TEXT * 2}</p></article></body>"
).encode()
HTML = {"Content-Type": "text/html; charset=utf-8"}
CLIENT = Client((ip_network(LOCAL),), timeout_s=5, most_bytes=1_000_000)


class Pages:
    """A site that lists the host of its receiver, and a fetcher whose clock the test sets."""

    def __init__(self, moderator: Moderator, site: Site, database: Database, clock: Clock, receiver: Receiver) -> None:
        self.moderator, self.site, self.clock, self.receiver = moderator, site, clock, receiver
        self.reply = Reply(200, HTML, PAGE)
        receiver.answer = lambda _sent: self.reply
        self.fetcher = Fetcher(database, CLIENT, moderator.put_fetched, clock)
        moderator.endpoints.set_hosts(site, ["127.0.0.1"])

    @property
    def url(self) -> str:
        return f"{self.receiver.url}/night-ferry"

    def check(self, name: str, article: Article | None = None, body: str = ORDINARY) -> None:
        self.moderator.check(self.site, Comment(body, name), article or Article(url=self.url))

    def fetch(self) -> int:
        before = len(self.receiver.sent)
        while self.fetcher.work():
            pass
        return len(self.receiver.sent) - before

    @property
    def log(self) -> Fetch:
        [fetch] = self.moderator.endpoints.fetched(self.site)
        return fetch


@pytest.fixture
def pages(moderator: Moderator, site: Site, database: Database, clock: Clock) -> Iterator[Pages]:
    with receiving() as receiver:
        yield Pages(moderator, site, database, clock, receiver)


def test_article_is_fetched_and_comments_scored(pages: Pages) -> None:
    pages.check("c-1")
    assert pages.receiver.connections == 0
    assert pages.moderator.comment(pages.site, "c-1").score.off_topic is None
    assert pages.fetch() == 1
    article = pages.moderator.article(pages.site, pages.url)
    assert article.title == "Night ferry returns"
    assert article.body.endswith(f"{TEXT * 3}".strip() + f"\n{TEXT * 2}".rstrip())
    assert len(article.body) < 6 * len(TEXT)
    assert (article.url, str(article.published_at)) == (pages.url, "2026-02-01 00:00:00+00:00")
    assert pages.moderator.comment(pages.site, "c-1").score.off_topic is not None
    pages.check("c-2")
    assert pages.moderator.comment(pages.site, "c-2").score.off_topic is not None
    assert pages.fetch() == 0


def test_article_with_id_is_fetched_under_it(pages: Pages) -> None:
    pages.check("c-1", Article("a-1"))
    pages.check("c-2", Article("a-1", url=pages.url))
    pages.fetch()
    assert pages.moderator.article(pages.site, "a-1").title == "Night ferry returns"
    assert pages.moderator.comment(pages.site, "c-1").score.off_topic is not None


def test_unlisted_host_is_not_fetched(pages: Pages) -> None:
    pages.moderator.endpoints.set_hosts(pages.site, ["gazette.example"])
    pages.check("c-1")
    assert pages.fetch() == 0
    assert pages.moderator.endpoints.fetched(pages.site) == ()


def test_host_listed_later_fetches_what_waits(pages: Pages) -> None:
    pages.moderator.endpoints.set_hosts(pages.site, [])
    pages.check("c-1")
    pages.moderator.endpoints.set_hosts(pages.site, ["127.0.0.1"])
    assert pages.fetch() == 1
    assert pages.moderator.comment(pages.site, "c-1").score.off_topic is not None


def test_host_taken_off_the_list_is_not_fetched(pages: Pages) -> None:
    pages.check("c-1")
    pages.moderator.endpoints.set_hosts(pages.site, [])
    assert pages.fetch() == 0
    assert "not on the site's list" in pages.log.error


def test_redirect_leads_to_listed_hosts_only(pages: Pages) -> None:
    with receiving(host="127.0.0.2") as other:
        pages.reply = Reply(302, {"Location": f"{other.url}/stolen"})
        pages.check("c-1")
        pages.fetch()
        assert other.connections == 0
    assert pages.log.error == "127.0.0.2 is not on the site's list"
    assert pages.log.due_at is None


def test_redirect_to_private_host_is_never_opened(pages: Pages, database: Database) -> None:
    pages.moderator.endpoints.set_hosts(pages.site, ["127.0.0.1", "127.0.0.2"])
    client = replace(CLIENT, allowed=(ip_network("127.0.0.1/32"),))
    with receiving(host="127.0.0.2") as other:
        pages.reply = Reply(302, {"Location": f"{other.url}/stolen"})
        pages.check("c-1")
        assert Fetcher(database, client, pages.moderator.put_fetched, pages.clock).work()
        assert other.connections == 0
    assert "not a public address" in pages.log.error


def test_redirects_are_followed_and_end(pages: Pages) -> None:
    pages.receiver.answer = _Stairs(steps=3)
    pages.check("c-1")
    assert pages.fetch() == 4
    assert pages.log.error == ""
    pages.receiver.answer = _Stairs(steps=99)
    pages.check("c-2", Article(url=f"{pages.receiver.url}/other"))
    assert pages.fetch() == 6


class _Stairs:
    """So many redirects, then the page."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __call__(self, _sent: Sent) -> Reply:
        self.steps -= 1
        return Reply(302, {"Location": f"/step/{self.steps}"}) if self.steps >= 0 else Reply(200, HTML, PAGE)


def test_failure_is_tried_again_then_remembered(pages: Pages) -> None:
    pages.reply = Reply(500)
    pages.check("c-1")
    assert pages.fetch() == 1
    for wait in RETRIES:
        pages.clock.advance(seconds=wait.total_seconds() - 1)
        assert pages.fetch() == 0
        pages.clock.advance(seconds=1)
        assert pages.fetch() == 1
    pages.clock.advance(days=6)
    pages.check("c-2")
    assert pages.fetch() == 0
    pages.clock.advance(days=2)
    pages.check("c-3")
    assert pages.fetch() == 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(404), "answered 404"),
        (Reply(410), "answered 410"),
        (Reply(200, {"Content-Type": "application/pdf"}, b"%PDF"), "application/pdf is no web page"),
        (Reply(200, {}, b"no kind"), "no web page"),
    ],
)
def test_hopeless_page_is_not_tried_again(pages: Pages, reply: Reply, said: str) -> None:
    pages.reply = reply
    pages.check("c-1")
    pages.fetch()
    assert said in pages.log.error
    assert pages.log.due_at is None


def test_busy_host_is_left_in_peace(pages: Pages) -> None:
    pages.reply = Reply(503, {"Retry-After": "7200"})
    pages.check("c-1")
    pages.fetch()
    pages.clock.advance(seconds=7199)
    assert pages.fetch() == 0
    pages.clock.advance(seconds=1)
    assert pages.fetch() == 1


def test_corrected_article_is_noticed_once(pages: Pages) -> None:
    pages.check("c-1")
    pages.fetch()
    pages.reply = Reply(200, HTML, PAGE.replace(b"a tenth", b"a quarter"))
    pages.clock.advance(seconds=LOOKED_AT_AGAIN.total_seconds())
    assert pages.fetch() == 1
    assert "a quarter" in pages.moderator.article(pages.site, pages.url).body
    pages.clock.advance(days=30)
    assert pages.fetch() == 0


def test_sent_article_is_never_overwritten(pages: Pages) -> None:
    pages.check("c-1")
    pages.moderator.put_article(pages.site, Article(title="As sent", body="By the publication.", url=pages.url))
    pages.fetch()
    assert pages.moderator.article(pages.site, pages.url).title == "As sent"
    assert "sent this article itself" in pages.log.error


def test_dead_process_s_article_is_taken_over(pages: Pages, database: Database) -> None:
    pages.check("c-1")
    with database.writing() as connection:
        lost = fetches.lease(connection, pages.clock(), LEASE)
    assert lost is not None
    assert pages.fetch() == 0
    pages.clock.advance(seconds=LEASE.total_seconds())
    assert pages.fetch() == 1
    with database.writing() as connection:
        fetches.settle(connection, lost, {"error": "too late"})
    assert pages.log.error == ""


def test_article_is_fetched_again_on_demand(pages: Pages) -> None:
    pages.reply = Reply(404)
    pages.check("c-1")
    pages.fetch()
    pages.reply = Reply(200, HTML, PAGE)
    pages.moderator.endpoints.fetch_again(pages.site, pages.url)
    assert pages.fetch() == 1
    assert pages.log.error == ""
    with pytest.raises(NotFound):
        pages.moderator.endpoints.fetch_again(pages.site, "https://elsewhere.example/")


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\x00\xff\xfe" * 10_000,
        b"<p>" * 200_000,
        b"<div><table>" * 20_000 + b"text",
        b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><p>&b;</p>",
        b"<html><body>" + b"<a href='x'>" * 50_000,
        "<html><body>\u202e\ufdd0 \U0010ffff".encode(),
        b"<title>" + b"t" * 500_000,
        b'<?xml version="1.0" encoding="UTF-7"?><p>+ADw-script+AD4-</p>',
    ],
)
def test_hostile_page_ends_in_time(pages: Pages, page: bytes) -> None:
    begun_s = time.monotonic()
    pages.reply = Reply(200, HTML, page)
    pages.check("c-1")
    assert pages.fetch() == 1
    assert pages.log.error != ""
    assert time.monotonic() - begun_s < 30


def test_unusual_address_is_fetched(pages: Pages) -> None:
    pages.check("c-1", Article(url=f"{pages.receiver.url}/nächtliche fähre?q=ü#top"))
    assert pages.fetch() == 1
    assert pages.receiver.sent[0].path == "/n%C3%A4chtliche%20f%C3%A4hre?q=%C3%BC"


@pytest.mark.parametrize(
    "url", ["http://[::1", "javascript:alert(1)", "//x", "http://127.0.0.1:99999/", "\x00", "127.0.0.1"]
)
def test_nonsense_address_is_harmless(pages: Pages, url: str) -> None:
    pages.check("c-1", Article(url=url))
    assert pages.fetch() == 0


@pytest.mark.parametrize("host", ["", "a b", "https://a.example", "a.example/x", "*", "*.", "ä.example", "x" * 300])
def test_listed_hosts_are_names(pages: Pages, host: str) -> None:
    if host == "":
        pages.moderator.endpoints.set_hosts(pages.site, [host])
        assert pages.moderator.endpoints.hosts(pages.site) == ()
        return
    with pytest.raises(Invalid):
        pages.moderator.endpoints.set_hosts(pages.site, [host])


def test_list_covers_what_it_says() -> None:
    listed = ("gazette.example", "*.daily.example")
    covered = ["gazette.example", "GAZETTE.example.", "www.daily.example", "a.b.daily.example"]
    others = ["www.gazette.example", "daily.example", "evilgazette.example", "gazette.example.evil.example", ""]
    assert all(covers(listed, host) for host in covered)
    assert not any(covers(listed, host) for host in others)
