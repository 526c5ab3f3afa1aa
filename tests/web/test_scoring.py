"""``POST /v1/score`` as a publication calls it."""

import json
import logging
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from moderation.web.answers import Result, ScoreAnswer
from tests.web.conftest import Service, told

SEED: dict[str, Any] = {
    "comment": {"id": "c-9", "body": "Nice article.\ntogel singapore", "author": {"name": "kelly"}},
    "article": {"id": "a-9", "title": "Helicopter lost", "body": "The helicopter was lost on Monday near the coast."},
}


def scored(client: FlaskClient, sent: Any) -> dict[str, Any]:
    answer = client.post("/v1/score", json=sent)
    assert answer.status_code == 200, answer.text
    made = told(answer)
    TypeAdapter(ScoreAnswer).validate_python(made)
    return made


def body(text: str) -> dict[str, Any]:
    return {"comment": {"body": text}}


def test_one_comment_gives_one_result(client: FlaskClient, service: Service) -> None:
    made = scored(client, SEED)
    assert (made["comment_id"], made["release"]) == ("c-9", service.release.version)
    assert made["promotional"] > scored(client, {**SEED, **body("The helicopter fell near the coast.")})["promotional"]
    assert made["off_topic"] is not None
    assert 0 < len(made["reasons"]) <= 9


def test_every_reason_points_at_its_text(client: FlaskClient) -> None:
    text = "😀 ＴＯＧＥＬ singapore\n visit https://casino.example/x now, write to me on WhatsApp"
    reasons = scored(client, body(text))["reasons"]
    placed = [reason for reason in reasons if reason["field"] == "body" and reason["span"]]
    assert placed
    assert all(text[slice(*reason["span"])] == reason["text"] for reason in placed)


def test_answer_shows_eight_reasons_and_rest(client: FlaskClient) -> None:
    text = "Buy cheap viagra, slot gacor, togel singapore, forex signals! WhatsApp +1 555 0100. https://spam.example"
    reasons = scored(client, body(f"{text} Great post, very nice article, thanks for sharing. Loan offer, dating."))[
        "reasons"
    ]
    weights = [abs(reason["weight"]) for reason in reasons if reason["signal"] != "rest"]
    assert weights == sorted(weights, reverse=True)
    assert len(reasons) <= 9
    assert [reason["signal"] for reason in reasons[8:]] in ([], ["rest"])


def test_without_article_nothing_is_off_topic(client: FlaskClient) -> None:
    assert scored(client, body("I agree with you."))["off_topic"] is None


def test_batch_answers_in_its_order(client: FlaskClient) -> None:
    sent = [{"comment": {"id": f"c-{number}", "body": f"Comment {number}"}} for number in range(1000)]
    results = scored(client, {"comments": sent})["results"]
    assert [result["comment_id"] for result in results] == [item["comment"]["id"] for item in sent]


def test_batch_scores_as_one_at_a_time(client: FlaskClient) -> None:
    alone = scored(client, SEED)
    first, second = scored(client, {"comments": [SEED, body("Thank you.")]})["results"]
    assert first == alone
    assert second == scored(client, body("Thank you."))


def test_empty_batch_gives_no_results(client: FlaskClient) -> None:
    assert scored(client, {"comments": []}) == {"results": []}


@pytest.mark.parametrize(
    "text",
    [
        "x" * 200_000,
        "https://a.example/ " * 5000,
        "\u202eretsam\u202c \u200f\u2067",
        "a\x00b",
        " ",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "é̈" * 1000,
        "ﷺ" * 1000,
        "(" * 50_000,
    ],
)
def test_hard_texts_are_scored(client: FlaskClient, text: str) -> None:
    result = Result.model_validate(scored(client, body(text)))
    assert 0 <= result.promotional <= 1


def test_article_of_a_megabyte_is_scored(client: FlaskClient) -> None:
    article = {"title": "Long", "body": "The council met on Monday. " * 40_000}
    assert scored(client, {"comment": {"body": "The council again!"}, "article": article})["off_topic"] is not None


def test_known_article_need_only_be_named(client: FlaskClient) -> None:
    article = {**SEED["article"], "url": "https://news.example/9"}
    assert client.put("/v1/articles/a-9", json=article).status_code == 201
    whole = scored(client, {"comment": {"body": "The helicopter was old."}, "article": article})
    for named in ({"id": "a-9"}, {"url": "https://news.example/9"}):
        assert scored(client, {"comment": {"body": "The helicopter was old."}, "article": named}) == whole


def test_unknown_named_article_is_no_article(client: FlaskClient) -> None:
    assert scored(client, {**body("The helicopter was old."), "article": {"id": "unheard"}})["off_topic"] is None


def test_scoring_stores_nothing(client: FlaskClient) -> None:
    scored(client, SEED)
    assert told(client.get("/v1/comments")) == {"comments": [], "cursor": None}
    assert client.get("/v1/articles/a-9").status_code == 404


def test_ten_megabytes_are_refused(client: FlaskClient) -> None:
    answer = client.post("/v1/score", data=b'{"comment": {"body": "' + b"x" * 10_000_000 + b'"}}')
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"
    assert "8000000 bytes" in told(answer)["detail"]


def test_invalid_comment_is_a_problem(client: FlaskClient) -> None:
    answer = client.post("/v1/score", json={"comments": [SEED, {"comment": {"text": "a"}}]})
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert told(answer)["errors"] == [
        {"field": "comments[1].comment.body", "message": "is required"},
        {"field": "comments[1].comment.text", "message": "is not a known field"},
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200) | st.text().map(lambda text: json.dumps(body(text)).encode()))
def test_no_body_makes_it_fail(client: FlaskClient, data: bytes) -> None:
    assert client.post("/v1/score", data=data).status_code in {200, 400}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.fixed_dictionaries({"body": st.text(min_size=1)}, optional={"author": st.dictionaries(
    st.sampled_from(["name", "url", "email", "ip", "user_agent"]), st.text())}),
    st.dictionaries(st.sampled_from(["title", "body", "url"]), st.text()))  # fmt: skip
def test_any_valid_comment_is_scored(client: FlaskClient, comment: dict[str, Any], article: dict[str, str]) -> None:
    scored(client, {"comment": comment, "article": article})


def test_readers_words_stay_out_of_logs(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        scored(client, body("my private words"))
        client.post("/v1/score", json={"comment": {"body": ["my private words"]}})
    assert "private" not in caplog.text
