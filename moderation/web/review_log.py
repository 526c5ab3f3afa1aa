"""What was decided, by whom, and taken back: the log of decisions, newest first.

Must not know how a decision is undone.
"""

from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from moderation.moderator import Moderator
from moderation.web.review_text import plain

PAGE_LINES = 50
_SNIPPET = 160


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the page of what was decided."""

    @pages.get("/review/decided")
    def decided() -> ResponseReturnValue:
        asked = {name: request.args.get(name, "").strip()[:300] for name in ("site", "by", "q")}
        page = moderator.review.decisions(
            site=asked["site"] or None,
            by=asked["by"] or None,
            text=asked["q"] or None,
            cursor=request.args.get("cursor"),
            limit=PAGE_LINES,
        )
        given = {name: value for name, value in asked.items() if value}
        return render_template(
            "decided.html",
            lines=[(line, plain(line.item.comment.body, _SNIPPET)) for line in page.items],
            following=page.cursor and f"{url_for('review.decided')}?{urlencode({**given, 'cursor': page.cursor})}",
            asked=asked,
            sites=moderator.sites(),
            people=[one.email for one in moderator.accounts.users()],
        )
