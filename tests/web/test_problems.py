"""Errors have one shape, and tell nobody's words."""

import logging

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from moderation.web.answers import Problem
from tests.web.conftest import Service


def check(answer: object, status: int) -> Problem:
    assert isinstance(answer, Response)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    problem = Problem.model_validate(answer.json)
    assert problem.status == status
    return problem


def test_unknown_route_is_a_problem(client: FlaskClient) -> None:
    check(client.get("/v2/score"), 404)
    check(client.post("/v1/score/"), 404)


def test_wrong_method_says_which_are_allowed(client: FlaskClient) -> None:
    answer = client.get("/v1/score")
    check(answer, 405)
    assert "POST" in answer.headers["Allow"]


def test_head_answers_without_a_body(client: FlaskClient) -> None:
    assert client.head("/healthz").status_code == 200
    for answer in (client.head("/healthz"), client.head("/v1/score"), client.head("/nowhere")):
        assert answer.data == b""


def test_unforeseen_error_hides_its_words(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    app: Flask = service.app

    def broken() -> str:
        raise RuntimeError("my private words")

    app.add_url_rule("/broken", view_func=broken)
    answer = app.test_client().get("/broken")
    check(answer, 500)
    assert "private" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text
    assert "in broken" in caplog.text


def test_lost_database_asks_to_come_again(
    service: Service, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    lose_database(service)
    with caplog.at_level(logging.WARNING):
        for answer in (
            client.post("/v1/comments", json={"comment": {"id": "c-1", "body": "my private words"}}),
            client.get("/readyz"),
        ):
            check(answer, 503)
            assert int(answer.headers["Retry-After"]) > 0
    assert "private" not in caplog.text


def lose_database(service: Service) -> None:
    """Leave a file in the database's place that is none."""
    from pathlib import Path

    path = Path(service.settings.database_url.removeprefix("sqlite:///"))
    for name in (f"{path}-wal", f"{path}-shm"):
        Path(name).unlink(missing_ok=True)
    path.write_bytes(b"this is not a database" * 1000)


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/nowhere", "/v1/comments"])
def test_every_answer_has_secure_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert len(headers.getlist("Content-Security-Policy")) == 1
