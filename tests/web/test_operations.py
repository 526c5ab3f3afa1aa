"""What an operator's programs ask, and the interface's own description."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from moderation.web.answers import Health, Problem, Readiness, Result, StoredResult
from tests.web.conftest import Service, told


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    answer = service.client.get("/openapi.json")
    assert answer.content_type == "application/json"
    return told(answer)


def test_process_answers_without_a_key(service: Service) -> None:
    Health.model_validate(told(service.client.get("/healthz")))


def test_readiness_names_database_and_release(service: Service) -> None:
    ready = Readiness.model_validate(told(service.client.get("/readyz")))
    assert (ready.database, ready.release) == ("ok", service.release.version)


def test_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_document_holds_every_route(service: Service, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in service.app.url_map.iter_rules()
        if not str(rule.endpoint).startswith("review.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert ("/v1/score", "post") in routes


def test_routes_of_a_site_need_its_key(service: Service, document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answer = service.client.open(re.sub(r"{\w+}", "x", path), method=method.upper())
            assert (answer.status_code == 401) == bool(operation["security"])
            assert str(answer.status_code) in operation["responses"]


def test_examples_of_the_document_are_accepted(client: FlaskClient, document: dict[str, Any]) -> None:
    examples = document["components"]["schemas"]["ScoreRequest"]["examples"]
    assert len(examples) == 2
    for example in examples:
        assert client.post("/v1/score", json=example).status_code == 200


def test_examples_of_answers_are_real_answers(document: dict[str, Any]) -> None:
    for model in (Result, StoredResult, Problem):
        (example,) = document["components"]["schemas"][model.__name__]["examples"]
        model.model_validate_json(json.dumps(example))


def test_unknown_fields_are_declared_forbidden(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert all(schemas[name]["additionalProperties"] is False for name in ("ScoreRequest", "CommentIn", "ArticleIn"))


def test_page_shows_document_without_internet(service: Service, document: dict[str, Any]) -> None:
    answer = service.client.get("/docs")
    assert answer.content_type == "text/html; charset=utf-8"
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)
    assert "<script" not in answer.text
    assert all(path in answer.text for path in document["paths"])


def test_page_style_is_allowed_by_its_policy(service: Service) -> None:
    import base64
    import hashlib

    answer = service.client.get("/docs")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
