"""What Prometheus reads."""

import re
from ipaddress import ip_network

from flask.testing import FlaskClient

from moderation import webhooks
from moderation.delivery import Deliverer
from moderation.guarded_http import Client
from moderation.moderator import Moderator
from moderation.storage.database import Database
from tests.receiver import LOCAL, receiving
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


def test_events_are_counted_whoever_sent_them(service: Service, client: FlaskClient) -> None:
    database = Database.open(service.settings.database_url)
    moderator = Moderator(service.release, database)
    with receiving() as receiver:
        moderator.endpoints.set(moderator.site("gazette"), receiver.url)
        client.post("/v1/comments", json={"comment": {"id": "c-1", "body": "Lovely bridge."}})
        assert 0 < figures(client)["moderation_events_oldest_undelivered_seconds"] < 60
        assert Deliverer(database, Client((ip_network(LOCAL),)), [webhooks.TARGET]).work()
    made = figures(client)
    assert made["moderation_events_oldest_undelivered_seconds"] == 0
    assert made['moderation_events_delivered_total{target="webhook"}'] == 1
    assert made['moderation_events_failed_total{target="webhook"}'] == 0
