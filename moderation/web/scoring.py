"""``POST /v1/score``: what the service says about comments that it does not keep."""

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from moderation.web.answers import ScoreAnswer, result
from moderation.web.auth import Gate
from moderation.web.openapi import operation
from moderation.web.schemas import ScoreRequest
from moderation.web.transport import answer

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment


def scored(gate: Gate, environ: "WSGIEnvironment") -> dict[str, Any]:
    """The answer to a request to score, with ``ScoreAnswer``'s fields."""
    site = gate.site(environ)
    sent = gate.read(ScoreRequest, environ)
    pairs = sent.pairs()
    advices = gate.moderator.score_many(pairs, site)
    gate.metrics.count_comments(advice.action for advice in advices)
    results = [result(pair[0], advice.score, advice.action) for pair, advice in zip(pairs, advices, strict=True)]
    return results[0] if sent.comments is None else {"results": results}


def blueprint(gate: Gate) -> Blueprint:
    """The route of scoring."""
    routes = Blueprint("scoring", __name__)

    @routes.post("/v1/score")
    @operation("Score one comment, or up to 1,000; stores nothing", takes=ScoreRequest, gives={200: ScoreAnswer})
    def score() -> Response:
        return answer(scored(gate, request.environ))

    return routes
