"""Signing in and out, one-time links, and a user's own sessions.

Must not know how a password is kept or an attempt is counted.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from moderation.moderator import Invalid, Moderator, NotFound, Throttled
from moderation.web.review_access import (
    address_on_this_service,
    forget,
    is_signed_in,
    open_to_all,
    remember,
    token,
    user,
)

_WRONG = "The address or the password is not right."


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the pages of signing in."""
    _sign_in(pages, moderator)
    _invitation(pages, moderator)
    _account(pages, moderator)


def _sign_in(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review/sign-in")
    @open_to_all
    def sign_in() -> ResponseReturnValue:
        wanted = address_on_this_service(request.args.get("next", ""))
        return redirect(wanted) if is_signed_in() else _page(wanted)

    @pages.post("/review/sign-in")
    @open_to_all
    def start_session() -> ResponseReturnValue:
        wanted = address_on_this_service(request.form.get("next", ""))
        email = request.form.get("email", "")
        try:
            started = _start(moderator, email, request.form.get("password", ""), wanted)
        except Throttled as error:
            return _page(wanted, email, f"Too many attempts. Try again in {error.retry_after_s} seconds."), 429, {
                "Retry-After": str(error.retry_after_s)
            }  # fmt: skip
        return started or (_page(wanted, email, _WRONG), 403)

    @pages.post("/review/sign-out")
    @open_to_all
    def sign_out() -> ResponseReturnValue:
        moderator.accounts.sign_out(token())
        return forget(redirect(url_for("review.sign_in")))  # type: ignore[arg-type]  # Werkzeug's class has the same


def _start(moderator: Moderator, email: str, password: str, wanted: str) -> Response | None:
    """The way on for one who gave the right password, with the session's cookie."""
    device = "".join(filter(str.isprintable, request.headers.get("User-Agent", "")))[:200]
    signed_in = moderator.accounts.sign_in(email, password, request.remote_addr or "", device)
    if signed_in is None:
        return None
    return remember(redirect(wanted), signed_in)  # type: ignore[arg-type]  # Werkzeug's class has the same


def _page(wanted: str, email: str = "", fault: str = "") -> str:
    return render_template("sign_in.html", wanted=wanted, email=email, fault=fault)


def _invitation(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review/invitation/<link>")
    @open_to_all
    def invitation(link: str) -> ResponseReturnValue:
        email = moderator.accounts.invited(link)
        return render_template("invitation.html", email=email, fault=""), 404 if email is None else 200

    @pages.post("/review/invitation/<link>")
    @open_to_all
    def accept(link: str) -> ResponseReturnValue:
        password, email = request.form.get("password", ""), request.form.get("email", "")
        invited = moderator.accounts.invited(link)
        try:
            if password != request.form.get("again", ""):
                raise Invalid("the two passwords are not the same")
            accepted = moderator.accounts.accept(link, password, email)
        except Invalid as error:
            return render_template("invitation.html", email=invited, typed=email, fault=str(error)), 400
        except NotFound:
            return render_template("invitation.html", email=None), 404
        return _start(moderator, accepted.email, password, url_for("review.queue")) or redirect(
            url_for("review.sign_in")
        )


def _account(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review/account")
    def account() -> ResponseReturnValue:
        here = moderator.accounts.session(token())
        return render_template("account.html", sessions=moderator.accounts.sessions(user().id), here=here)

    @pages.post("/review/account/sessions")
    def end_session() -> ResponseReturnValue:
        number = request.form.get("session", "")
        if not (number.isascii() and number.isdigit() and len(number) < 18):
            raise Invalid("session is the number of a session")
        moderator.accounts.end_session(user().id, int(number))
        return redirect(url_for("review.account"))

    @pages.post("/review/account/password")
    def change_password() -> ResponseReturnValue:
        """A new password is set as a first one is, by a one-time link; it ends all sessions."""
        password = request.form.get("password", "")
        proof = moderator.accounts.sign_in(user().email, password, request.remote_addr or "")
        if proof is None:
            raise Invalid("the password of now is not right")
        moderator.accounts.sign_out(proof.token)
        return redirect(url_for("review.invitation", link=moderator.accounts.reset_password(user().id)))
