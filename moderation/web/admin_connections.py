"""A site's connections: where its events go, with the log of deliveries, and from where its articles come.

Must not know how an event is sent or a page fetched. A secret is shown on the answer that made it, and never again.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from moderation.moderator import Invalid, Moderator, NotFound, Site
from moderation.web.review_access import for_administrators, site_asked_for

SHOWN_EVENTS = 50
SHOWN_ARTICLES = 100


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the pages of a site's events and articles."""
    _events(pages, moderator)
    _event_changes(pages, moderator)
    _articles(pages, moderator)


def _events(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review/events")
    @for_administrators
    def events() -> ResponseReturnValue:
        site, cursor = site_asked_for(moderator), request.args.get("cursor")
        undelivered = "undelivered" in request.args
        return render_template(
            "events.html",
            site=site,
            endpoint=moderator.endpoints.find(site),
            pending=moderator.endpoints.pending(site),
            log=moderator.endpoints.log(site, undelivered=undelivered, cursor=cursor, limit=SHOWN_EVENTS),
            undelivered=undelivered,
            done=_done(),
        )


def _event_changes(pages: Blueprint, moderator: Moderator) -> None:
    @pages.post("/review/events/<change>")
    @for_administrators
    def change_events(change: str) -> ResponseReturnValue:
        site = site_asked_for(moderator)
        match change:
            case "endpoint":
                secret = moderator.endpoints.set(site, request.form.get("url", "").strip())
                return _back(site, "Events go there from now on.") if secret is None else _secret(site, secret)
            case "secret":
                return _secret(site, moderator.endpoints.rotate(site))
            case "on" | "off":
                moderator.endpoints.switch(site, change == "on")
                return _back(site, "Events go out." if change == "on" else "Events wait.")
            case "remove":
                moderator.endpoints.remove(site)
                return _back(site, "The endpoint is removed.")
            case "again":
                moderator.endpoints.send_again(site, _number())
                return _back(site, "The event is sent again.")
        raise NotFound("there is no such change")


def _articles(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review/articles")
    @for_administrators
    def articles() -> ResponseReturnValue:
        site = site_asked_for(moderator)
        fetched = moderator.endpoints.fetched(site, SHOWN_ARTICLES)
        hosts = moderator.endpoints.hosts(site)
        return render_template("articles.html", site=site, hosts=hosts, fetched=fetched, done=_done())

    @pages.post("/review/articles/<change>")
    @for_administrators
    def change_articles(change: str) -> ResponseReturnValue:
        site = site_asked_for(moderator)
        match change:
            case "hosts":
                moderator.endpoints.set_hosts(site, request.form.get("hosts", "").split())
            case "again":
                moderator.endpoints.fetch_again(site, request.form.get("url", ""))
            case _:
                raise NotFound("there is no such change")
        done = "The list is in force." if change == "hosts" else "The article is fetched again."
        return redirect(url_for("review.articles", site=site.name, done=done))


def _secret(site: Site, secret: str) -> str:
    return render_template("event_secret.html", site=site, secret=secret)


def _back(site: Site, done: str) -> ResponseReturnValue:
    return redirect(url_for("review.events", site=site.name, done=done))


def _done() -> str:
    return request.args.get("done", "")[:100]


def _number() -> int:
    text = request.form.get("number", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("an event is named by its number")
    return int(text)
