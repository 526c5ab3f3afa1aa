"""``POST /v1/score``: what the service says about comments that it does not keep."""

from flask import Blueprint, Response

from moderation.web.answers import ScoreAnswer, result
from moderation.web.auth import Gate
from moderation.web.openapi import operation
from moderation.web.schemas import ScoreRequest
from moderation.web.transport import answer


def blueprint(gate: Gate) -> Blueprint:
    """The route of scoring."""
    routes = Blueprint("scoring", __name__)

    @routes.post("/v1/score")
    @operation("Score one comment, or up to 1,000; stores nothing", takes=ScoreRequest, gives={200: ScoreAnswer})
    def score() -> Response:
        site = gate.site()
        sent = gate.read(ScoreRequest)
        pairs = sent.pairs()
        advices = gate.moderator.score_many(pairs, site)
        results = [result(pair[0], advice.score, advice.action) for pair, advice in zip(pairs, advices, strict=True)]
        return answer(results[0] if sent.comments is None else {"results": results})

    return routes
