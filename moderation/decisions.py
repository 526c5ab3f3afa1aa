"""What a decision does to comments, and which decision an undo takes back. Shared by the doors and the review pages.

Knows the store and the detector's traces; neither who may decide nor what a page shows.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Comment, Decision, Status
from moderation.detection.campaigns import text_traces
from moderation.storage import campaigns, search
from moderation.storage import decisions as log
from moderation.storage.comments import comment_of, lock
from moderation.storage.decisions import Maker
from moderation.storage.records import Decided

STATUS_AFTER = {
    Decision.APPROVE: Status.PUBLISHED,
    Decision.REJECT_PROMOTIONAL: Status.REJECTED,
    Decision.REJECT_OFF_TOPIC: Status.REJECTED,
    Decision.REJECT_OTHER: Status.REJECTED,
}


def new_batch() -> str:
    """A name for what is decided, and undone, as one step."""
    return secrets.token_urlsafe(12)


def decide(
    connection: Connection,
    rows: Sequence[sa.Row[Any]],
    decision: Decision,
    *,
    maker: Maker,
    batch: str,
    now: datetime,
    versions: Mapping[int, int] | None = None,
    opened: Collection[int] = (),
) -> Decided:
    """Decide locked comments, all but those that others have opened, that changed, or where it stands already.

    ``versions`` says in which version each was seen. Repeating a decision changes nothing, so that a CMS that reports
    what it was told about starts no circle.
    """
    wanted = [
        row
        for row in rows
        if row.id not in opened
        and row.decision != decision.value
        and (versions is None or versions.get(row.id) == row.version)
    ]
    status = STATUS_AFTER[decision]
    log.record(connection, wanted, decision, status, maker=maker, batch=batch, now=now)
    fresh = [row for row in wanted if row.status == Status.PUBLISHED and row.decision is None]
    make_findable(connection, [(row.id, row.site_id, comment_of(row)) for row in fresh])
    decided = tuple(row.id for row in wanted)
    skipped = tuple(row.id for row in rows if row.id not in set(decided))
    return Decided(batch if decided else "", decided, skipped, status)


def undo(
    connection: Connection,
    numbers: Sequence[int],
    *,
    maker: Maker,
    now: datetime,
    of_batch: str | None = None,
    of: Collection[int] | None = None,
    batch: str,
) -> Decided:
    """Take the last standing decision on each comment back, where it is of that batch and of the text as it stands.

    ``of`` holds the numbers of the decisions that may be taken back; None is any.
    """
    rows = lock(connection, numbers)
    stacks = log.standing(connection, numbers)
    undone, skipped = [], []
    for row in rows:
        last = stacks[row.id][-1] if stacks.get(row.id) else None
        is_meant = last is not None and of_batch in (None, last.batch) and (of is None or last.id in of)
        if last is None or not is_meant or last.revision != row.revision:
            skipped.append(row.id)
        else:
            undone.append((row, last))
    log.undo(connection, undone, maker=maker, batch=batch, now=now)
    status = Status(undone[-1][1].status_before) if undone else None
    return Decided(batch if undone else "", tuple(row.id for row, _last in undone), tuple(skipped), status)


def make_findable(connection: Connection, items: Sequence[tuple[int, int, Comment]]) -> None:
    """Index the words and the near-duplicate traces of comments that a person may look for (number, site, comment)."""
    search.index(connection, [(number, words_of(comment)) for number, _site, comment in items])
    traces = [(site_id, number, trace) for number, site_id, comment in items for trace in text_traces(comment)]
    campaigns.add(connection, traces)


def words_of(comment: Comment) -> list[str]:
    """The words by which a comment is found."""
    return search.words_of(f"{comment.author.name}\n{comment.body}")


def joined(parts: Iterable[Decided]) -> Decided:
    """One step that was taken in several transactions."""
    all_parts = list(parts)
    return Decided(
        batch=next((part.batch for part in all_parts if part.batch), ""),
        numbers=tuple(number for part in all_parts for number in part.numbers),
        skipped=tuple(number for part in all_parts for number in part.skipped),
        status=next((part.status for part in all_parts if part.numbers), None),
    )
