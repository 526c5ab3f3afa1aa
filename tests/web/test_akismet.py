"""Akismet's door: its answers to the letter, and what is kept of what it was asked."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moderation.comment import Decision, Manner, Status
from moderation.moderator import KeyKind, Moderator, SiteSettings, Unavailable
from moderation.storage.database import Database
from tests.conftest import THRESHOLDS
from tests.test_readme import ROOT, block
from tests.web.conftest import Service, told

SPAM = "Great post! slot gacor, togel singapore https://slot.example"
ORDINARY = "Lovely bridge, I cross it every day."
BLOG = {"blog": "https://news.example/", "user_ip": "192.0.2.7", "user_agent": "Mozilla/5.0"}
SPAMMER = {**BLOG, "comment_author": "kelly", "comment_content": SPAM}
READER = {**BLOG, "comment_author": "Ann", "comment_author_email": "ann@example.org", "comment_content": ORDINARY}


class Door:
    """A CMS with its key, and the moderator behind the same door."""

    def __init__(self, service: Service) -> None:
        self.client: FlaskClient = service.client
        self.moderator = Moderator(service.release, Database.open(service.settings.database_url))
        self.site = self.moderator.set_site(self.moderator.site("gazette"), THRESHOLDS)
        self.key = self.moderator.rotate_key("gazette", kind=KeyKind.AKISMET)

    def call(self, path: str, fields: dict[str, Any], **more: Any) -> TestResponse:
        return self.client.post(path, data={"api_key": self.key, **fields}, **more)

    def check(self, fields: dict[str, Any]) -> str:
        answer = self.call("/1.1/comment-check", fields)
        assert answer.status_code == 200
        assert answer.content_type == "text/plain; charset=utf-8"
        assert "X-akismet-debug-help" not in answer.headers
        return answer.text

    def statuses(self) -> list[Status]:
        return [item.status for item in self.moderator.comments(self.site).items]


@pytest.fixture
def door(service: Service) -> Door:
    return Door(service)


def expect_wrong(answer: TestResponse, status: int = 200) -> None:
    assert (answer.status_code, answer.text) == (status, "invalid")
    assert answer.headers["X-akismet-debug-help"]


# --- Keys ------------------------------------------------------------------------------------------------------------


def test_key_has_twelve_hexadecimal_signs(door: Door) -> None:
    assert len(door.key) == 12
    assert set(door.key) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", ["key", "api_key"])
def test_valid_key_is_valid(door: Door, name: str) -> None:
    answer = door.client.post("/1.1/verify-key", data={name: door.key, **BLOG})
    assert answer.data == b"valid"
    assert not [name for name, _ in answer.headers if name.lower().startswith("x-akismet")]


def test_key_may_stand_in_the_host(door: Door) -> None:
    answer = door.client.post("/1.1/verify-key", data=BLOG, headers={"Host": f"{door.key}.rest.news.example:8000"})
    assert answer.data == b"valid"


def test_own_key_of_the_site_opens_too(service: Service, door: Door) -> None:
    assert door.client.post("/1.1/verify-key", data={"key": service.key, **BLOG}).data == b"valid"


@pytest.mark.parametrize("sent", [{}, {"key": ""}, {"key": "0123456789ab"}, {"api_key": "' OR 1=1"}])
@pytest.mark.parametrize("call", ["verify-key", "comment-check", "submit-spam", "submit-ham"])
def test_wrong_key_opens_nothing(door: Door, sent: dict[str, str], call: str) -> None:
    expect_wrong(door.client.post(f"/1.1/{call}", data={**SPAMMER, **sent}))
    assert door.statuses() == []


def test_akismet_key_reads_no_comments(door: Door) -> None:
    bearer = {"Authorization": f"Bearer {door.key}"}
    assert door.client.get("/v1/comments", headers=bearer).status_code == 401
    assert door.client.put("/v1/articles/a-1", json={"title": "The bridge"}, headers=bearer).status_code == 201


def test_new_key_leaves_the_other_kind(service: Service, door: Door) -> None:
    new = door.moderator.rotate_key("gazette", kind=KeyKind.AKISMET)
    assert door.moderator.site_of_key(door.key, KeyKind.AKISMET) is None
    assert door.moderator.site_of_key(new, KeyKind.AKISMET) is not None
    assert door.moderator.site_of_key(service.key) is not None


# --- Checks ----------------------------------------------------------------------------------------------------------


def test_spam_is_true_and_held(door: Door) -> None:
    assert door.check(SPAMMER) == "true"
    assert door.statuses() == [Status.HELD]


def test_ordinary_is_false_and_published(door: Door) -> None:
    assert door.check(READER) == "false"
    assert door.statuses() == [Status.PUBLISHED]


def test_json_says_the_same_as_a_form(door: Door) -> None:
    answer = door.client.post("/1.1/comment-check", json={"api_key": door.key, **SPAMMER, "is_test": False})
    assert answer.text == "true"
    assert len(door.statuses()) == 1


def test_form_in_parts_is_read(door: Door) -> None:
    assert door.call("/1.1/comment-check", SPAMMER, content_type="multipart/form-data").text == "true"


@pytest.mark.parametrize("missing", ["blog", "user_ip"])
def test_check_needs_its_fields(door: Door, missing: str) -> None:
    answer = door.call("/1.1/comment-check", {**READER, missing: ""})
    expect_wrong(answer)
    assert missing in answer.headers["X-akismet-debug-help"]


def test_each_check_has_its_guid(door: Door) -> None:
    answers = [door.call("/1.1/comment-check", sent) for sent in (SPAMMER, READER, {**SPAMMER, "is_test": "1"})]
    guids = [answer.headers["X-akismet-guid"] for answer in answers]
    assert guids[0] == guids[2] != guids[1]
    assert door.moderator.comment(door.site, guids[0]).comment.body == SPAM


def test_fields_become_the_comment(door: Door) -> None:
    more = {
        "comment_author_url": "https://ann.example", "comment_date_gmt": "2026-03-01 12:00:00", "comment_parent": "7",
        "permalink": "https://news.example/bridge", "comment_post_modified_gmt": "2026-02-01T08:00:00Z",
        "referrer": "https://search.example", "comment_type": "comment", "HTTP_ACCEPT": "*/*", "comment_context[]": "x",
    }  # fmt: skip
    door.check({**READER, **more})
    [item] = door.moderator.comments(door.site).items
    assert (item.comment.author.name, item.comment.author.email) == ("Ann", "ann@example.org")
    assert (item.comment.author.url, item.comment.author.ip) == ("https://ann.example", "192.0.2.7")
    assert item.comment.author.user_agent == "Mozilla/5.0"
    assert item.comment.created_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert item.comment.parent_id == "7"
    assert item.article is not None
    assert item.article.url == "https://news.example/bridge"
    assert item.article.published_at == datetime(2026, 2, 1, 8, tzinfo=UTC)


def test_same_comment_again_is_stored_once(door: Door) -> None:
    written = 'It\'s a "lovely" bridge & <a href="http://b.example">more</a>'
    as_checked = re.sub(r"([\\'\"])", r"\\\1", written)
    as_stored = written.replace("&", "&amp;").replace(">more", ' rel="nofollow ugc">more')
    answers = [door.check({**READER, "comment_content": text}) for text in (as_checked, as_stored, written)]
    assert len(set(answers)) == 1
    assert [item.comment.body for item in door.moderator.comments(door.site).items] == [written]


def test_changed_comment_is_another(door: Door) -> None:
    assert door.check(READER) == "false"
    assert door.check({**READER, "comment_content": SPAM}) == "true"
    assert door.check({**READER, "comment_author_url": "https://slot-gacor-togel.example"}) in ("true", "false")
    assert len(door.statuses()) == 3


@pytest.mark.parametrize("author", [{"comment_author": "viagra-test-123"},
                                    {"comment_author_email": "akismet-guaranteed-spam@example.com"}])  # fmt: skip
def test_test_author_is_always_spam(door: Door, author: dict[str, str]) -> None:
    assert door.check({**READER, **author}) == "true"
    assert door.statuses() == []


@pytest.mark.parametrize("role", ["administrator", "editor,administrator"])
def test_administrator_is_never_spam(door: Door, role: str) -> None:
    assert door.check({**SPAMMER, "user_role": role}) == "false"
    assert door.statuses() == [Status.PUBLISHED]
    assert door.check({**SPAMMER, "user_role": "subscriber", "comment_author": "k2"}) == "true"


def test_administrator_is_never_spam_again(door: Door) -> None:
    assert door.check(SPAMMER) == "true"
    assert door.check({**SPAMMER, "user_role": "administrator"}) == "false"


@pytest.mark.parametrize("value", ["1", "true"])
def test_test_leaves_no_trace(door: Door, value: str) -> None:
    assert door.check({**SPAMMER, "is_test": value}) == "true"
    assert door.check({**READER, "is_test": value}) == "false"
    assert door.call("/1.1/submit-spam", {**READER, "is_test": value}).status_code == 200
    assert door.statuses() == []


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"honeypot_field_name": "nickname", "nickname": "x"}, "hidden field filled in"),
        ({"POST_ak_hp_textarea": "x"}, "hidden field filled in"),
        ({"POST_ak_js": "1764000000000", "POST_ak_bfs": "1764000001999"}, "form sent at once"),
        ({"POST_ak_js": "1764000000000", "POST_ak_bfs": "1764000002000"}, "nothing speaks against it"),
        ({"POST_ak_js": "1764000000000", "POST_ak_bfs": "1763999999000"}, "nothing speaks against it"),
        ({"POST_ak_js": "113", "POST_ak_hp_textarea": " "}, "nothing speaks against it"),
        ({"honeypot_field_name": "nickname", "nickname": ""}, "nothing speaks against it"),
        ({"honeypot_field_name": "nickname"}, "nothing speaks against it"),
    ],
)
def test_what_the_form_saw_is_a_rule(door: Door, more: dict[str, str], rule: str) -> None:
    assert door.check({**READER, **more}) == ("false" if rule.startswith("nothing") else "true")
    assert [item.rule for item in door.moderator.comments(door.site).items] == [rule]


def test_article_that_comes_frees_no_trapped_comment(door: Door) -> None:
    page = {"permalink": "https://news.example/bridge", "POST_ak_hp_textarea": "x"}
    assert door.check({**READER, **page}) == "true"
    article = {"title": "The bridge", "body": "It opens again.", "url": "https://news.example/bridge"}
    door.client.put("/v1/articles/a-1", json=article, headers={"Authorization": f"Bearer {door.key}"})
    [item] = door.moderator.comments(door.site).items
    assert item.score.off_topic is not None
    assert (item.status, item.comment.manner) == (Status.HELD, Manner.TRAPPED)


def test_held_is_no_spam_where_the_site_says_so(door: Door) -> None:
    door.moderator.set_site(door.site, SiteSettings(hold=0.5, reject=1.0, akismet_passes_held=True))
    assert door.check(SPAMMER) == "false"
    assert door.statuses() == [Status.HELD]


def test_watching_site_hears_false(door: Door) -> None:
    door.moderator.set_site(door.site, SiteSettings(hold=0.5, reject=0.5, watch_only=True))
    assert door.check(SPAMMER) == "false"
    assert door.statuses() == [Status.HELD]


@pytest.mark.parametrize("discards", [True, False])
def test_discard_only_where_the_site_wants_it(door: Door, discards: bool) -> None:
    door.moderator.set_site(door.site, SiteSettings(hold=0.05, reject=0.5, akismet_discards=discards))
    answer = door.call("/1.1/comment-check", SPAMMER)
    assert answer.text == "true"
    assert answer.headers.get("X-akismet-pro-tip") == ("discard" if discards else None)
    assert "X-akismet-pro-tip" not in door.call("/1.1/comment-check", READER).headers


@pytest.mark.parametrize("charset", ["ISO-8859-1", "windows-1251", "Shift_JIS", "utf-8"])
def test_text_is_read_in_its_charset(door: Door, charset: str) -> None:
    said = {"ISO-8859-1": "schöne Brücke", "windows-1251": "хороший мост", "Shift_JIS": "橋がいい"}.get(charset, "橋é")
    body = urlencode(
        {"api_key": door.key, **READER, "comment_content": said, "blog_charset": charset}, encoding=charset
    )
    for content_type in ("", f"; charset={charset}"):
        kind = f"application/x-www-form-urlencoded{content_type}"
        assert door.client.post("/1.1/comment-check", data=body, content_type=kind).text in ("true", "false")
    assert [item.comment.body for item in door.moderator.comments(door.site).items] == [said]


def test_bytes_of_no_charset_are_replaced(door: Door) -> None:
    body = f"api_key={door.key}&blog=b.example&user_ip=192.0.2.7&comment_content=%FF%C3bridge\xff&blog_charset=punycode"
    answer = door.client.post("/1.1/comment-check", data=body.encode("latin-1"))
    assert answer.text in ("true", "false")
    [item] = door.moderator.comments(door.site).items
    assert item.comment.body == "\ufffd\ufffdbridge\ufffd"


def test_half_a_pair_is_replaced(door: Door) -> None:
    body = (
        f'{{"api_key": "{door.key}", "blog": "b", "user_ip": "1", "comment_content": "bridge \\ud83d \\ud83d\\ude00"}}'
    )
    assert door.client.post("/1.1/comment-check", data=body, content_type="application/json").status_code == 200
    assert [item.comment.body for item in door.moderator.comments(door.site).items] == ["bridge \ufffd \U0001f600"]


def test_too_long_call_is_neither(door: Door) -> None:
    data = b"x" * 8_000_001
    expect_wrong(door.client.post("/1.1/comment-check", data=data), 413)


def test_without_a_database_it_is_neither(door: Door, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object, **_more: object) -> None:
        raise Unavailable("the database is locked by another process")

    monkeypatch.setattr(Database, "writing", broken)
    answer = door.call("/1.1/comment-check", READER)
    assert (answer.status_code, answer.text) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def test_service_is_reached_without_a_key(door: Door) -> None:
    answer = door.client.get("/1.1/test")
    assert (answer.status_code, answer.data) == (200, b"connected")


def test_documented_request_has_its_answer(door: Door) -> None:
    page = ROOT / "docs" / "integrate.md"
    head, _, body = block(page, "akismet-request").partition("\n\n")
    (method, path), kind = head.split("\n")[0].split(" "), head.partition("Content-Type: ")[2]
    sent = body.strip().replace("0123456789ab", door.key)
    answer = door.client.open(path, method=method, data=sent, content_type=kind)
    told = [f"Content-Type: {answer.content_type}", f"X-akismet-guid: {answer.headers['X-akismet-guid']}"]
    assert "\n".join([answer.status, *told, "", answer.text, ""]) == block(page, "akismet-answer")


# --- Reports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("call", "status"), [("submit-spam", Status.REJECTED), ("submit-ham", Status.PUBLISHED)])
@pytest.mark.parametrize("known", [True, False])
def test_report_labels_the_comment(door: Door, call: str, status: Status, known: bool) -> None:
    if known:
        door.check(SPAMMER)
    answer = door.call(f"/1.1/{call}", {**SPAMMER, "reporter": "anna"})
    assert answer.data == b"Thanks for making the web a better place."
    assert door.statuses() == [status]
    [item] = door.moderator.comments(door.site).items
    assert [event.by for event in door.moderator.history(door.site, item.comment.id)] == ["anna"]


def test_report_by_guid_finds_the_comment(door: Door) -> None:
    guid = door.call("/1.1/comment-check", SPAMMER).headers["X-akismet-guid"]
    door.call("/1.1/submit-ham", {**BLOG, "comment_content": "its text was changed", "guid": guid})
    assert door.moderator.comment(door.site, guid).status is Status.PUBLISHED
    assert door.statuses() == [Status.PUBLISHED]


def test_last_report_counts(door: Door) -> None:
    for call, answer in [
        ("submit-spam", "true"),
        ("submit-ham", "false"),
        ("submit-ham", "false"),
        ("submit-spam", "true"),
    ]:
        door.call(f"/1.1/{call}", READER)
        assert door.check(READER) == answer


def test_recheck_tells_what_people_decided_here(door: Door) -> None:
    guid = door.call("/1.1/comment-check", SPAMMER).headers["X-akismet-guid"]
    door.moderator.decide(door.site, guid, Decision.APPROVE, "ann")
    assert door.check({**SPAMMER, "recheck_reason": "recheck_queue"}) == "false"


def test_report_of_nothing_is_wrong(door: Door) -> None:
    expect_wrong(door.call("/1.1/submit-spam", BLOG))
    assert door.statuses() == []


# --- How much was asked ----------------------------------------------------------------------------------------------


def test_usage_counts_what_was_asked(door: Door) -> None:
    for sent in (SPAMMER, SPAMMER, READER):
        door.check(sent)
    expected = {"limit": "none", "usage": 3, "percentage": "0.00", "throttled": False}
    assert told(door.client.get("/1.2/usage-limit", query_string={"api_key": door.key})) == expected
    assert told(door.client.post("/1.2/usage-limit", data={"key": door.key})) == expected


def test_sites_are_counted_by_address(door: Door) -> None:
    for blog, sent in [("https://a.example/", READER), ("http://A.example", SPAMMER), ("https://b.example/x/", READER)]:
        door.check({**sent, "blog": blog})
    door.call("/1.1/submit-spam", {**READER, "blog": "https://b.example/x"})
    answer = told(door.client.get("/1.2/key-sites", query_string={"api_key": door.key, "limit": "1"}))
    month = datetime.now(UTC).strftime("%Y-%m")
    row = {"site": "a.example", "api_calls": "2", "spam": "1", "ham": "1", "missed_spam": "0", "false_positives": "0"}
    assert answer == {month: [{**row, "is_revoked": False}], "limit": 1, "offset": 0, "total": 2}
    asked = {"api_key": door.key, "order": "missed_spam", "filter": "example", "format": "csv"}
    lines = door.client.post("/1.2/key-sites", data=asked).text.splitlines()
    assert lines[0] == f"Active sites for gazette during {month} (limit: 500, offset: 0, total: 2)."
    assert lines[1] == "Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked"
    assert lines[2:] == ["b.example/x,1,0,1,1,0,false", "a.example,2,1,1,0,0,false"]
    assert told(door.client.get(f"/1.2/key-sites?api_key={door.key}&month=2025-01"))["total"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"month": "2026"},
        {"order": "age"},
        {"limit": "0"},
        {"limit": "0" * 19 + "1" + "9" * 20},
        {"offset": "x"},
        {"format": "xml"},
    ],
)
def test_wrong_question_is_named(door: Door, wrong: dict[str, str]) -> None:
    answer = door.client.get("/1.2/key-sites", query_string={"api_key": door.key, **wrong})
    expect_wrong(answer)
    assert next(iter(wrong)) in answer.headers["X-akismet-debug-help"]


def test_other_sites_counts_are_their_own(service: Service, door: Door) -> None:
    door.check(READER)
    other = service.add_site("herald")
    assert told(door.client.get("/1.2/usage-limit", query_string={"api_key": other}))["usage"] == 0


def test_settings_page_of_wordpress_takes_the_key(door: Door) -> None:
    account = told(door.call("/1.1/get-subscription", BLOG))
    assert (account["account_name"], account["status"]) == ("gazette", "active")
    assert door.client.post("/1.1/get-subscription", data={"key": "0123456789ab", **BLOG}).data == b"invalid"


@pytest.mark.parametrize("months", ["6-months", "all"])
def test_settings_page_of_wordpress_shows_the_sums(door: Door, months: str) -> None:
    for sent in (SPAMMER, READER):
        door.check(sent)
    door.call("/1.1/submit-ham", SPAMMER)
    expected = {"spam": 1, "ham": 1, "missed_spam": 0, "false_positives": 1, "accuracy": 50.0}
    assert told(door.call("/1.1/get-stats", {**BLOG, "from": months})) == expected
