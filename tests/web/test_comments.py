"""The webhook: comments that are kept, their decisions, their articles."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from moderation.web.answers import ArticleOut, Decided, StoredPage, StoredResult, StoredWithHistory
from tests.web.conftest import Service, told

SPAM = "Great post! slot gacor, togel singapore https://slot.example"


def keep(client: FlaskClient, comment_id: str, body: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/comments", json={"comment": {"id": comment_id, "body": body}, **more})
    assert answer.status_code == 200, answer.text
    StoredResult.model_validate(told(answer))
    return told(answer)


def look(client: FlaskClient, comment_id: str) -> dict[str, Any]:
    answer = client.get(f"/v1/comments/{comment_id}")
    assert answer.status_code == 200, answer.text
    StoredWithHistory.model_validate(told(answer))
    return told(answer)


def test_kept_comment_is_found_again(client: FlaskClient) -> None:
    kept = keep(client, "c-1", SPAM, article={"id": "a-1", "title": "The bridge", "body": "It opens again."})
    found = look(client, "c-1")
    assert found["comment"]["body"] == SPAM
    assert found["article"]["title"] == "The bridge"
    assert {name: found[name] for name in ("status", "action", "promotional", "off_topic", "reasons", "release")} == {
        name: kept[name] for name in ("status", "action", "promotional", "off_topic", "reasons", "release")
    }


def test_same_comment_again_is_stored_once(client: FlaskClient) -> None:
    assert keep(client, "c-1", SPAM) == keep(client, "c-1", SPAM)
    assert len(told(client.get("/v1/comments"))["comments"]) == 1


def test_changed_body_makes_a_revision(client: FlaskClient) -> None:
    keep(client, "c-1", "Lovely bridge.")
    keep(client, "c-1", SPAM)
    found = look(client, "c-1")
    assert (found["revision"], found["comment"]["body"]) == (2, SPAM)
    assert [line["body"] for line in found["history"] if line["kind"] == "revision"] == ["Lovely bridge."]


@pytest.mark.parametrize("comment", [{"body": "a"}, {"body": "a", "id": ""}, {"body": "a", "id": None}])
def test_kept_comment_needs_its_id(client: FlaskClient, comment: dict[str, Any]) -> None:
    answer = client.post("/v1/comments", json={"comment": comment})
    assert answer.status_code == 400
    assert [error["field"] for error in told(answer)["errors"]] == ["comment.id"]


@pytest.mark.parametrize("comment_id", ["a/b", "a//b", "/", "é ü", "100%", "?x=1#y", "x/decisions", "<script>"])
def test_any_printable_id_is_reachable(client: FlaskClient, comment_id: str) -> None:
    from urllib.parse import quote

    keep(client, comment_id, "Lovely bridge.")
    assert look(client, quote(comment_id, safe=""))["comment"]["id"] == comment_id


def test_text_of_attack_is_kept_unchanged(client: FlaskClient) -> None:
    body = "<script>alert(1)</script>\u202e '; DROP TABLE comments; -- \x1b[31m =cmd()"
    keep(client, "c-1", body)
    assert look(client, "c-1")["comment"]["body"] == body


def test_pages_go_through_all_comments(client: FlaskClient) -> None:
    for number in range(7):
        keep(client, f"c-{number}", f"Lovely bridge {number}.")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": 3, "cursor": cursor} if cursor else {"limit": 3}
        page = told(client.get("/v1/comments", query_string=query))
        StoredPage.model_validate(page)
        seen += [item["comment"]["id"] for item in page["comments"]]
        cursor = page["cursor"]
    assert seen == [f"c-{number}" for number in reversed(range(7))]


def test_page_filters_by_status(client: FlaskClient) -> None:
    statuses = {keep(client, "c-1", SPAM)["status"], keep(client, "c-2", "Lovely bridge, I cross it daily.")["status"]}
    for status in ("published", "held", "rejected"):
        page = told(client.get("/v1/comments", query_string={"status": status}))
        assert {item["status"] for item in page["comments"]} == statuses & {status}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=spam", "status"),
        ("limit=0", "limit"),
        ("limit=0000000019999999999", "limit"),
        ("limit=x", "limit"),
        ("page=2", "page"),
    ],
)
def test_wrong_query_is_named(client: FlaskClient, query: str, field: str) -> None:
    answer = client.get(f"/v1/comments?{query}")
    assert answer.status_code == 400
    assert told(answer)["errors"][0]["field"] == field


def test_foreign_cursor_is_refused(client: FlaskClient) -> None:
    assert client.get("/v1/comments?cursor=nonsense").status_code == 400


def test_decision_changes_the_status(client: FlaskClient) -> None:
    keep(client, "c-1", "Lovely bridge.")
    for decision, status in [
        ("reject_promotional", "rejected"),
        ("approve", "published"),
        ("reject_other", "rejected"),
    ]:
        answer = client.post("/v1/comments/c-1/decisions", json={"decision": decision, "by": "anna@news.example"})
        assert answer.status_code == 200
        Decided.model_validate(told(answer))
        assert told(answer)["status"] == look(client, "c-1")["status"] == status
    made = [(line["decision"], line["by"]) for line in look(client, "c-1")["history"] if line["kind"] == "decision"]
    assert made == [(name, "anna@news.example") for name in ("reject_promotional", "approve", "reject_other")]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"decision": "spam", "by": "anna"}, "decision"),
        ({"decision": "approve"}, "by"),
        ({"decision": "approve", "by": ""}, "by"),
        ({"decision": "approve", "by": "anna", "why": "x"}, "why"),
    ],
)
def test_wrong_decision_is_named(client: FlaskClient, sent: dict[str, str], field: str) -> None:
    keep(client, "c-1", "Lovely bridge.")
    answer = client.post("/v1/comments/c-1/decisions", json=sent)
    assert answer.status_code == 400
    assert [error["field"] for error in told(answer)["errors"]] == [field]


def test_other_sites_records_are_not_found(service: Service, client: FlaskClient) -> None:
    keep(client, "c-1", "Lovely bridge.")
    client.put("/v1/articles/a-1", json={"title": "The bridge"})
    other = service.client
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {service.add_site('herald')}"
    decision = {"decision": "approve", "by": "eve"}
    assert other.get("/v1/comments/c-1").status_code == 404
    assert other.post("/v1/comments/c-1/decisions", json=decision).status_code == 404
    assert other.get("/v1/articles/a-1").status_code == 404
    assert told(other.get("/v1/comments"))["comments"] == []


def test_article_is_told_once(client: FlaskClient) -> None:
    article = {"title": "The bridge", "body": "It opens.", "url": "https://news.example/b", "published_at": None}
    first = client.put("/v1/articles/a-1", json=article)
    again = client.put("/v1/articles/a-1", json={**article, "id": "a-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    found = told(client.get("/v1/articles/a-1"))
    ArticleOut.model_validate(found)
    assert found == {**article, "id": "a-1"}


def test_article_under_another_id_is_refused(client: FlaskClient) -> None:
    answer = client.put("/v1/articles/a-1", json={"id": "a-2", "title": "The bridge"})
    assert answer.status_code == 409
    assert told(answer)["detail"].startswith("id: ")


def test_nul_in_a_comment_is_kept(client: FlaskClient) -> None:
    keep(client, "c-1", "a\x00b")
    assert look(client, "c-1")["comment"]["body"].replace("\ufffd", "\x00") == "a\x00b"
