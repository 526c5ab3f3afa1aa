"""What the review pages do with what they are sent."""

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moderation.comment import Action, Article, Author, Comment, Decision, Status
from moderation.moderator import (
    Filter,
    KeyKind,
    Moderator,
    Order,
    Role,
    RuleKind,
    Site,
    SiteSettings,
    StoredComment,
    User,
)
from moderation.storage.database import Database
from tests.web.conftest import Service, told

PASSWORD = "a password for tests"
BRIDGE = Article("a-1", "The bridge opens again", "The old bridge carries trams again.\n\nPears grow by the river.")


@pytest.fixture
def moderator(service: Service) -> Moderator:
    return Moderator(service.release, Database.open(service.settings.database_url))


@pytest.fixture
def site(moderator: Moderator) -> Site:
    """A site that holds whatever comes."""
    return moderator.set_site(moderator.site("gazette"), SiteSettings(hold_new_authors=True, reject=1.0))


@pytest.fixture
def browser(service: Service, moderator: Moderator) -> FlaskClient:
    """The browser of an administrator."""
    client = service.app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    token = moderator.accounts.add_user("ann@example.org", Role.ADMINISTRATOR)
    client.post(f"/review/invitation/{token}", data={"password": PASSWORD, "again": PASSWORD})
    return client


def hold(moderator: Moderator, site: Site, *bodies: str, **author: str) -> list[StoredComment]:
    for number, body in enumerate(bodies):
        comment = Comment(body, f"c-{number}", author=Author(**({"name": "kelly"} | author)))
        assert moderator.check(site, comment, BRIDGE).status is Status.HELD
    return list(moderator.review.page(Filter(site=site.name), Order.OLDEST).items)


def user(moderator: Moderator, email: str) -> User:
    moderator.accounts.add_user(email, Role.MODERATOR)
    return next(one for one in moderator.accounts.users() if one.email == email)


def decide(browser: FlaskClient, decision: Decision, *items: StoredComment) -> dict[str, Any]:
    seen = [[item.number, item.version] for item in items]
    return told(browser.post("/review/decisions", json={"seen": seen, "decision": decision}))


