"""What the queue's script asks for while a moderator works: decide, undo, keep or give back what is open.

Must not know how a page looks; fresh cards come from the queue's pages.
"""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from flask import Blueprint, Response, request
from pydantic import Field

from moderation.comment import Decision, Status
from moderation.moderator import Decided, Moderator, Seen, StoredComment
from moderation.web.reading import read
from moderation.web.review_access import user
from moderation.web.review_items import DECISIONS
from moderation.web.review_queue import cards
from moderation.web.schemas import Strict
from moderation.web.transport import answer, body

MAX_BODY_BYTES = 100_000
MAX_AT_ONCE = 1_000
SHOWN_AGAIN = 20
"""Cards of an answer; of a larger step the page is loaded again."""

Number = Annotated[int, Field(ge=1, lt=1 << 62)]


class SeenIn(NamedTuple):
    """A comment and the version of it that the moderator saw."""

    number: Number
    version: Annotated[int, Field(ge=0, lt=1 << 31)]


class DecideIn(Strict):
    """One decision on comments as they were seen."""

    seen: Annotated[list[SeenIn], Field(min_length=1, max_length=MAX_AT_ONCE)]
    decision: Annotated[Decision, Field(strict=False)]


class UndoIn(Strict):
    """Which step is taken back: the user's last one where none is named."""

    batch: Annotated[str, Field(max_length=100)] | None = None


class ClaimsIn(Strict):
    """Comments that a page has open."""

    numbers: Annotated[list[Number], Field(max_length=MAX_AT_ONCE)]


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the actions of the queue's script."""
    _deciding(pages, moderator)
    _claiming(pages, moderator)


def _deciding(pages: Blueprint, moderator: Moderator) -> None:
    @pages.post("/review/decisions")
    def decide() -> Response:
        sent = read(DecideIn, body(request.environ, MAX_BODY_BYTES))
        seen = [Seen(*one) for one in sent.seen]
        return answer(told(moderator, moderator.review.decide_many(seen, sent.decision, user()), sent.decision))

    @pages.post("/review/undo")
    def undo() -> Response:
        sent = read(UndoIn, body(request.environ, MAX_BODY_BYTES))
        if sent.batch is None:
            undone = moderator.review.undo_last(user())
        else:
            undone = moderator.review.undo_batch(sent.batch, user())
        if undone is None:
            return answer({"count": 0, "skipped": 0, "html": ""})
        return answer({
            "count": len(undone.numbers),
            "skipped": len(undone.skipped),
            "html": cards(moderator, _opened_again(moderator, undone.numbers[:SHOWN_AGAIN])),
        })  # fmt: skip


def _claiming(pages: Blueprint, moderator: Moderator) -> None:
    @pages.post("/review/claims")
    def claim() -> Response:
        """Renew what is open, and say what is lost and to whom."""
        numbers = read(ClaimsIn, body(request.environ, MAX_BODY_BYTES)).numbers
        lost = set(numbers) - moderator.review.claim(numbers, user())
        items = [moderator.review.item(number) for number in sorted(lost)]
        return answer({"lost": [{"number": item.number, "why": _why_left(item)} for item in items]})

    @pages.post("/review/claims/release")
    def release_claims() -> Response:
        moderator.review.release_claims(read(ClaimsIn, body(request.environ, MAX_BODY_BYTES)).numbers, user())
        return answer({})


def told(moderator: Moderator, decided: Decided, decision: Decision) -> dict[str, Any]:
    """What a step did, with the reason and a fresh card for each comment that it left alone.

    Nothing is said of those on which the decision stands already, as where the answer to it was lost.
    """
    shown = [moderator.review.item(number) for number in decided.skipped[:SHOWN_AGAIN]]
    left = [item for item in shown if item.decision is not decision]
    return {
        "batch": decided.batch,
        "decided": decided.numbers,
        "skipped": len(decided.skipped) - len(shown) + len(left),
        "left": [{"number": item.number, "why": _why_left(item), "html": cards(moderator, (item,))} for item in left],
    }


def _opened_again(moderator: Moderator, numbers: Sequence[int]) -> tuple[StoredComment, ...]:
    """Comments whose decision was taken back, open to the user where they are held again."""
    moderator.review.claim(numbers, user())
    return tuple(moderator.review.item(number) for number in numbers)


def _why_left(item: StoredComment) -> str:
    if item.opened_by not in ("", user().email):
        return f"{item.opened_by} has this open"
    if item.decision is not None:
        return f"decided already: {DECISIONS[item.decision].lower()}"
    return "this changed since you saw it" if item.status is Status.HELD else f"this is {item.status.value} now"
