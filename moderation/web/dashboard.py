"""The dashboard: what came, what was decided, where people and detector disagreed, and how long readers waited.

Must not know how a figure is counted.
"""

from collections.abc import Mapping
from typing import TypeVar

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from moderation.comment import Action, Decision
from moderation.moderator import Disagreement, Invalid, Moderator, utc_now
from moderation.switching import Switch
from moderation.web.dashboard_plots import HEIGHT, WIDTH, days_until, stacked_columns

DAYS = (7, 30, 90)
SHOWN_SIGNALS = 12
_ACTIONS = {Action.PUBLISH.value: "publish", Action.HOLD.value: "hold", Action.REJECT.value: "reject"}
_DECISIONS = {
    Decision.APPROVE.value: "approved",
    Decision.REJECT_PROMOTIONAL.value: "promotional",
    Decision.REJECT_OFF_TOPIC.value: "off-topic",
    Decision.REJECT_OTHER.value: "other",
}

Kind = TypeVar("Kind", Action, Decision)


def add(pages: Blueprint, moderator: Moderator, switch: Switch) -> None:
    """Add the dashboard."""

    @pages.get("/review/dashboard")
    def dashboard() -> ResponseReturnValue:
        site, days = request.args.get("site") or None, _days()
        figures = moderator.reports.figures(site, days)
        shown = days_until(utc_now().date(), days)
        return render_template(
            "dashboard.html",
            site=site,
            sites=moderator.sites(),
            days=days,
            choices=DAYS,
            shown_days=shown,
            figures=figures,
            drift=moderator.reports.drift(switch.release),
            held=sum(moderator.review.counts(site).day.values()),
            received=stacked_columns(shown, _ACTIONS, _by_name(figures.received)),
            decided=stacked_columns(shown, _DECISIONS, _by_name(figures.decided)),
            actions=_ACTIONS,
            decisions=_DECISIONS,
            disagreement=figures.disagreement[:SHOWN_SIGNALS],
            overall=_overall(figures.disagreement),
            width=WIDTH,
            height=HEIGHT,
        )


def _days() -> int:
    text = request.args.get("days", "30")
    if text not in map(str, DAYS):
        raise Invalid(f"days is one of {', '.join(map(str, DAYS))}")
    return int(text)


def _by_name(counts: Mapping[str, Mapping[Kind, int]]) -> dict[str, dict[str, int]]:
    return {day: {kind.value: count for kind, count in of_day.items()} for day, of_day in counts.items()}


def _overall(disagreement: tuple[Disagreement, ...]) -> Disagreement:
    decided, against = sum(one.decided for one in disagreement), sum(one.against for one in disagreement)
    return Disagreement("all", decided, against)
