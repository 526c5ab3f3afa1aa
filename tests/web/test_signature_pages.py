"""The page of a site's connections: secrets are shown once, tokens never."""

import html
import re

from flask.testing import FlaskClient

from moderation.moderator import Door, Moderator, Role
from tests.test_signatures import CORAL
from tests.web.conftest import Service
from tests.web.test_review_pages import PASSWORD, browser, moderator

__all__ = ["browser", "moderator"]

PAGE = "/review/signatures?site=gazette"


def test_secret_is_shown_once(browser: FlaskClient, moderator: Moderator) -> None:
    page = browser.post("/review/signatures/webhook-secret?site=gazette", data={"keep": "24"}).text
    found = re.search(r"whsec_[^<]+", html.unescape(page))
    assert found is not None
    assert found[0] not in html.unescape(browser.get(PAGE).text)
    assert [secret.door for secret in moderator.signatures.secrets(moderator.site("gazette"))] == [Door.WEBHOOK]


def test_coral_is_connected_and_left(browser: FlaskClient, moderator: Moderator) -> None:
    site = moderator.site("gazette")
    browser.post("/review/signatures/coral-secret?site=gazette", data={"secret": f" {CORAL} "})
    sent = {"url": "https://coral.example/", "token": "token-of-a-moderator"}
    browser.post("/review/signatures/coral?site=gazette", data=sent)
    page = browser.get(PAGE).text
    assert "https://coral.example" in page
    assert CORAL not in page
    assert "token-of-a-moderator" not in page
    browser.post("/review/signatures/end-secrets?site=gazette", data={"door": "coral"})
    browser.post("/review/signatures/coral?site=gazette", data={"do": "end"})
    assert moderator.signatures.secrets(site) == ()
    assert moderator.coral.connection(site) is None


def test_wrong_input_is_refused(browser: FlaskClient) -> None:
    for path, sent in [
        ("webhook-secret", {"keep": "25"}),
        ("end-secrets", {"door": "back"}),
        ("coral-secret", {"secret": "short"}),
        ("coral", {"url": "coral", "token": "t"}),
    ]:
        assert browser.post(f"/review/signatures/{path}?site=gazette", data=sent).status_code == 400
    assert browser.get("/review/signatures?site=nobody").status_code == 404


def test_moderators_have_no_connections(service: Service, moderator: Moderator) -> None:
    client = service.app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    token = moderator.accounts.add_user("bob@example.org", Role.MODERATOR)
    client.post(f"/review/invitation/{token}", data={"password": PASSWORD, "again": PASSWORD})
    assert client.get(PAGE).status_code == 403
    assert client.post("/review/signatures/webhook-secret?site=gazette", data={"keep": "0"}).status_code == 403
