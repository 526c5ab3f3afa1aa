"""The webhook of a publication: comments that are kept, their decisions, and the articles they stand under."""

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.routing import PathConverter

from moderation.comment import Status
from moderation.moderator import NEWEST_CURSOR, Conflict, KeyKind
from moderation.web.answers import (
    ArticleOut,
    Decided,
    StoredPage,
    StoredResult,
    StoredWithHistory,
    event,
    result,
    stored,
)
from moderation.web.auth import SITE_QUERY, Gate
from moderation.web.openapi import operation
from moderation.web.schemas import ArticleToKeep, DecisionIn, StoreRequest, one_fault
from moderation.web.transport import answer

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

MAX_PAGE = 1000
PAGE_QUERY: dict[str, dict[str, Any]] = {
    "status": {"type": "string", "enum": [status.value for status in Status]},
    "cursor": {"type": "string", "pattern": f"^{NEWEST_CURSOR}$"},
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 100},
}


class NameConverter(PathConverter):
    """An id in an address: other programs' word, with any character, a slash in front among them."""

    regex = ".+?"
    part_isolating = False


def checked(gate: Gate, environ: "WSGIEnvironment") -> dict[str, Any]:
    """The answer to a comment that is to be kept, with ``StoredResult``'s fields."""
    with gate.caller(environ) as site:
        comment, article = gate.read(StoreRequest, environ).pair()
        made = gate.moderator.check(site, comment, article)
    gate.metrics.count_comments([made.action])
    return {**result(comment, made.score, made.action), "status": made.status}


def blueprint(gate: Gate) -> Blueprint:
    """The routes of stored comments, their decisions and articles."""
    routes = Blueprint("comments", __name__)
    _stored_comments(routes, gate)
    _decisions(routes, gate)
    _articles(routes, gate)
    return routes


def _stored_comments(routes: Blueprint, gate: Gate) -> None:
    @routes.post("/v1/comments")
    @operation("Score a comment, keep it, and queue it where a person must decide",
               takes=StoreRequest, gives={200: StoredResult},
               fails=(409,), query=SITE_QUERY, auth=("key", "webhook"))  # fmt: skip
    def check() -> Response:
        return answer(checked(gate, request.environ))

    @routes.get("/v1/comments")
    @operation("A page of the site's comments, newest first", gives={200: StoredPage}, fails=(400,), query=PAGE_QUERY)
    def comments() -> Response:
        status, cursor, limit = _page_asked_for()
        page = gate.moderator.comments(gate.site(request.environ), status, cursor, limit)
        return answer({"comments": [stored(item) for item in page.items], "cursor": page.cursor})

    @routes.get("/v1/comments/<name:comment_id>")
    @operation("A stored comment with its history", gives={200: StoredWithHistory}, fails=(404,))
    def comment(comment_id: str) -> Response:
        site = gate.site(request.environ)
        item = gate.moderator.comment(site, comment_id)
        return answer({**stored(item), "history": [event(line) for line in gate.moderator.history(site, comment_id)]})


def _decisions(routes: Blueprint, gate: Gate) -> None:
    @routes.post("/v1/comments/<name:comment_id>/decisions", provide_automatic_options=False)
    @operation("A person decided, here or in the CMS", takes=DecisionIn, gives={200: Decided},
               fails=(404, 409), query=SITE_QUERY, auth=("key", "webhook"))  # fmt: skip
    def decide(comment_id: str) -> Response:
        with gate.caller(request.environ) as site:
            sent = gate.read(DecisionIn, request.environ)
            gate.moderator.decide(site, comment_id, sent.decision, sent.by)
        status = gate.moderator.comment(site, comment_id).status
        return answer({"comment_id": comment_id, "decision": sent.decision, "by": sent.by, "status": status})

    @routes.route("/v1/comments/<name:comment_id>/decisions", methods=["OPTIONS"])
    def decide_how(comment_id: str) -> Response:
        """Not GET, which is here that of a comment whose id ends so."""
        return Response(headers={"Allow": "OPTIONS, POST"})


def _articles(routes: Blueprint, gate: Gate) -> None:
    @routes.put("/v1/articles/<name:article_id>")
    @operation("Tell the service about an article", takes=ArticleToKeep, gives={200: ArticleOut, 201: ArticleOut},
               fails=(409,), query=SITE_QUERY, auth=("key", "webhook"))  # fmt: skip
    def put_article(article_id: str) -> Response:
        # the one key that a WordPress has is good enough
        with gate.caller(request.environ, KeyKind.SITE, KeyKind.AKISMET) as site:
            sent = gate.read(ArticleToKeep, request.environ)
            if sent.id not in (None, "", article_id):
                raise Conflict("id: must be that of the address, or absent")
            article = sent.called(article_id)
            created = gate.moderator.put_article(site, article)
        return answer(article, 201 if created else 200)

    @routes.get("/v1/articles/<name:article_id>")
    @operation("An article that the service knows", gives={200: ArticleOut}, fails=(404,))
    def article(article_id: str) -> Response:
        return answer(gate.moderator.article(gate.site(request.environ), article_id))


def _page_asked_for() -> tuple[Status | None, str | None, int]:
    """The query as in ``PAGE_QUERY``. Raises InvalidInputError."""
    asked = request.args.to_dict()
    for name in asked:
        if name not in PAGE_QUERY:
            raise one_fault(name[:100], f"is not known here: allowed are {', '.join(PAGE_QUERY)}")
    status, limit = asked.get("status"), asked.get("limit", "100")
    if status is not None and status not in list(Status):
        raise one_fault("status", f"must be one of {', '.join(Status)}")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10 and 1 <= int(limit) <= MAX_PAGE):
        raise one_fault("limit", f"must be a whole number from 1 to {MAX_PAGE}")
    return Status(status) if status else None, asked.get("cursor"), int(limit)
