"""Times in which a moderator decided against all that is known, for administrators, and one button that takes it back.

Must not know how such a time is found.
"""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from moderation.moderator import Moderator, moment
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
            sent.get("moderator", ""), moment(sent.get("from", "")), moment(sent.get("to", "")), g.user.email, g.user
        )
        return render_template("doubtful.html", found=moderator.stretches.doubtful(), undone=undone, **shown)
