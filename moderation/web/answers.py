"""What the service answers, as declarations for the OpenAPI document, and the functions that fill them.

Plain dicts are built, because pydantic's models would cost more than the scoring of a comment. Must not know Flask.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic.config import JsonDict

from moderation.comment import Action, Article, Comment, Decision, Score, Status
from moderation.moderator import Event, StoredComment


class Answer(BaseModel):
    """Nothing but the declared fields, all of them present."""

    model_config = ConfigDict(extra="forbid")


class ReasonOut(Answer):
    """One named signal: its share of the score in log-odds, and the code points of the field where it was seen."""

    signal: str
    field: str
    span: tuple[int, int] | None
    text: str
    weight: float


class Scores(Answer):
    """The probabilities of a comment, the release that gave them, and the eight strongest reasons and one `rest`."""

    promotional: float = Field(ge=0, le=1)
    off_topic: float | None = Field(ge=0, le=1)
    release: str
    reasons: list[ReasonOut]


EXAMPLE_RESULT: JsonDict = {
    "comment_id": "c-1",
    "action": "hold",
    "promotional": 0.998,
    "off_topic": 0.93,
    "release": "2026-11-24.1",
    "reasons": [
        {"signal": "gambling term", "field": "body", "span": [112, 127], "text": "togel singapore", "weight": 3.1},
    ],
}


class Result(Scores):
    """What the service says about one comment."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE_RESULT]})
    comment_id: str | None
    action: Action


class Results(Answer):
    """One result for each comment, in the order in which they were sent."""

    results: list[Result]


class ScoreAnswer(RootModel[Result | Results]):
    """One result where one comment was sent, else a result for each."""


class StoredResult(Result):
    """The same, and where the comment now stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**EXAMPLE_RESULT, "status": "held"}]})
    status: Status


class AuthorOut(Answer):
    """Who wrote the comment."""

    name: str
    url: str
    email: str
    ip: str
    user_agent: str


class CommentOut(Answer):
    """A comment as it was sent last."""

    body: str
    id: str
    created_at: datetime | None
    parent_id: str | None
    author: AuthorOut


class ArticleNamed(Answer):
    """An article without its body."""

    id: str
    title: str
    url: str
    published_at: datetime | None


class ArticleOut(ArticleNamed):
    """An article as the service knows it."""

    body: str


class EventOut(Answer):
    """One line of a comment's history: a `decision`, an `undo`, or a former `revision` with its body."""

    kind: str
    at: datetime
    by: str
    decision: Decision | None
    status: Status | None
    undone: bool
    revision: int
    body: str | None


class Stored(Scores):
    """A stored comment."""

    comment: CommentOut
    article: ArticleNamed | None
    action: Action
    status: Status
    received_at: datetime
    revision: int


class StoredWithHistory(Stored):
    """A stored comment with what happened to it, oldest first."""

    history: list[EventOut]


class StoredPage(Answer):
    """Some comments, newest first, and the cursor of the next ones; null at the end."""

    comments: list[Stored]
    cursor: str | None


class Decided(Answer):
    """A decision that was taken, and where the comment now stands."""

    comment_id: str
    decision: Decision
    by: str
    status: Status


class Health(Answer):
    """The process answers."""

    status: str


class Readiness(Health):
    """The database answers and a release is loaded. ``alerts`` are what an operator should look at, a line each."""

    database: str
    release: str
    alerts: list[str]


class Fault(Answer):
    """A field at fault."""

    field: str
    message: str


EXAMPLE_PROBLEM: JsonDict = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "the request is not as the contract says",
    "errors": [{"field": "comments[3].comment.body", "message": "is required"}],
}


class Problem(Answer):
    """An error (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_PROBLEM]})
    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


def result(comment: Comment, score: Score, action: Action) -> dict[str, Any]:
    """A score as in the contract, with ``Result``'s fields."""
    return {"comment_id": comment.id or None, "action": action, **_scores(score)}


def stored(item: StoredComment) -> dict[str, Any]:
    """A stored comment, with ``Stored``'s fields."""
    article = item.article
    return {
        "comment": {name: getattr(item.comment, name) for name in CommentOut.model_fields},
        "article": article and _named(article),
        "status": item.status,
        "action": item.action,
        **_scores(item.score),
        "received_at": item.received_at,
        "revision": item.revision,
    }


def event(line: Event) -> dict[str, Any]:
    """A line of history, with ``EventOut``'s fields."""
    return {name: getattr(line, name) for name in EventOut.model_fields}


def _scores(score: Score) -> dict[str, Any]:
    return {
        "promotional": score.promotional,
        "off_topic": score.off_topic,
        "release": score.release,
        "reasons": [
            {"signal": signal, "field": field, "span": span, "text": text, "weight": weight}
            for signal, field, span, text, weight in score.reasons  # at a third of the cost of their own _asdict()
        ],
    }


def _named(article: Article) -> dict[str, Any]:
    return {name: getattr(article, name) for name in ArticleNamed.model_fields}
