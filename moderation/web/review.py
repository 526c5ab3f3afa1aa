"""The moderators' pages: one blueprint, put together from its parts.

Must not know what any part does.
"""

from flask import Blueprint, Flask, redirect, url_for
from flask.typing import ResponseReturnValue

from moderation.moderator import Moderator, NotFound
from moderation.switching import Switch
from moderation.web import (
    admin,
    admin_connections,
    admin_doubtful,
    admin_releases,
    admin_rules,
    admin_signatures,
    dashboard,
    review_access,
    review_actions,
    review_bulk,
    review_items,
    review_log,
    review_queue,
    sign_in,
    try_page,
)
from moderation.web.review_text import breakable


def add_pages(app: Flask, moderator: Moderator, switch: Switch) -> None:
    """Give an application ``/``, ``/try`` and all under ``/review``."""
    pages = Blueprint(
        "review", __name__, template_folder="templates", static_folder="static", static_url_path="/review/static"
    )
    review_access.guard(pages, moderator)
    for part in (sign_in, review_queue, review_actions, review_bulk, review_log):
        part.add(pages, moderator)
    for with_release in (dashboard, admin_releases):
        with_release.add(pages, moderator, switch)
    for part in (admin, admin_rules, admin_connections, admin_signatures, admin_doubtful):
        part.add(pages, moderator)
    try_page.add(pages, moderator)
    _words(pages)
    _home(pages)
    app.register_blueprint(pages)


def _home(pages: Blueprint) -> None:
    @pages.get("/")
    @review_access.open_to_all
    def home() -> ResponseReturnValue:
        is_signed_in = review_access.is_signed_in()
        return redirect(url_for("review.queue" if is_signed_in else "review.try_it"))

    @pages.get("/review/<path:unknown>")
    @review_access.open_to_all
    def no_such_page(unknown: str) -> ResponseReturnValue:
        raise NotFound("there is no such page")


def _words(pages: Blueprint) -> None:
    """What templates say times, shares and decisions with."""
    pages.add_app_template_filter(breakable, "breakable")
    pages.add_app_template_filter(review_items.ago, "ago")
    pages.add_app_template_filter(review_items.lasting, "lasting")
    pages.add_app_template_filter(review_items.article_name, "article_name")
    pages.add_app_template_filter(review_items.DECISIONS.__getitem__, "decision_words")
