"""What Prometheus reads."""

import re

from flask.testing import FlaskClient

from tests.web.conftest import Service


def figures(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    lines = (line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def test_scored_comments_are_counted_by_action(client: FlaskClient) -> None:
    comment = {"comment": {"body": "Lovely bridge."}}
    client.post("/v1/score", json={"comments": [comment] * 3})
    client.post("/v1/comments", json={"comment": {"id": "c-1", "body": "Lovely bridge."}})
    counted = {name: value for name, value in figures(client).items() if name.startswith("moderation_comments_total")}
    assert sum(counted.values()) == 4
    assert all(re.search(r'action="(publish|hold|reject)"', name) for name in counted)


def test_requests_are_counted_by_route_and_status(service: Service, client: FlaskClient) -> None:
    client.post("/v1/score", json={})
    client.get("/v1/comments/secret-id")
    client.get("/secret-path")
    client.get("/healthz")
    made = figures(client)
    assert made['moderation_requests_total{route="/v1/score",status="400"}'] == 1
    assert made['moderation_requests_total{route="/v1/comments/<name:comment_id>",status="404"}'] == 1
    assert made['moderation_requests_total{route="none",status="404"}'] == 1
    assert made['moderation_request_seconds_count{route="/healthz"}'] == 1
    assert not any("secret" in name for name in made)
