"""Many comments at once: a snapshot of what a filter finds now, what is in it, and one decision on exactly that.

Must not know how a snapshot is kept.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from flask import Blueprint, Response, render_template, request
from pydantic import Field

from moderation.comment import Decision, Status
from moderation.moderator import Filter, Invalid, Moderator, Order, StoredComment
from moderation.web.reading import read
from moderation.web.review_access import user
from moderation.web.review_actions import MAX_BODY_BYTES, Number, told
from moderation.web.review_filters import read_view
from moderation.web.schemas import Strict
from moderation.web.transport import answer, body

SAMPLE = 50


class SelectIn(Strict):
    """What is selected: all of an address's filter, or what has something in common with one comment."""

    of: Literal["filter", "author", "domain", "like", "campaign"]
    query: Annotated[str, Field(max_length=4_000)] = ""
    number: Number | None = None
    domain: Annotated[str, Field(max_length=253)] = ""


class DecideSelectionIn(Strict):
    """One decision on a whole snapshot."""

    decision: Annotated[Decision, Field(strict=False)]


_ALIKE: dict[str, tuple[str, Callable[[StoredComment, str], Filter]]] = {
    "author": ("by the same author on this site", lambda item, _: Filter(site=item.site, author=_author(item))),
    "domain": ("that link to {domain}", lambda _, domain: Filter(domain=domain)),
    "like": ("that are near-duplicates", lambda item, _: Filter(like=item.number)),
    "campaign": ("of the same campaign", lambda item, _: Filter(campaign=item.number)),
}


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the actions on many comments."""

    @pages.post("/review/selections")
    def select() -> Response:
        sent = read(SelectIn, body(request.environ, MAX_BODY_BYTES))
        words, wanted = _wanted(moderator, sent)
        selection = moderator.review.select(wanted, user())
        sample = moderator.review.page(wanted, Order.CERTAIN, None, SAMPLE, user())
        html = render_template(
            "selection.html", items=sample.items, selection=selection, words=words, href=_address(sent, wanted)
        )
        return answer({"id": selection.id, "count": selection.count, "html": html})

    @pages.post("/review/selections/<selection>/decisions")
    def decide_selection(selection: str) -> Response:
        sent = read(DecideSelectionIn, body(request.environ, MAX_BODY_BYTES))
        decided = moderator.review.decide_selection(selection, sent.decision, user())
        return answer(told(moderator, decided, sent.decision))


def _wanted(moderator: Moderator, sent: SelectIn) -> tuple[str, Filter]:
    """In words and as a filter, what is selected. Raises ``Invalid``, ``NotFound``."""
    if sent.of == "filter":
        return "of this filter", read_view(dict(parse_qsl(sent.query))).filter
    if sent.number is None:
        raise Invalid("number is required: of which comment")
    words, filter_of = _ALIKE[sent.of]
    wanted = filter_of(moderator.review.item(sent.number), sent.domain)
    return words.format(domain=sent.domain), replace(wanted, status=Status.HELD)


def _address(sent: SelectIn, wanted: Filter) -> str:
    """Where what is like one comment stands as a list; nothing for a filter, whose list is open."""
    if sent.of == "filter":
        return ""
    asked = {name: getattr(wanted, name) for name in ("site", "author", "domain", "like", "campaign")}
    return read_view({}).address({name: str(value) for name, value in asked.items() if value})


def _author(item: StoredComment) -> str:
    author = item.comment.author
    if not (author.email or author.name):
        raise Invalid("this comment came without an author's name and address")
    return author.email or author.name
