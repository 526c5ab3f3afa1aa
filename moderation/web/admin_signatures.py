"""How a site's calls are signed, and where its Coral is: secrets are made or taken, shown once, and ended.

Must not know how a signature is verified, nor how Coral is called.
"""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from moderation.moderator import Door, Invalid, Moderator, Site
from moderation.web.review_access import for_administrators, site_asked_for

_KEPT_HOURS = (0, 1, 24, 168)


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the page of a site's signatures and Coral."""
    _page(pages, moderator)
    _secrets(pages, moderator)
    _coral(pages, moderator)


def _page(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review/signatures")
    @for_administrators
    def signatures() -> ResponseReturnValue:
        return _rendered(moderator, site_asked_for(moderator))


def _secrets(pages: Blueprint, moderator: Moderator) -> None:
    @pages.post("/review/signatures/webhook-secret")
    @for_administrators
    def new_webhook_secret() -> ResponseReturnValue:
        site, hours = site_asked_for(moderator), request.form.get("keep", "")
        if hours not in map(str, _KEPT_HOURS):
            raise Invalid(f"an old secret is kept for {', '.join(map(str, _KEPT_HOURS))} hours")
        return _rendered(moderator, site, secret=moderator.signatures.new_secret(site, timedelta(hours=int(hours))))

    @pages.post("/review/signatures/end-secrets")
    @for_administrators
    def end_secrets() -> ResponseReturnValue:
        site, door = site_asked_for(moderator), request.form.get("door", "")
        if door not in list(Door):
            raise Invalid("choose whose secrets end")
        moderator.signatures.end_secrets(site, Door(door))
        return _back(site, "The secrets sign nothing any more.")


def _coral(pages: Blueprint, moderator: Moderator) -> None:
    @pages.post("/review/signatures/coral-secret")
    @for_administrators
    def add_coral_secret() -> ResponseReturnValue:
        site = site_asked_for(moderator)
        moderator.signatures.add_secret(site, request.form.get("secret", "").strip())
        return _back(site, "The secret is taken.")

    @pages.post("/review/signatures/coral")
    @for_administrators
    def connect_coral() -> ResponseReturnValue:
        site = site_asked_for(moderator)
        if request.form.get("do") == "end":
            moderator.coral.disconnect(site)
            return _back(site, "Coral is told nothing any more.")
        moderator.coral.connect(site, request.form.get("url", "").strip(), request.form.get("token", "").strip())
        return _back(site, "Coral is connected.")


def _rendered(moderator: Moderator, site: Site, secret: str = "") -> str:
    secrets = moderator.signatures.secrets(site)
    return render_template(
        "signatures.html",
        site=site,
        secret=secret,
        webhook=[one for one in secrets if one.door is Door.WEBHOOK],
        coral=[one for one in secrets if one.door is Door.CORAL],
        connection=moderator.coral.connection(site),
        kept_hours=_KEPT_HOURS,
        origin=request.host_url.rstrip("/"),
        done=request.args.get("done", "")[:100],
    )


def _back(site: Site, done: str) -> ResponseReturnValue:
    return redirect(url_for("review.signatures", site=site.name, done=done))
