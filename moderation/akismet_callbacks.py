"""Tells a CMS that asked by Akismet's protocol, where what it was told of a comment is no longer so.

WordPress acts on it only where nobody there decided meanwhile. The call carries the site's key, by which it is known.
"""

import json
from datetime import datetime

from sqlalchemy.engine import Connection

from moderation.comment import Status
from moderation.delivery import Target
from moderation.guarded_http import Request
from moderation.spam import is_spam
from moderation.storage import callbacks
from moderation.storage.callbacks import Callback
from moderation.storage.endpoints import AKISMET
from moderation.storage.outbox import Due

HEADERS = {"Content-Type": "application/json", "X-Akismet-Webhook": "1"}


def request(connection: Connection, due: Due, _now: datetime) -> Request | None:
    """The call that tells of an event; None where the CMS asked for none, or knows it.

    ``by`` is ours beside Akismet's fields: who decided, None where no person did but a new score.
    """
    callback = callbacks.find(connection, due.comment_number)
    if callback is None or _says_spam(due, callback) is callback.said_spam:
        return None
    result = "true" if _says_spam(due, callback) else "false"
    told = {"guid": due.data["comment_id"], "result": result, "by": due.data["by"]}
    body = {"key": due.endpoint.secret, "endpoint": "comment-check", "comments": [told]}
    return Request(callback.url, HEADERS, json.dumps(body).encode())


def taken(connection: Connection, due: Due) -> None:
    """Note that the CMS knows it."""
    callback = callbacks.find(connection, due.comment_number)
    if callback is not None:
        callbacks.say(connection, due.comment_number, _says_spam(due, callback))


def _says_spam(due: Due, callback: Callback) -> bool:
    return is_spam(callback.action, Status(due.data["status"]), callback.settings)


TARGET = Target(AKISMET, request, taken=taken)