def test_queue_shows_an_item_at_a_glance(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    hold(moderator, site, "Who planted the pears? See www.shop.example.co.uk/pears", url="http://kelly.example/x")
    page = browser.get("/review").text
    for shown in (
        "kelly",
        "gazette",
        "The bridge opens again",
        ">Pears<",
        "example.co.uk",
        "Never seen before",
        "new author",
    ):
        assert shown in page
    assert 'href="http' not in page


def test_decision_and_undo_are_told(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    first, second = hold(moderator, site, "one", "two")
    answer = decide(browser, Decision.REJECT_OFF_TOPIC, first, second)
    assert sorted(answer["decided"]) == sorted([first.number, second.number])
    undone = told(browser.post("/review/undo", json={"batch": answer["batch"]}))
    assert undone["count"] == 2
    assert undone["html"].count("<article") == 2
    assert told(browser.post("/review/undo", json={}))["count"] == 0


def test_what_another_opened_is_left_alone(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    (item,) = hold(moderator, site, "one")
    assert moderator.review.claim([item.number], user(moderator, "bob@example.org"))
    answer = decide(browser, Decision.APPROVE, item)
    assert answer["decided"] == []
    assert answer["left"][0]["why"] == "bob@example.org has this open"
    assert told(browser.post("/review/claims", json={"numbers": [item.number]}))["lost"][0]["number"] == item.number


def test_stale_view_decides_nothing(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    (item,) = hold(moderator, site, "one")
    moderator.check(site, Comment("<i>changed</i>", item.comment.id, author=item.comment.author))
    left = decide(browser, Decision.APPROVE, item)["left"][0]
    assert left["why"] == "this changed since you saw it"
    assert "changed" in left["html"]
    assert "<i>" not in left["html"]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"seen": [], "decision": "approve"},
        {"seen": [[1, 1]], "decision": "delete"},
        {"seen": [[1]], "decision": "approve"},
        {"seen": [[10**30, 1]], "decision": "approve"},
        {"seen": [["1", 1]], "decision": "approve"},
        {"seen": [[1, 1]], "decision": "approve", "by": "somebody"},
    ],
)
def test_wrong_decisions_are_refused(browser: FlaskClient, sent: dict[str, Any]) -> None:
    answer = browser.post("/review/decisions", json=sent)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_unknown_comment_decides_nothing(browser: FlaskClient) -> None:
    answer = told(browser.post("/review/decisions", json={"seen": [[12345, 1]], "decision": "approve"}))
    assert (answer["decided"], answer["skipped"]) == ([], 0)


def test_selection_is_its_users_own(service: Service, browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    hold(moderator, site, "one", "two")
    other = moderator.review.select(Filter(site=site.name), user(moderator, "bob@example.org"))
    answer = browser.post(f"/review/selections/{other.id}/decisions", json={"decision": "approve"})
    assert answer.status_code == 404
    mine = told(browser.post("/review/selections", json={"of": "filter", "query": "site=gazette"}))
    done = told(browser.post(f"/review/selections/{mine['id']}/decisions", json={"decision": "approve"}))
    assert (mine["count"], len(done["decided"])) == (2, 2)


@pytest.mark.parametrize("of", ["author", "domain", "like", "campaign"])
def test_alike_ones_are_selected(browser: FlaskClient, moderator: Moderator, site: Site, of: str) -> None:
    text = "Everybody may cross the bridge on a tram in the morning sun, see www.tram-tickets.com/now"
    items = hold(moderator, site, text, f"{text} .", email="k@mail.example")
    moderator.check(site, Comment("quite another", "other", author=Author("jo")), BRIDGE)
    sent = {"of": of, "number": items[0].number, "domain": "tram-tickets.com"}
    selection = told(browser.post("/review/selections", json=sent))
    assert selection["count"] == 2
    assert "2 held comments" in selection["html"]


@pytest.mark.parametrize("path", ["/review?status=gone", "/review?site=none", "/review/comments/999", "/review/nothing",
                                  "/review/comments/9999999999999999999999", "/review/export?format=exe",
                                  "/review/dashboard?days=1", "/review/items?cursor=x"])  # fmt: skip
def test_faults_are_pages_that_say_why(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code in (400, 404)
    assert answer.content_type.startswith("text/html")
    assert "<h1>" in answer.text


def test_script_gets_faults_as_problems(browser: FlaskClient) -> None:
    answer = browser.get("/review/items?cursor=x", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


def test_export_starts_no_formula(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    hold(moderator, site, "=HYPERLINK(1)")
    answer = browser.get("/review/export?format=csv&site=gazette")
    assert "'=HYPERLINK(1)" in answer.text
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = browser.get("/review/export?format=jsonl&site=gazette").text.splitlines()
    assert len(lines) == 1


def test_domain_list_is_imported_from_a_file(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    lines = "# a list\nevil-one.example\n\nhttps://www.evil-two.example/path\n" + "".join(
        f"evil{number}.example\n" for number in range(3_000)
    )
    form = {"kind": "domain", "action": "reject", "do": "save", "list": (io.BytesIO(lines.encode()), "list.txt")}
    answer = browser.post("/review/rules/add?site=gazette", data=form)
    assert answer.status_code == 302
    rules = moderator.rules.rules(site)
    assert len(rules) == 3_002
    assert {rule.created_by for rule in rules} == {"ann@example.org"}
    page = browser.get("/review/rules?site=gazette&find=evil-two").text
    assert "evil-two.example" in page
    assert "evil-one.example" not in page


def test_tried_rules_change_nothing(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    hold(moderator, site, "one casino", "two casinos", "three")
    form = {"kind": "word", "action": "reject", "values": "casino", "do": "try"}
    page = browser.post("/review/rules/add?site=gazette", data=form).text
    assert re.search(r"Of the last 3\s+comments 1\s+would be treated otherwise", page)
    assert moderator.rules.rules(site) == ()


def test_rules_are_removed(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    moderator.rules.add(site, RuleKind.WORD, ["one", "two"], Action.HOLD, "ann")
    first = moderator.rules.rules(site)[0]
    browser.post("/review/rules/remove?site=gazette", data={"rule": [str(first.id)]})
    assert [rule.id for rule in moderator.rules.rules(site)] != [first.id]
    assert len(moderator.rules.rules(site)) == 1


def test_settings_are_tried_and_switched_on(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    hold(moderator, site, "one")
    form = {"hold": "0.2", "reject": "", "hold_off_topic": "0.9", "watch_only": "on", "akismet_discards": "on"}
    tried = browser.post("/review/rules/settings?site=gazette", data=form | {"do": "try"})
    assert "Nothing is switched on yet" in tried.text
    assert moderator.site("gazette").settings == site.settings
    browser.post("/review/rules/settings?site=gazette", data=form | {"do": "save"})
    assert moderator.site("gazette").settings == SiteSettings(
        hold=0.2, hold_off_topic=0.9, watch_only=True, akismet_discards=True
    )


@pytest.mark.parametrize("field", [{"hold": "0.999"}, {"hold": "x"}, {"reject": "nan"}, {"reject": "0.1"}])
@pytest.mark.parametrize("do", ["try", "save"])
def test_thresholds_stay_within_limits(
    browser: FlaskClient, moderator: Moderator, site: Site, field: dict[str, str], do: str
) -> None:
    answer = browser.post("/review/rules/settings?site=gazette", data=field | {"do": do})
    assert answer.status_code == 400
    assert moderator.site("gazette").settings == site.settings


def test_invited_user_gets_a_link_once(service: Service, browser: FlaskClient) -> None:
    page = browser.post("/review/users", data={"email": "bob@example.org", "role": "moderator"}).text
    link = re.search(r"http://localhost(/review/invitation/[\w-]+)", page)
    assert link is not None
    assert link[1] not in browser.get("/review/users").text
    assert "bob@example.org" in service.client.get(link[1]).text


def test_last_administrator_stays(browser: FlaskClient, moderator: Moderator) -> None:
    ann = moderator.accounts.users()[0]
    assert browser.post(f"/review/users/{ann.id}/lock").status_code == 409
    assert browser.post(f"/review/users/{ann.id}/role", data={"role": "moderator"}).status_code == 409
    assert browser.get("/review").status_code == 200


def test_rotated_key_is_shown_once(browser: FlaskClient, moderator: Moderator, service: Service) -> None:
    page = browser.post("/review/sites/key", data={"site": "gazette", "keep": "0"}).text
    key = re.search(r"mod_[\w-]+", page)
    assert key is not None
    assert moderator.site_of_key(key[0]) is not None
    assert moderator.site_of_key(service.key) is None
    assert key[0] not in browser.get("/review/sites").text


def test_akismet_key_is_shown_once(browser: FlaskClient, moderator: Moderator, service: Service) -> None:
    page = browser.post("/review/sites/key", data={"site": "gazette", "keep": "0", "kind": "akismet"}).text
    key = re.search(r"\b[0-9a-f]{12}\b", page)
    assert key is not None
    assert moderator.site_of_key(key[0], KeyKind.AKISMET) is not None
    assert moderator.site_of_key(service.key) is not None
    assert key[0] not in browser.get("/review/sites").text
    assert browser.post("/review/sites/key", data={"site": "gazette", "keep": "0", "kind": "x"}).status_code == 400


def test_dashboard_shows_what_was_decided(browser: FlaskClient, moderator: Moderator, site: Site) -> None:
    items = hold(moderator, site, "one", "two", "three")
    decide(browser, Decision.APPROVE, items[0])
    page = browser.get("/review/dashboard?site=gazette&days=7").text
    assert re.search(r"Held now</dt><dd>2<", page)
    assert "approved 1" in page
    assert "hold 3" in page


def try_form(**fields: str) -> dict[str, str]:
    return {"body": "", "name": "", "url": "", "title": "", "article": ""} | fields


def score(browser: FlaskClient, **fields: str) -> TestResponse:
    return browser.post("/try", data=try_form(**fields))


def test_try_page_scores_and_stores_nothing(browser: FlaskClient, moderator: Moderator) -> None:
    page = score(
        browser, body="<b>togel</b> casino bonus www.evil.example", title="<i>A title</i>", article="Some text"
    )
    assert page.status_code == 200
    assert "&lt;b&gt;" in page.text
    assert "<b>togel" not in page.text
    assert "<mark" in page.text
    assert moderator.review.page(Filter(status=None)).items == ()


def test_try_page_without_article_says_so(browser: FlaskClient) -> None:
    assert "no article" in score(browser, body="nice").text
    assert "Write a comment" in score(browser).text
