"""The short way to an answer gives what the long one gives."""

from typing import Any

import pytest
from flask import Flask

from tests.web.conftest import Service

COMMENT = {"comment": {"id": "c-1", "body": "togel singapore"}}


@pytest.fixture
def long_way(service: Service) -> Flask:
    """The same application without the short way."""
    app = Flask("long way")
    app.wsgi_app = service.app.wsgi_app.application.application.application  # type: ignore[method-assign, attr-defined]
    return app


@pytest.mark.parametrize(
    "request_of",
    [
        {"path": "/v1/score", "json": COMMENT},
        {"path": "/v1/score", "json": {"comments": [COMMENT, COMMENT]}},
        {"path": "/v1/comments", "json": COMMENT},
        {"path": "/v1/score", "json": {"comment": {}}},
        {"path": "/v1/score", "data": b"x" * 8_000_001},
        {"path": "/v1/comments", "data": b"\xff"},
        {"path": "/v1/comments", "json": COMMENT, "headers": {"Authorization": "Bearer wrong"}},
        {"path": "/v1/score", "json": COMMENT, "headers": {}},
    ],
)
def test_short_and_long_way_agree(service: Service, long_way: Flask, request_of: dict[str, Any]) -> None:
    request = {"headers": service.headers, **request_of}
    short, long = service.client.post(**request), long_way.test_client().post(**request)
    assert (short.status_code, short.json) == (long.status_code, long.json)
    assert {name: value for name, value in short.headers.items() if name in long.headers} == dict(long.headers)


def test_unforeseen_error_is_a_problem(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    express = service.app.wsgi_app.application.application  # type: ignore[attr-defined]

    def broken(environ: object) -> object:
        raise RuntimeError("my private words")

    monkeypatch.setitem(express.calls, ("POST", "/v1/score"), broken)
    answer = service.client.post("/v1/score", json=COMMENT, headers=service.headers)
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "private" not in answer.text
