"""Events in Standard Webhooks form, signed with the endpoint's secret."""

from datetime import datetime

from sqlalchemy.engine import Connection
from standardwebhooks.webhooks import Webhook

from moderation.delivery import Target
from moderation.guarded_http import Request
from moderation.storage.endpoints import WEBHOOK, Endpoint
from moderation.storage.outbox import Due


def request(_connection: Connection, due: Due, now: datetime) -> Request:
    """The signed request of an event; its id stays the same over all attempts."""
    sent_at = now.replace(microsecond=0)
    signatures = [Webhook(secret).sign(due.message_id, sent_at, due.payload) for secret in _secrets(due.endpoint, now)]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": due.message_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    return Request(due.endpoint.url, headers, due.payload.encode())


def _secrets(endpoint: Endpoint, now: datetime) -> list[str]:
    """What signs: while a secret rotates, the former one too."""
    rotating = endpoint.former_ends_at is not None and now < endpoint.former_ends_at
    return [endpoint.secret, endpoint.former_secret] if rotating else [endpoint.secret]


TARGET = Target(WEBHOOK, request)
