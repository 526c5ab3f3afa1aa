"""Perspective's protocol: ``comments:analyze`` is scored, ``comments:suggestscore`` is a label.

An attribute of Perspective's is a probability of ours. The reasons are told as span scores. Must not know how a comment
is scored or stored.
"""

import hashlib
import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from moderation import moderator
from moderation.comment import Article, Comment, Decision, Score
from moderation.moderator import Moderator, NotFound, Site, language_of
from moderation.web.auth import Gate
from moderation.web.openapi import operation
from moderation.web.perspective_discovery import document
from moderation.web.perspective_schemas import (
    OFF_TOPIC,
    SERVED,
    SPAM,
    AnalyzeAnswer,
    AnalyzeRequest,
    GoogleError,
    RequestedAttribute,
    SuggestAnswer,
    SuggestRequest,
)
from moderation.web.problems import problem_of
from moderation.web.schemas import InvalidInputError, one_fault
from moderation.web.transport import answer

TOKEN = "comment:"  # noqa: S105  # how a client's token for a comment begins
PATHS = "/v1alpha1/"
_LONGEST_MAKER = 190
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ABORTED",
    413: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


def blueprint(gate: Gate) -> Blueprint:
    """The routes of Perspective's clients."""
    routes = Blueprint("perspective", __name__)
    auth = ("key_in_query", "key")

    @routes.post("/v1alpha1/comments:analyze")
    @operation("Perspective: the probabilities of one comment", takes=AnalyzeRequest, gives={200: AnalyzeAnswer},
               fails=(404,), auth=auth, error=GoogleError)  # fmt: skip
    def analyze() -> Response:
        site = gate.site_of_query(request.environ)
        return answer(_analyzed(gate, site, gate.read(AnalyzeRequest, request.environ)))

    @routes.post("/v1alpha1/comments:suggestscore")
    @operation("Perspective: what the sender knows of a comment, as a label", takes=SuggestRequest,
               gives={200: SuggestAnswer}, auth=auth, error=GoogleError)  # fmt: skip
    def suggestscore() -> Response:
        site = gate.site_of_query(request.environ)
        return answer(_suggested(gate.moderator, site, gate.read(SuggestRequest, request.environ)))

    @routes.get("/$discovery/rest")
    @operation("Perspective: the document from which Google's clients are made", gives={200: "application/json"},
               open=True)  # fmt: skip
    def discovery() -> Response:
        return answer(document(request.host_url))

    return routes


def refused(error: Exception) -> Response:
    """An error in Google's form."""
    problem = problem_of(error, request.environ)
    if isinstance(problem, HTTPException):
        problem = Response(problem.description or "", problem.code or 500)
    status = problem.status_code
    message = _message(error) or HTTPStatus(status).phrase
    made = answer({"error": {"code": status, "message": message, "status": _STATUS.get(status, "INTERNAL")}}, status)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in problem.headers:
            made.headers[name] = problem.headers[name]
    return made


def _message(error: Exception) -> str:
    if isinstance(error, HTTPException):
        return error.description or ""
    told = isinstance(error, InvalidInputError | moderator.StoreError)
    return str(error) if told else "the service failed on this request; its log says where"


# --- Analyze ---------------------------------------------------------------------------------------------------------


def _analyzed(gate: Gate, site: Site, sent: AnalyzeRequest) -> dict[str, Any]:
    _expect_served(sent.requestedAttributes, "requestedAttributes")
    comment, article = _pair(sent)
    if sent.doNotStore:
        [made] = gate.moderator.score_many([(comment, article)], site)
        score, action = made.score, made.action
    else:
        checked = gate.moderator.check(site, comment, article)
        score, action = checked.score, checked.action
    gate.metrics.count_comments([action])
    scores = dict(_scores(sent, score))
    if not scores and score.off_topic is None and SPAM not in sent.requestedAttributes:
        raise NotFound("context: OFF_TOPIC needs the article: send its text, or an address that we know")
    return {"attributeScores": scores, **_languages(sent, comment.body, "languages")}


