"""The queue's pages: the next comments for a moderator, one comment with all that is known, parts of both.

Must not know how a decision is made.
"""

from itertools import chain, islice
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from moderation.comment import Status
from moderation.moderator import Invalid, Moderator, NotFound, Page, StoredComment
from moderation.web.review_access import for_administrators, user
from moderation.web.review_filters import ORDERS, View, chips, facets, read_view
from moderation.web.review_items import show_all
from moderation.web.review_text import shared_with, weighed
from moderation.web.transport import answer

PAGE_ITEMS = 20
COUNTED_UP_TO = 1_000


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the queue's pages."""
    _queue(pages, moderator)
    _comment(pages, moderator)
    _export(pages, moderator)


def _queue(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review")
    def queue() -> ResponseReturnValue:
        view = read_view(request.args)
        counts = moderator.review.counts(view.filter.site)
        page = next_items(moderator, view, None)
        return render_template(
            "queue.html",
            view=view,
            orders=ORDERS,
            facets=[facet for facet in facets(view, counts) if facet.options],
            chips=chips(view),
            count=_count(moderator, view, counts.status),
            items=show_all(moderator, page.items),
            cursor=page.cursor or "",
            sites=counts.site,
        )

    @pages.get("/review/items")
    def items() -> Response:
        page = next_items(moderator, read_view(request.args), request.args.get("cursor"))
        return answer({"html": cards(moderator, page.items), "cursor": page.cursor or ""})


def next_items(moderator: Moderator, view: View, cursor: str | None) -> Page[StoredComment]:
    """Held comments that are the user's alone from now on; of another status just a page."""
    if view.filter.status is Status.HELD:
        return moderator.review.take(view.filter, view.order, user(), PAGE_ITEMS, cursor)
    return moderator.review.page(view.filter, view.order, cursor, PAGE_ITEMS)


def cards(moderator: Moderator, items: tuple[StoredComment, ...]) -> str:
    """Comments as the queue's page shows them, for a page that is open already."""
    return render_template("cards.html", items=show_all(moderator, items))


def _count(moderator: Moderator, view: View, by_status: dict[Status, int]) -> int:
    if not view.is_narrowed:
        status = view.filter.status
        return sum(by_status.values()) if status is None else by_status[status]
    return moderator.review.count(view.filter, COUNTED_UP_TO)


def _comment(pages: Blueprint, moderator: Moderator) -> None:
    review = moderator.review

    @pages.get("/review/comments/<int:number>")
    def comment(number: int) -> ResponseReturnValue:
        item = review.item(_possible(number))
        if item.status is Status.HELD:
            review.claim([number], user())
        return render_template(
            "comment.html",
            shown=show_all(moderator, [review.item(number)], whole=True)[0],
            article=_article(moderator, number),
            history=review.history(number),
        )

    @pages.get("/review/comments/<int:number>/text")
    def comment_text(number: int) -> ResponseReturnValue:
        item = review.item(_possible(number))
        return render_template("part_text.html", pieces=weighed(item.comment.body, item.score.reasons, whole=True))

    @pages.get("/review/comments/<int:number>/article")
    def comment_article(number: int) -> ResponseReturnValue:
        found = _article(moderator, _possible(number))
        if found is None:
            raise NotFound("no article is known to this comment")
        return render_template("part_article.html", article=found)


def _article(moderator: Moderator, number: int) -> dict[str, Any] | None:
    article = moderator.review.article(number)
    if article is None:
        return None
    body = shared_with(article.body, moderator.review.item(number).comment.body)
    return {"title": article.title, "published_at": article.published_at, "url": article.url, "pieces": body}


def _possible(number: int) -> int:
    if number >= 1 << 62:
        raise NotFound("there is no such comment")
    return number


def _export(pages: Blueprint, moderator: Moderator) -> None:
    formats = {
        "csv": (moderator.reports.export_csv, "text/csv"),
        "jsonl": (moderator.reports.export_json_lines, "application/jsonl"),
    }

    @pages.get("/review/export")
    @for_administrators
    def export() -> ResponseReturnValue:
        form = request.args.get("format", "")
        if form not in formats:
            raise Invalid(f"an export is one of {', '.join(formats)}")
        write, mimetype = formats[form]
        lines = write(read_view(request.args).filter)
        first = list(islice(lines, 2))  # what the filter gets wrong is told before the answer begins

        disposition = f'attachment; filename="comments.{form}"'
        return Response(chain(first, lines), headers={"Content-Disposition": disposition}, mimetype=mimetype)
