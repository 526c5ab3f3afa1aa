"""Errors have one shape, and tell nobody's words."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy.engine import Engine, make_url

from moderation.release import Release
from moderation.web.answers import Problem
from tests.web.conftest import Service, serve


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
    words = "my private words"

    def broken() -> str:
        raise RuntimeError(words)

    app.add_url_rule("/broken", view_func=broken)
    answer = app.test_client().get("/broken")
    check(answer, 500)
    assert "private" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text
    assert "in broken" in caplog.text


def test_lost_database_asks_to_come_again(
    release: Release, postgresql: Engine, postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    service = serve(release, postgresql_url)
    client = service.client
    client.environ_base["HTTP_AUTHORIZATION"] = service.headers["Authorization"]
    sent = {"comment": {"id": "c-1", "body": "my private words"}}
    with caplog.at_level(logging.WARNING), refusing(postgresql, postgresql_url):
        for answer in (client.post("/v1/comments", json=sent), client.get("/v1/comments"), client.get("/readyz")):
            check(answer, 503)
            assert int(answer.headers["Retry-After"]) > 0
    assert "private" not in caplog.text
    assert client.post("/v1/comments", json=sent).status_code == 200


@contextmanager
def refusing(server: Engine, url: str) -> Iterator[None]:
    """The server gives no connection to this database, and has ended those that were."""
    name = make_url(url).database
    with server.connect() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"), {"n": name}
        )
        yield
        connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/nowhere", "/v1/comments"])
def test_every_answer_has_secure_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert len(headers.getlist("Content-Security-Policy")) == 1
