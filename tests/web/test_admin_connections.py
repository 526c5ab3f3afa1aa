"""The administrators' pages of events and articles."""

import re
from ipaddress import ip_network

import pytest
from flask.testing import FlaskClient

from moderation import webhooks
from moderation.comment import Article, Comment
from moderation.delivery import Deliverer
from moderation.guarded_http import Client
from moderation.moderator import Moderator, Role
from moderation.storage.database import Database
from tests.receiver import LOCAL, Reply, receiving
from tests.web.conftest import Service
from tests.web.test_review_access import OURS, Enter, enter, moderator

__all__ = ["enter", "moderator"]


@pytest.fixture
def admin(enter: Enter) -> FlaskClient:
    return enter("ann@example.org", Role.ADMINISTRATOR)


def post(client: FlaskClient, path: str, **form: str) -> str:
    answer = client.post(f"/review/{path}?site=gazette", data=form, headers=OURS, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_secret_is_shown_once(admin: FlaskClient) -> None:
    first = post(admin, "events/endpoint", url="https://gazette.example/hook")
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]+", first)
    assert secret not in admin.get("/review/events?site=gazette").text
    assert "whsec_" not in post(admin, "events/endpoint", url="https://gazette.example/other")
    [rotated] = re.findall(r"whsec_[A-Za-z0-9+/=]+", post(admin, "events/secret"))
    assert rotated != secret


def test_endpoint_is_switched_and_removed(admin: FlaskClient, moderator: Moderator) -> None:
    post(admin, "events/endpoint", url="https://gazette.example/hook")
    site = moderator.site("gazette")
    post(admin, "events/off")
    endpoint = moderator.endpoints.find(site)
    assert endpoint is not None
    assert not endpoint.active
    post(admin, "events/on")
    post(admin, "events/remove")
    assert moderator.endpoints.find(site) is None


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "https://user:pass@gazette.example/", "gazette.example"])
def test_wrong_address_is_refused(admin: FlaskClient, url: str) -> None:
    answer = admin.post("/review/events/endpoint?site=gazette", data={"url": url}, headers=OURS)
    assert answer.status_code == 400


def test_delivery_is_logged_and_sent_again(admin: FlaskClient, service: Service, moderator: Moderator) -> None:
    database, site = Database.open(service.settings.database_url), moderator.site("gazette")
    deliverer = Deliverer(database, Client((ip_network(LOCAL),)), [webhooks.TARGET])
    with receiving(lambda _sent: Reply(500)) as receiver:
        post(admin, "events/endpoint", url=receiver.url)
        moderator.check(site, Comment("Lovely bridge.", "c-1"))
        assert deliverer.work()
        page = admin.get("/review/events?site=gazette&undelivered=1").text
        assert "comment.published" in page
        assert "answered 500" in page
        receiver.answer = lambda _sent: Reply()
        [event] = moderator.endpoints.log(site).items
        moderator.endpoints.switch(site, on=True)
        assert "sent again" in post(admin, "events/again", number=str(event.number))
        assert deliverer.work()
    assert len({sent.headers["webhook-id"] for sent in receiver.sent}) == 1
    assert "There is none yet" in admin.get("/review/events?site=gazette&undelivered=1").text


@pytest.mark.parametrize("number", ["", "0", "x", "9" * 30, "-1"])
def test_unknown_event_is_not_sent(admin: FlaskClient, number: str) -> None:
    answer = admin.post("/review/events/again?site=gazette", data={"number": number}, headers=OURS)
    assert answer.status_code in (400, 404)


def test_hosts_are_listed_and_articles_told(admin: FlaskClient, moderator: Moderator) -> None:
    assert "The list is in force" in post(admin, "articles/hosts", hosts="gazette.example\n*.gazette.example\n")
    site = moderator.site("gazette")
    assert moderator.endpoints.hosts(site) == ("*.gazette.example", "gazette.example")
    url = "https://www.gazette.example/<script>alert(1)</script>"
    moderator.check(site, Comment("Lovely bridge.", "c-1"), Article(url=url))
    page = admin.get("/review/articles?site=gazette").text
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "fetched again" in post(admin, "articles/again", url=url)


@pytest.mark.parametrize("path", ["events?site=gazette", "articles?site=gazette"])
def test_moderators_see_no_connections(enter: Enter, path: str) -> None:
    assert enter("bob@example.org", Role.MODERATOR).get(f"/review/{path}").status_code == 403


@pytest.mark.parametrize("path", ["events/none", "articles/none"])
def test_unknown_change_is_not_found(admin: FlaskClient, path: str) -> None:
    assert admin.post(f"/review/{path}?site=gazette", headers=OURS).status_code == 404
