"""The page to try the detector on: a comment and its article in, the verdict with its reasons out. Stores nothing.

Open to all on a fresh installation; once there is a user it asks for a session, so that nobody outside can tune a
comment against it. Must not know how a score is made.
"""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from moderation.comment import Action, Article, Author, Comment
from moderation.moderator import Moderator
from moderation.web.review_access import is_signed_in, open_to_all
from moderation.web.review_items import reason_bars
from moderation.web.review_text import plain, weighed
from moderation.web.try_examples import EXAMPLES

LONGEST = {"body": 20_000, "name": 200, "url": 500, "title": 500, "article": 100_000}
"""Code points of each field that are read."""
VERDICTS = {Action.PUBLISH: "Publish", Action.HOLD: "Hold for a moderator", Action.REJECT: "Reject"}


@dataclass(frozen=True, slots=True)
class Tried:
    """What stands in the form."""

    body: str = ""
    name: str = ""
    url: str = ""
    title: str = ""
    article: str = ""


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the page to try it."""
    known_users: list[bool] = []

    def is_fresh() -> bool:
        if not known_users and moderator.accounts.users():
            known_users.append(True)  # users are locked, never removed: it stays so
        return not known_users

    def page(tried: Tried, example: str = "") -> ResponseReturnValue:
        if not is_signed_in() and not is_fresh():
            return redirect(url_for("review.sign_in", next=url_for("review.try_it")))
        return _rendered(moderator, tried, example, is_fresh=is_fresh())

    @pages.get("/try")
    @open_to_all
    def try_it() -> ResponseReturnValue:
        chosen = request.args.get("example", "")
        example = chosen if chosen in EXAMPLES else next(iter(EXAMPLES))
        return page(Tried(**EXAMPLES[example].fields), example)

    @pages.post("/try")
    @open_to_all
    def try_own() -> ResponseReturnValue:
        return page(Tried(**{name: request.form.get(name, "")[:most] for name, most in LONGEST.items()}))


def _rendered(moderator: Moderator, tried: Tried, example: str, *, is_fresh: bool) -> str:
    result = None
    if tried.body.strip():
        comment = Comment(tried.body, author=Author(name=tried.name, url=tried.url))
        article = Article(title=tried.title, body=tried.article) if tried.title or tried.article else None
        advice = moderator.score_many([(comment, article)])[0]
        result = {
            "advice": advice,
            "verdict": VERDICTS[advice.action],
            "body": weighed(tried.body, advice.score.reasons, whole=True),
            "name": plain(tried.name),
            "reasons": reason_bars(advice.score),
        }
    return render_template(
        "try.html",
        tried=tried,
        result=result,
        example=example,
        examples=EXAMPLES,
        longest=LONGEST,
        thresholds=moderator.release.thresholds,
        origin=request.host_url.rstrip("/"),
        is_fresh=is_fresh,
    )