def _scores(sent: AnalyzeRequest, score: Score) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was asked for, but what can not be told and what is under its threshold."""
    values = {SPAM: score.promotional, OFF_TOPIC: score.off_topic}
    text = sent.comment.text
    for name, wanted in sent.requestedAttributes.items():
        value = values[name]
        if value is None or value < (wanted.scoreThreshold or 0):
            continue
        spans = _spans(text, score) if _wants_spans(sent) and name == SPAM else []
        whole = {"begin": 0, "end": _units(text), "score": _probability(value)}
        yield name, {"summaryScore": _probability(value), "spanScores": spans or [whole]}


def _wants_spans(sent: AnalyzeRequest) -> bool:
    """A place in the text of HTML is none in the HTML."""
    return bool(sent.spanAnnotations) and sent.comment.plain == sent.comment.text


def _spans(text: str, score: Score) -> list[dict[str, Any]]:
    """The reasons that have a place: each one's weight alone, as a probability; one half says nothing."""
    return [
        {
            "begin": _units(text[: reason.span[0]]),
            "end": _units(text[: reason.span[1]]),
            "score": _probability(1 / (1 + math.exp(-reason.weight))),
        }
        for reason in score.reasons
        if reason.field == "body" and reason.span is not None
    ]


def _units(text: str) -> int:
    """How many UTF-16 code units a text has: Perspective's clients count these."""
    return len(text) + sum(sign > "\uffff" for sign in text)


def _probability(value: float) -> dict[str, Any]:
    return {"value": value, "type": "PROBABILITY"}


# --- Suggest ---------------------------------------------------------------------------------------------------------


def _suggested(moderator: Moderator, site: Site, sent: SuggestRequest) -> dict[str, Any]:
    _expect_served(sent.attributeScores, "attributeScores")
    decision = _decision(sent)
    comment, article = _pair(sent)
    if decision is not None:
        name = _known(moderator, site, comment)
        moderator.check(site, Comment(comment.body, name), article)
        moderator.decide(site, name, decision, (sent.communityId or "Perspective")[:_LONGEST_MAKER])
    return _languages(sent, comment.body, "requestedLanguages")


def _decision(sent: SuggestRequest) -> Decision | None:
    """That a comment is not off-topic does not say that it is no spam."""
    if sent.says(SPAM):
        return Decision.REJECT_PROMOTIONAL
    if sent.says(OFF_TOPIC):
        return Decision.REJECT_OFF_TOPIC
    return Decision.APPROVE if sent.says(SPAM) is False else None


def _known(moderator: Moderator, site: Site, comment: Comment) -> str:
    """Under which id a comment is stored: its own, else its text's, else it will be its own."""
    for name in (comment.id, _name_of(comment.body)):
        try:
            return moderator.comment(site, name).comment.id
        except NotFound:
            pass
    return comment.id


# --- Both ------------------------------------------------------------------------------------------------------------


def _expect_served(asked: dict[str, RequestedAttribute] | dict[str, Any], field: str) -> None:
    for name in asked:
        if name not in SERVED:
            raise one_fault(f"{field}.{name[:100]}", f"is not served here: there are {' and '.join(SERVED)}")


def _pair(sent: AnalyzeRequest | SuggestRequest) -> tuple[Comment, Article | None]:
    text, token = sent.comment.plain, sent.clientToken or ""
    name = token.removeprefix(TOKEN) if token.startswith(TOKEN) else ""
    return Comment(text, name.strip() or _name_of(text)), None if sent.context is None else sent.context.article()


def _name_of(text: str) -> str:
    return f"perspective-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _languages(sent: AnalyzeRequest | SuggestRequest, text: str, field: str) -> dict[str, Any]:
    detected = [language_of(text) or "und"] if not sent.languages else []
    told: dict[str, Any] = {field: sent.languages or detected, "detectedLanguages": detected}
    return told if sent.clientToken is None else {**told, "clientToken": sent.clientToken}
