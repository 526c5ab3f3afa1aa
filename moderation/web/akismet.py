"""The door for Akismet's clients: answers in its own words, as its clients compare them, and none of ours.

A check that can not be made is answered with neither ``true`` nor ``false``: a CMS then holds the comment and asks
again. Must not know how a comment is judged.
"""

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from moderation.comment import Decision
from moderation.moderator import AkismetAnswer, Counted, StoreError, utc_now
from moderation.web import akismet_activity
from moderation.web.akismet_call import (
    AkismetForm,
    KeyForm,
    StatsForm,
    WrongCallError,
    call_of,
    fields_of,
    need,
    site_of,
)
from moderation.web.auth import Gate
from moderation.web.openapi import operation
from moderation.web.transport import JSON, TEXT, answer, drain, say

THANKS = "Thanks for making the web a better place."
RETRY_AFTER_S = 60
_SAYS = {200: TEXT, 413: TEXT, 503: TEXT}
_REPORTED = ("comment_content", "comment_author", "comment_author_email", "comment_author_url", "guid")


def blueprint(gate: Gate) -> Blueprint:
    """The routes of Akismet's protocol."""
    routes = Blueprint("akismet", __name__)
    _keys(routes, gate)
    _checks(routes, gate)
    _reports(routes, gate)
    akismet_activity.add(routes, gate)
    _refusals(routes)
    return routes


def _keys(routes: Blueprint, gate: Gate) -> None:
    @routes.post("/1.1/verify-key")
    @operation("Akismet: whether a key is valid", form=KeyForm, gives=_SAYS, open=True)
    def verify_key() -> Response:
        fields = fields_of(request.environ, gate.max_body_bytes)
        need(fields, "blog")
        site_of(request.environ, gate, fields)
        return say("valid")

    @routes.get("/1.1/test")
    @operation("Akismet: whether the service is reached, for the settings page of WordPress", gives={200: TEXT},
               open=True)  # fmt: skip
    def reached() -> Response:
        return say("connected")

    @routes.post("/1.1/get-stats")
    @operation("Akismet: what was asked in six months or in all, for the settings page of WordPress", form=StatsForm,
               gives=_SAYS | {200: (JSON, TEXT)}, open=True)  # fmt: skip
    def get_stats() -> Response:
        fields = fields_of(request.environ, gate.max_body_bytes)
        made = gate.moderator.akismet.totals(site_of(request.environ, gate, fields), fields.get("from") == "6-months")
        right = made.api_calls - made.missed_spam - made.false_positives
        accuracy = round(100 * max(right, 0) / made.api_calls, 2) if made.api_calls else 100.0
        return answer({**{one.value: getattr(made, one.value) for one in Counted}, "accuracy": accuracy})

    @routes.post("/1.1/get-subscription")
    @operation("Akismet: whose key it is, for the settings page of WordPress", form=KeyForm,
               gives=_SAYS | {200: (JSON, TEXT)}, open=True)  # fmt: skip
    def get_subscription() -> Response:
        site = site_of(request.environ, gate, fields_of(request.environ, gate.max_body_bytes))
        account = {"account_name": site.name, "account_type": "self-hosted", "next_billing_date": None}
        return answer({**account, "status": "active"})


def _checks(routes: Blueprint, gate: Gate) -> None:
    @routes.post("/1.1/comment-check")
    @operation("Akismet: whether a comment is spam; keeps it", form=AkismetForm, gives=_SAYS, open=True)
    def comment_check() -> Response:
        fields = fields_of(request.environ, gate.max_body_bytes)
        site = site_of(request.environ, gate, fields)
        need(fields, "blog", "user_ip")
        made = gate.moderator.akismet.check(site, call_of(fields, utc_now()))
        gate.metrics.count_comments([made.action])
        return _told(made)


def _told(made: AkismetAnswer) -> Response:
    headers = {"X-akismet-guid": made.guid}
    if made.may_discard:
        headers["X-akismet-pro-tip"] = "discard"
    return say("true" if made.is_spam else "false", headers=headers)


def _reports(routes: Blueprint, gate: Gate) -> None:
    @routes.post("/1.1/submit-spam")
    @operation("Akismet: a person says that this is spam", form=AkismetForm, gives=_SAYS, open=True)
    def submit_spam() -> Response:
        return _report(gate, Decision.REJECT_PROMOTIONAL)

    @routes.post("/1.1/submit-ham")
    @operation("Akismet: a person says that this is no spam", form=AkismetForm, gives=_SAYS, open=True)
    def submit_ham() -> Response:
        return _report(gate, Decision.APPROVE)


def _report(gate: Gate, decision: Decision) -> Response:
    fields = fields_of(request.environ, gate.max_body_bytes)
    site = site_of(request.environ, gate, fields)
    need(fields, "blog")
    if not any(fields.get(name) for name in _REPORTED):
        need(fields, _REPORTED[0])
    gate.moderator.akismet.report(site, call_of(fields, utc_now()), decision)
    return say(THANKS)


def _refusals(routes: Blueprint) -> None:
    @routes.errorhandler(WrongCallError)
    def wrong(error: WrongCallError) -> Response:
        return _invalid(str(error), 200)

    @routes.errorhandler(RequestEntityTooLarge)
    def too_large(_error: RequestEntityTooLarge) -> Response:
        drain(request.environ)
        return _invalid("The call is longer than this service reads.", 413)

    @routes.errorhandler(StoreError)
    def unavailable(_error: StoreError) -> Response:
        return say("unavailable", 503, {"Retry-After": str(RETRY_AFTER_S)})


def _invalid(help: str, status: int) -> Response:
    return say("invalid", status, {"X-akismet-debug-help": help})
