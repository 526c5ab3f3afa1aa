"""Perspective's protocol as its clients speak it: Google's own library, and Coral's way of calling."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from googleapiclient import discovery
from googleapiclient.errors import HttpError
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from moderation.web.perspective_schemas import AnalyzeAnswer, GoogleError, SuggestAnswer
from tests.web.conftest import Service, told

SPAM_TEXT = "Very nice \U0001f600. daftar togel singapore, bonus 100% https://slots.example"
ORDINARY = "I cross this bridge daily, thank you for the reporting."
ARTICLE = "The night ferry will sail again from May, the harbour board decided. Fares rise by a tenth."


def analyze(service: Service, text: str, *attributes: str, key: str | None = None, **more: Any) -> TestResponse:
    sent = {"comment": {"text": text}, "requestedAttributes": {name: {} for name in attributes or ("SPAM",)}, **more}
    query = {"key": service.key if key is None else key}
    return service.client.post("/v1alpha1/comments:analyze", json=sent, query_string=query)


def suggest(service: Service, text: str, value: float, attribute: str = "SPAM", **more: Any) -> TestResponse:
    sent = {"comment": {"text": text}, "attributeScores": {attribute: {"summaryScore": {"value": value}}}, **more}
    return service.client.post("/v1alpha1/comments:suggestscore", json=sent, query_string={"key": service.key})


def kept(client: FlaskClient) -> list[dict[str, Any]]:
    comments: list[dict[str, Any]] = told(client.get("/v1/comments"))["comments"]
    return comments


def error(answer: TestResponse) -> dict[str, Any]:
    GoogleError.model_validate(told(answer))
    found: dict[str, Any] = told(answer)["error"]
    assert found["code"] == answer.status_code
    return found


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    """The service behind a socket."""
    server = make_server("127.0.0.1", 0, service.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def test_googles_client_moves_by_its_address(service: Service, address: str) -> None:
    client = discovery.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=service.key,
        discoveryServiceUrl=f"{address}/$discovery/rest?version=v1alpha1",
        static_discovery=False,
    )
    sent = {"comment": {"text": SPAM_TEXT}, "requestedAttributes": {"SPAM": {}}, "languages": ["en"]}
    answer = client.comments().analyze(body=sent).execute()
    assert answer["attributeScores"]["SPAM"]["summaryScore"]["value"] > 0.9
    assert answer["languages"] == ["en"]
    label = {"comment": {"text": SPAM_TEXT}, "attributeScores": {"SPAM": {"summaryScore": {"value": 1}}}}
    assert client.comments().suggestscore(body=label | {"clientToken": "t"}).execute()["clientToken"] == "t"
    with pytest.raises(HttpError, match="TOXICITY") as refused:
        client.comments().analyze(body=sent | {"requestedAttributes": {"TOXICITY": {}}}).execute()
    assert refused.value.resp.status == 400


def test_googles_client_works_from_a_kept_document(service: Service, address: str) -> None:
    document = told(service.client.get("/$discovery/rest", base_url=address))
    client = discovery.build_from_document(document, developerKey=service.key)
    sent = {"comment": {"text": ORDINARY}, "requestedAttributes": {"SPAM": {}}, "doNotStore": True}
    assert client.comments().analyze(body=sent).execute()["attributeScores"]["SPAM"]["summaryScore"]["value"] < 0.5


def test_coral_calls_and_gives_feedback(service: Service, client: FlaskClient) -> None:
    made = analyze(service, SPAM_TEXT, doNotStore=False, languages=["en"])
    assert told(made)["attributeScores"]["SPAM"]["summaryScore"]["value"] > 0.9
    place = {"url": "https://news.example/a?commentID=c-9", "Coral_comment_id": "c-9"}
    feedback: dict[str, Any] = {"context": {"entries": [{"text": json.dumps(place)}]}, "languages": ["en"]}
    feedback |= {"communityId": "Coral:https://coral.news.example", "clientToken": "comment:c-9"}
    answer = suggest(service, SPAM_TEXT, 0, **feedback)
    SuggestAnswer.model_validate(told(answer))
    assert told(answer)["clientToken"] == "comment:c-9"
    [stored] = kept(client)
    assert stored["status"] == "published"
    [made_by] = told(client.get(f"/v1/comments/{stored['comment']['id']}"))["history"]
    assert (made_by["decision"], made_by["by"]) == ("approve", "Coral:https://coral.news.example")


def test_scores_are_ours(service: Service, client: FlaskClient) -> None:
    context = {"entries": [{"text": ARTICLE}]}
    answer = told(analyze(service, SPAM_TEXT, "SPAM", "OFF_TOPIC", context=context, doNotStore=True, clientToken="x"))
    AnalyzeAnswer.model_validate(answer)
    ours = told(client.post("/v1/score", json={"comment": {"body": SPAM_TEXT}, "article": {"body": ARTICLE}}))
    found = {name: scores["summaryScore"]["value"] for name, scores in answer["attributeScores"].items()}
    assert found == {"SPAM": ours["promotional"], "OFF_TOPIC": ours["off_topic"]}
    assert answer["clientToken"] == "x"


def test_spans_count_utf16_units(service: Service) -> None:
    scores = told(analyze(service, SPAM_TEXT, spanAnnotations=True, doNotStore=True))["attributeScores"]["SPAM"]
    units = SPAM_TEXT.encode("utf-16-le")
    texts = [units[2 * span["begin"] : 2 * span["end"]].decode("utf-16-le") for span in scores["spanScores"]]
    assert any("togel singapore" in text for text in texts)
    assert all(0 <= span["score"]["value"] <= 1 for span in scores["spanScores"])


def test_whole_text_is_one_span_unasked(service: Service) -> None:
    scores = told(analyze(service, SPAM_TEXT, doNotStore=True))["attributeScores"]["SPAM"]
    end = len(SPAM_TEXT.encode("utf-16-le")) // 2
    assert scores["spanScores"] == [{"begin": 0, "end": end, "score": scores["summaryScore"]}]


def test_address_in_the_context_names_the_article(service: Service, client: FlaskClient) -> None:
    client.put("/v1/articles/a-1", json={"title": "Ferry", "body": ARTICLE, "url": "https://news.example/ferry"})
    for text in ('{"url": "https://news.example/ferry?commentID=c-1"}', "https://news.example/ferry"):
        scores = told(analyze(service, ORDINARY, "OFF_TOPIC", context={"entries": [{"text": text}]}))
        assert 0 <= scores["attributeScores"]["OFF_TOPIC"]["summaryScore"]["value"] <= 1


def test_off_topic_needs_an_article(service: Service) -> None:
    both = told(analyze(service, ORDINARY, "SPAM", "OFF_TOPIC", doNotStore=True))
    assert list(both["attributeScores"]) == ["SPAM"]
    alone = error(analyze(service, ORDINARY, "OFF_TOPIC", doNotStore=True))
    assert (alone["status"], "article" in alone["message"]) == ("NOT_FOUND", True)


def test_score_below_its_threshold_is_left_out(service: Service) -> None:
    wanted = {"SPAM": {"scoreThreshold": 0.999999}}
    answer = analyze(service, ORDINARY, requestedAttributes=wanted, doNotStore=True)
    assert told(answer)["attributeScores"] == {}


def test_do_not_store_keeps_nothing(service: Service, client: FlaskClient) -> None:
    analyze(service, SPAM_TEXT, doNotStore=True, clientToken="comment:c-1")
    assert kept(client) == []
    analyze(service, SPAM_TEXT, clientToken="comment:c-1")
    assert [item["comment"]["id"] for item in kept(client)] == ["c-1"]


def test_language_is_told_or_found(service: Service) -> None:
    assert told(analyze(service, ORDINARY, doNotStore=True))["languages"] == ["en"]
    assert told(analyze(service, ORDINARY, doNotStore=True, languages=["de"]))["languages"] == ["de"]


def test_html_is_read_as_text(service: Service) -> None:
    html = '<p>daftar <a href="https://slots.example">togel singapore</a></p>'
    sent: dict[str, Any] = {"comment": {"text": html, "type": "HTML"}, "spanAnnotations": True, "doNotStore": True}
    [span] = told(analyze(service, "", **sent))["attributeScores"]["SPAM"]["spanScores"]
    assert (span["begin"], span["end"]) == (0, len(html))


@pytest.mark.parametrize(
    ("attribute", "value", "status"),
    [("SPAM", 1, "rejected"), ("SPAM", 0, "published"), ("OFF_TOPIC", 1, "rejected")],
)
def test_suggestion_is_a_decision(
    service: Service, client: FlaskClient, attribute: str, value: float, status: str
) -> None:
    assert suggest(service, ORDINARY, value, attribute, clientToken="comment:c-1").status_code == 200
    [stored] = kept(client)
    assert (stored["comment"]["id"], stored["status"]) == ("c-1", status)
    assert len(told(client.get("/v1/comments/c-1"))["history"]) == 1


def test_on_topic_alone_decides_nothing(service: Service, client: FlaskClient) -> None:
    assert suggest(service, ORDINARY, 0, "OFF_TOPIC").status_code == 200
    assert kept(client) == []


def test_wrong_key_is_googles_error(service: Service) -> None:
    for answer in (
        analyze(service, ORDINARY, key="wrong"),
        service.client.post("/v1alpha1/comments:analyze", json={}),
        service.client.post("/v1alpha1/comments:suggestscore", json={}, query_string={"key": ""}),
    ):
        assert (answer.status_code, error(answer)["status"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "comment"),
        ({"comment": {"text": ""}, "requestedAttributes": {"SPAM": {}}}, "comment.text"),
        ({"comment": {"text": "x"}, "requestedAttributes": {}}, "requestedAttributes"),
        ({"comment": {"text": "x"}, "requestedAttributes": {"TOXICITY": {}}}, "TOXICITY"),
        ({"comment": {"text": "x"}, "requestedAttributes": {"SPAM": {"scoreType": "RAW"}}}, "scoreType"),
        ({"comment": {"text": "x"}, "requestedAttributes": {"SPAM": {}}, "why": 1}, "why"),
        ({"comment": {"text": "x"}, "requestedAttributes": {"SPAM": {}}, "clientToken": "comment:\n"}, "clientToken"),
    ],
)
def test_wrong_field_is_named(service: Service, sent: dict[str, Any], said: str) -> None:
    answer = service.client.post("/v1alpha1/comments:analyze", json=sent, query_string={"key": service.key})
    assert answer.content_type == "application/json"
    assert (answer.status_code, error(answer)["status"]) == (400, "INVALID_ARGUMENT")
    assert said in error(answer)["message"]


def test_wrong_way_is_googles_error(service: Service) -> None:
    assert error(service.client.get("/v1alpha1/comments:analyze"))["code"] == 405
    assert error(service.client.post("/v1alpha1/comments:guess"))["code"] == 404
