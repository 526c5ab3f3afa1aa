"""Releases, for administrators: which serves, which is in the shadow, what was promoted and rolled back, and why.

A rollback is a button; a promotion is compared first, which takes minutes, and runs from the command line.
"""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from moderation.moderator import Conflict, Moderator, utc_now
from moderation.switching import ReleaseError, Switch
from moderation.web.review_access import for_administrators


def add(pages: Blueprint, moderator: Moderator, switch: Switch) -> None:
    """Add the page of releases."""
    shelf = switch.shelf

    @pages.get("/review/releases")
    @for_administrators
    def releases() -> ResponseReturnValue:
        try:
            history, current = shelf.history(), shelf.current()
        except ReleaseError as error:
            raise Conflict(str(error)) from None
        return render_template(
            "releases.html",
            releases=[(name, shelf.figures(name)) for name in reversed(shelf.names())],
            current=current,
            shadow=shelf.shadow(),
            history=history[::-1],
            alert=switch.alert,
            drift=moderator.reports.drift(switch.release),
        )

    @pages.post("/review/releases/rollback")
    @for_administrators
    def rollback() -> ResponseReturnValue:
        try:
            shelf.rollback(g.user.email, request.form.get("reason", "").strip(), utc_now())
        except ReleaseError as error:
            raise Conflict(str(error)) from None
        switch.look()
        return redirect(url_for("review.releases"))
