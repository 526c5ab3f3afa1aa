"""The webhook signed in place of a key: wrong, stale and replayed calls are refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from moderation.moderator import Moderator
from moderation.storage.database import Database
from tests.test_signatures import signed
from tests.web.conftest import Service, told

COMMENT = {"comment": {"id": "c-1", "body": "Lovely bridge."}}
CALLS = [
    ("POST", "/v1/comments", COMMENT),
    ("PUT", "/v1/articles/a-1", {"title": "The bridge"}),
    ("POST", "/v1/comments/c-0/decisions", {"decision": "approve", "by": "anna"}),
]


@pytest.fixture
def secret(service: Service) -> str:
    """A secret of the site, which has one comment."""
    kept = {"comment": {"id": "c-0", "body": "Lovely bridge."}}
    assert service.client.post("/v1/comments", json=kept, headers=service.headers).status_code == 200
    database = Database.open(service.settings.database_url)
    try:
        moderator = Moderator(service.release, database)
        return moderator.signatures.new_secret(moderator.site("gazette"))
    finally:
        database.close()


def send(service: Service, method: str, path: str, sent: Any, headers: dict[str, str], site: str = "") -> TestResponse:
    query = {"site": site} if site else {}
    return service.client.open(path, method=method, data=json.dumps(sent), headers=headers, query_string=query)


@pytest.mark.parametrize(("method", "path", "sent"), CALLS)
@pytest.mark.parametrize("site", ["", "gazette"])
def test_signed_call_is_taken_once(service: Service, secret: str, method: str, path: str, sent: Any, site: str) -> None:
    headers = signed(secret, json.dumps(sent).encode())
    assert send(service, method, path, sent, headers, site).status_code in (200, 201)
    again = send(service, method, path, sent, headers, site)
    assert (again.status_code, again.content_type) == (409, "application/problem+json")
    assert "webhook-id" in told(again)["detail"]


@pytest.mark.parametrize(("method", "path", "sent"), CALLS)
def test_wrong_or_stale_signature_is_refused(service: Service, secret: str, method: str, path: str, sent: Any) -> None:
    body = json.dumps(sent).encode()
    stale = signed(secret, body, at=datetime.now(UTC) - timedelta(minutes=6))
    for headers, wrong in [
        (stale, "webhook-timestamp"),
        (signed(secret, body + b" "), "webhook-signature"),
        (signed("whsec_" + "QUJD" * 8, body), "webhook-signature"),
        ({**signed(secret, body), "webhook-id": ""}, "webhook-id"),
    ]:
        answer = send(service, method, path, sent, headers)
        assert answer.status_code == 401
        assert wrong in told(answer)["detail"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")
    assert send(service, method, path, sent, signed(secret, body)).status_code in (200, 201)


def test_refused_call_may_come_again(service: Service, secret: str) -> None:
    wrong = {"comment": {"body": "no id"}}
    answer = send(service, "POST", "/v1/comments", wrong, signed(secret, json.dumps(wrong).encode()))
    assert answer.status_code == 400
    assert (
        send(service, "POST", "/v1/comments", COMMENT, signed(secret, json.dumps(COMMENT).encode())).status_code == 200
    )


def test_other_sites_secret_is_refused(service: Service, secret: str) -> None:
    service.add_site("herald")
    headers = signed(secret, json.dumps(COMMENT).encode())
    for site in ("herald", "nobody"):
        assert send(service, "POST", "/v1/comments", COMMENT, headers, site).status_code == 401


def test_key_goes_before_a_signature(service: Service, secret: str) -> None:
    headers = signed(secret, b"another body") | service.headers
    assert send(service, "POST", "/v1/comments", COMMENT, headers).status_code == 200


def test_signature_opens_nothing_else(service: Service, secret: str) -> None:
    answer = send(service, "POST", "/v1/score", COMMENT, signed(secret, json.dumps(COMMENT).encode()))
    assert answer.status_code == 401


def test_signed_and_keyed_answers_agree(service: Service, secret: str) -> None:
    by_key = service.client.post("/v1/comments", json=COMMENT, headers=service.headers)
    by_signature = send(service, "POST", "/v1/comments", COMMENT, signed(secret, json.dumps(COMMENT).encode()))
    assert by_key.json == by_signature.json
