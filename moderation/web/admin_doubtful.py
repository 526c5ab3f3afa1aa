"""Times in which a moderator decided against all that is known, for administrators, and one button that takes it back.

Must not know how such a time is found.
"""

from datetime import datetime

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from moderation.moderator import Invalid, Moderator
from moderation.web.review_access import for_administrators

_SNIPPET = 160


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the page of doubtful times."""
    shown = {"snippet": _SNIPPET, "most": moderator.stretches.MOST}

    @pages.get("/review/doubtful")
    @for_administrators
    def doubtful() -> ResponseReturnValue:
        return render_template("doubtful.html", found=moderator.stretches.doubtful(), undone=None, **shown)

    @pages.post("/review/doubtful/undo")
    @for_administrators
    def undo_doubtful() -> ResponseReturnValue:
        sent = request.form
        undone = moderator.stretches.undo(
            sent.get("moderator", ""), _time(sent.get("from", "")), _time(sent.get("to", "")), g.user.email, g.user
        )
        return render_template("doubtful.html", found=moderator.stretches.doubtful(), undone=undone, **shown)


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid("a time looks like 2026-12-01T09:30:00+00:00")
    return moment
