"""What administrators keep: sites with their keys, and users with their roles.

Must not know how a key or a password is made. A secret is shown on the answer that made it, and never again.
"""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from moderation.moderator import Invalid, KeyKind, Moderator, NotFound, Role, User
from moderation.web.review_access import for_administrators

_KEPT_HOURS = (0, 1, 24, 168)


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the administrators' pages of sites and users."""
    _sites(pages, moderator)
    _users(pages, moderator)
    _one_user(pages, moderator)


def _sites(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review/sites")
    @for_administrators
    def sites() -> ResponseReturnValue:
        counts = moderator.review.counts()
        return render_template("sites.html", sites=moderator.sites(), held=counts.site, kept_hours=_KEPT_HOURS)

    @pages.post("/review/sites")
    @for_administrators
    def add_site() -> ResponseReturnValue:
        name = request.form.get("name", "").strip()
        return _key(name, moderator.add_site(name))

    @pages.post("/review/sites/key")
    @for_administrators
    def rotate_key() -> ResponseReturnValue:
        hours = request.form.get("keep", "")
        if hours not in map(str, _KEPT_HOURS):
            raise Invalid(f"an old key is kept for {', '.join(map(str, _KEPT_HOURS))} hours")
        name, kind = request.form.get("site", ""), request.form.get("kind", KeyKind.SITE)
        if kind not in list(KeyKind):
            raise Invalid(f"a key's kind is one of {', '.join(KeyKind)}")
        return _key(name, moderator.rotate_key(name, timedelta(hours=int(hours)), KeyKind(kind)), KeyKind(kind))


def _key(site: str, key: str, kind: KeyKind = KeyKind.SITE) -> str:
    return render_template("site_key.html", site=site, key=key, kind=kind, origin=request.host_url.rstrip("/"))


def _users(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review/users")
    @for_administrators
    def users() -> ResponseReturnValue:
        return render_template("users.html", users=moderator.accounts.users())

    @pages.post("/review/users")
    @for_administrators
    def add_user() -> ResponseReturnValue:
        email = request.form.get("email", "").strip()
        return _link(email, moderator.accounts.add_user(email, _role(request.form.get("role", ""))), days=7)


def _one_user(pages: Blueprint, moderator: Moderator) -> None:
    @pages.post("/review/users/<int:number>/<change>")
    @for_administrators
    def change_user(number: int, change: str) -> ResponseReturnValue:
        known = _known(moderator, number)
        match change:
            case "role":
                moderator.accounts.set_role(number, _role(request.form.get("role", "")))
            case "lock":
                moderator.accounts.set_active(number, False)
            case "unlock":
                moderator.accounts.set_active(number, True)
            case "sign-out":
                moderator.accounts.end_sessions(number)
            case "reset":
                return _link(known.email, moderator.accounts.reset_password(number), days=1)
            case _:
                raise NotFound("there is no such change")
        return redirect(url_for("review.users"))


def _link(email: str, token: str, days: int) -> str:
    link = url_for("review.invitation", link=token, _external=True)
    return render_template("user_link.html", email=email, link=link, days=days)


def _known(moderator: Moderator, number: int) -> User:
    found = next((one for one in moderator.accounts.users() if one.id == number), None)
    if found is None:
        raise NotFound("there is no such user")
    return found


def _role(text: str) -> Role:
    if text not in list(Role):
        raise Invalid(f"a role is one of {', '.join(Role)}")
    return Role(text)
