"""Secrets that sign calls, on both databases: whose call it is, rotation, replays."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from moderation.moderator import Conflict, Door, Invalid, Moderator, SignatureError, Site
from moderation.signatures import REMEMBERED_CALLS
from tests.conftest import Clock

BODY = b'{"comment": {"id": "c-1", "body": "Lovely bridge."}}'
CORAL = "coral-signing-secret-0123456789"


def signed(secret: str, body: bytes = BODY, message_id: str = "msg_1", at: datetime | None = None) -> dict[str, str]:
    """The headers with which a publication sends a body."""
    sent_at = (at or datetime.now(UTC)).replace(microsecond=0)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, sent_at, body.decode()),
    }


def coral_signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_secret_tells_the_site(moderator: Moderator, site: Site) -> None:
    moderator.add_site("herald")
    moderator.signatures.new_secret(moderator.site("herald"))
    headers = signed(moderator.signatures.new_secret(site))
    assert moderator.signatures.webhook(headers, BODY).site == site
    assert moderator.signatures.webhook(headers, BODY, "gazette").site == site
    with pytest.raises(SignatureError):
        moderator.signatures.webhook(headers, BODY, "herald")


def test_taken_call_is_refused(moderator: Moderator, site: Site) -> None:
    headers = signed(moderator.signatures.new_secret(site))
    moderator.signatures.take(moderator.signatures.webhook(headers, BODY))
    with pytest.raises(Conflict):
        moderator.signatures.webhook(headers, BODY)


def test_taken_calls_are_forgotten_in_time(moderator: Moderator, site: Site, clock: Clock) -> None:
    secret = moderator.signatures.new_secret(site)
    moderator.signatures.take(moderator.signatures.webhook(signed(secret), BODY))
    clock.now += REMEMBERED_CALLS + timedelta(seconds=1)
    moderator.signatures.take(moderator.signatures.webhook(signed(secret, message_id="msg_2"), BODY))
    assert moderator.signatures.webhook(signed(secret), BODY).message_id == "msg_1"


def test_old_secret_signs_until_its_end(moderator: Moderator, site: Site, clock: Clock) -> None:
    old = moderator.signatures.new_secret(site)
    new = moderator.signatures.new_secret(site, keep_old=timedelta(hours=1))
    for secret in (old, new):
        assert moderator.signatures.webhook(signed(secret), BODY).site == site
    clock.advance(hours=1, seconds=6)
    assert moderator.signatures.webhook(signed(new), BODY).site == site
    with pytest.raises(SignatureError):
        moderator.signatures.webhook(signed(old), BODY)


def test_both_signatures_of_a_rotation_fit(moderator: Moderator, site: Site) -> None:
    secret, other = moderator.signatures.new_secret(site), "whsec_" + "QUJD" * 8
    headers = signed(secret)
    headers["webhook-signature"] = f"{signed(other)['webhook-signature']} {headers['webhook-signature']}"
    assert moderator.signatures.webhook(headers, BODY).site == site


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 365])
def test_time_far_from_now_is_refused(moderator: Moderator, site: Site, minutes: int) -> None:
    headers = signed(moderator.signatures.new_secret(site), at=datetime.now(UTC) + timedelta(minutes=minutes))
    with pytest.raises(SignatureError, match="webhook-timestamp"):
        moderator.signatures.webhook(headers, BODY)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,?"},
        {"webhook-signature": "v1a,QUJD"},
        {"webhook-signature": "v1,QUJD,QUJD"},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 256},
        {"webhook-id": "a\nb"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "1e400"},
        {"webhook-timestamp": "now"},
    ],
)
def test_wrong_header_is_refused(moderator: Moderator, site: Site, changed: dict[str, str]) -> None:
    headers = signed(moderator.signatures.new_secret(site)) | changed
    with pytest.raises(SignatureError):
        moderator.signatures.webhook(headers, BODY)


@pytest.mark.parametrize("body", [BODY + b" ", b"", b"\xff"])
def test_other_body_is_refused(moderator: Moderator, site: Site, body: bytes) -> None:
    headers = signed(moderator.signatures.new_secret(site))
    with pytest.raises(SignatureError):
        moderator.signatures.webhook(headers, body)


def test_corals_secrets_all_stay(moderator: Moderator, site: Site) -> None:
    phase, webhook = CORAL, CORAL[::-1]
    moderator.signatures.add_secret(site, phase)
    moderator.signatures.add_secret(site, webhook)
    for secret in (phase, webhook):
        rotating = f"{coral_signature('another' * 4, BODY)},{coral_signature(secret, BODY)}"
        assert moderator.signatures.coral(rotating, BODY) == site


@pytest.mark.parametrize("signature", ["", "sha256=", "sha1=abc", "sha256=é", ",,", "sha256=" + "0" * 64])
def test_wrong_signature_of_coral_is_refused(moderator: Moderator, site: Site, signature: str) -> None:
    moderator.signatures.add_secret(site, CORAL)
    with pytest.raises(SignatureError):
        moderator.signatures.coral(signature, BODY)


def test_secret_of_one_door_opens_no_other(moderator: Moderator, site: Site) -> None:
    secret = moderator.signatures.new_secret(site)
    with pytest.raises(SignatureError):
        moderator.signatures.coral(coral_signature(secret, BODY), BODY)


def test_ended_secrets_sign_nothing(moderator: Moderator, site: Site) -> None:
    moderator.signatures.add_secret(site, CORAL)
    moderator.signatures.end_secrets(site, Door.CORAL)
    with pytest.raises(SignatureError):
        moderator.signatures.coral(coral_signature(CORAL, BODY), BODY)
    assert moderator.signatures.secrets(site) == ()


@pytest.mark.parametrize("secret", ["", "short", "x" * 501, "with blanks in the middle", "ünsichtbar-ünsichtbar"])
def test_what_is_no_secret_is_refused(moderator: Moderator, site: Site, secret: str) -> None:
    with pytest.raises(Invalid):
        moderator.signatures.add_secret(site, secret)


def test_secrets_are_told_without_themselves(moderator: Moderator, site: Site) -> None:
    secret = moderator.signatures.new_secret(site)
    [told] = moderator.signatures.secrets(site)
    assert (told.door, told.ends_at) == (Door.WEBHOOK, None)
    assert secret not in repr(told)
