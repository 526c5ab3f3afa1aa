"""Coral's external moderation phase, and its webhook."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from moderation.moderator import Moderator
from moderation.storage.database import Database
from moderation.web.coral import CoralAnswer
from tests.conftest import ORDINARY, SPAM, THRESHOLDS
from tests.test_signatures import CORAL, coral_signature
from tests.web.conftest import Service, told


@pytest.fixture(autouse=True)
def connected(service: Service) -> None:
    database = Database.open(service.settings.database_url)
    try:
        moderator = Moderator(service.release, database)
        site = moderator.set_site(moderator.site("gazette"), THRESHOLDS)
        moderator.signatures.add_secret(site, CORAL)
        moderator.coral.connect(site, "https://coral.example", "token")
    finally:
        database.close()


def phase(body: str, **more: Any) -> dict[str, Any]:
    """A request as Coral sends it (EXTERNAL_MODERATION_PHASES.md)."""
    return {
        "action": "NEW",
        "comment": {"body": body, "parentID": None},
        "author": {"id": "baf4e943-3594-4fcc-b2ba-3e8de7a76352", "role": "COMMENTER"},
        "story": {"id": "245b3856-b0a0-4d2f-a6bb-58c71f18d6a6", "url": "https://news.example/posts/a-story/"},
        "site": {"id": "a4bede88-2d2c-4424-bc18-4322a9e285a6"},
        "tenantID": "19ba5794-7eeb-4d46-a81b-c00c61672501",
        "tenantDomain": "news.example",
    } | more


def send(service: Service, sent: object, path: str = "/v1/coral", secret: str = CORAL) -> TestResponse:
    body = json.dumps(sent, indent=2).encode()
    headers = {"Content-Type": "application/json", "X-Coral-Signature": coral_signature(secret, body)}
    return service.client.post(path, data=body, headers=headers)


def kept(service: Service) -> list[dict[str, Any]]:
    comments: list[dict[str, Any]] = told(service.client.get("/v1/comments", headers=service.headers))["comments"]
    return comments


def test_ordinary_comment_is_left_to_coral(service: Service) -> None:
    answer = send(service, phase(ORDINARY))
    assert (answer.status_code, answer.data) == (204, b"")
    [stored] = kept(service)
    assert (stored["comment"]["body"], stored["status"]) == (ORDINARY, "published")
    assert stored["article"]["url"] == "https://news.example/posts/a-story/"


def test_spam_is_withheld_with_a_flag(service: Service) -> None:
    answer = send(service, phase(f"<div>{SPAM}</div>"))
    assert told(answer) == {
        "status": "SYSTEM_WITHHELD",
        "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}],
    }
    CoralAnswer.model_validate(told(answer))
    [stored] = kept(service)
    assert (stored["comment"]["body"], stored["status"]) == (SPAM, "held")


def test_same_call_is_the_same_comment(service: Service) -> None:
    assert send(service, phase(SPAM)).json == send(service, phase(SPAM)).json
    assert len(kept(service)) == 1


def test_rejection_by_a_person_stands(service: Service) -> None:
    send(service, phase(ORDINARY))
    [stored] = kept(service)
    decision = {"decision": "reject_promotional", "by": "anna"}
    service.client.post(f"/v1/comments/{stored['comment']['id']}/decisions", json=decision, headers=service.headers)
    answer = send(service, phase(ORDINARY))
    assert told(answer)["status"] == "REJECTED"
    assert told(answer)["moderationAction"]["rejectionReason"] == {"code": "SPAM"}
    CoralAnswer.model_validate(told(answer))


def test_edit_is_a_revision_of_its_comment(service: Service) -> None:
    first, second = "I cross the bridge daily, lovely view", "Who pays for all of this in the end?"
    send(service, phase(first))
    send(service, phase(second))
    send(service, phase(f"{first}, truly", action="EDIT"))
    assert told(send(service, phase(f"{first}, truly {SPAM}", action="EDIT")))["status"] == "SYSTEM_WITHHELD"
    bodies = {item["comment"]["body"]: item["revision"] for item in kept(service)}
    assert bodies == {f"{first}, truly {SPAM}": 3, second: 1}


def test_edit_of_an_unknown_comment_is_a_new_one(service: Service) -> None:
    send(service, phase(ORDINARY))
    send(service, phase("Something else entirely", action="EDIT"))
    assert len(kept(service)) == 2


def test_other_authors_comment_is_not_edited(service: Service) -> None:
    send(service, phase(ORDINARY))
    send(service, phase(f"{ORDINARY} indeed", action="EDIT", author={"id": "other", "role": "COMMENTER"}))
    assert {item["revision"] for item in kept(service)} == {1}


@pytest.mark.parametrize("role", ["STAFF", "MODERATOR", "ADMIN"])
def test_staff_is_not_judged(service: Service, role: str) -> None:
    assert send(service, phase(SPAM, author={"id": "x", "role": role})).status_code == 204
    assert kept(service) == []


def test_picture_alone_is_not_judged(service: Service) -> None:
    assert send(service, phase("")).status_code == 204
    assert kept(service) == []


@pytest.mark.parametrize("path", ["/v1/coral", "/v1/coral/events"])
@pytest.mark.parametrize("site", ["", "?site=herald"])
def test_unsigned_call_is_refused(service: Service, path: str, site: str) -> None:
    service.add_site("herald")
    wrong = CORAL if site else "another-signing-secret"
    answer = send(service, phase(SPAM), f"{path}{site}", secret=wrong)
    assert answer.status_code == 401
    assert "X-Coral-Signature" in told(answer)["detail"]
    assert service.client.post(path, json=phase(SPAM), headers=service.headers).status_code == 401
    assert kept(service) == []


def test_later_fields_of_coral_are_passed_over(service: Service) -> None:
    sent = phase(ORDINARY, later={"more": 1})
    sent["comment"]["media"] = None
    assert send(service, sent).status_code == 204


@pytest.mark.parametrize("missing", ["action", "comment", "author", "story"])
def test_missing_field_is_named(service: Service, missing: str) -> None:
    sent = {name: value for name, value in phase(ORDINARY).items() if name != missing}
    answer = send(service, sent)
    assert (answer.status_code, told(answer)["errors"][0]["field"]) == (400, missing)


@pytest.mark.parametrize("event", ["COMMENT_ENTERED_MODERATION_QUEUE", "STORY_CREATED", "COMMENT_CREATED"])
def test_webhook_is_thanked(service: Service, event: str) -> None:
    data = {"storyID": "s", "storyURL": "https://news.example/", "siteID": "x"}
    data |= {} if event == "STORY_CREATED" else {"commentID": "c"}
    sent = {"id": "e", "type": event, "data": data, "createdAt": "2026-11-24T10:00:00.000Z", "tenantID": "t"}
    assert send(service, sent, "/v1/coral/events").status_code == 204
