"""Events that the publication is to be told, written in the transaction that made them true."""

import json
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Decision, Status
from moderation.storage.tables import outbox


def add(
    connection: Connection,
    moved: Iterable[tuple[sa.Row[Any], Status]],
    *,
    decision: Decision | None,
    by: str,
    undo: bool = False,
    now: datetime,
) -> None:
    """Write ``comment.<status>`` for comments (rows as they were before) that stand at a status now.

    ``decision`` is None and ``by`` empty where no person decided, but a new score or an undo moved the comment.
    """
    said = {"decision": decision, "by": by or None, "undo": undo}
    rows = [
        {
            "message_id": f"msg_{secrets.token_hex(16)}",
            "site_id": row.site_id,
            "comment_id": row.id,
            "event": f"comment.{status.value}",
            "payload": json.dumps(
                {
                    "type": f"comment.{status.value}",
                    "timestamp": now.isoformat(),
                    "data": {"comment_id": row.name, "status": status} | said,
                }
            ),
            "made_at": now,
        }
        for row, status in moved
    ]
    if rows:
        connection.execute(sa.insert(outbox), rows)
