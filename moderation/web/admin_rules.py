"""A site's rules: what it allows, holds and blocks, and its thresholds, tried before they are switched on.

Must not know how a rule is matched.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from moderation.comment import Action
from moderation.moderator import Invalid, Moderator, Rule, RuleKind, Site, SiteSettings, Trial
from moderation.web.review_access import for_administrators, site_asked_for, user
from moderation.web.review_text import Piece, plain

SHOWN_RULES = 200
SHOWN_CHANGES = 50
_LONGEST_TYPED = 200_000
ACTIONS = {Action.REJECT: "Block", Action.HOLD: "Hold", Action.PUBLISH: "Allow"}
KINDS = {
    RuleKind.WORD: "word or phrase",
    RuleKind.DOMAIN: "domain",
    RuleKind.AUTHOR: "author",
    RuleKind.ADDRESS: "IP address or network",
}


@dataclass(frozen=True, slots=True)
class RulesForm:
    """Rules as they were typed or read from a list."""

    kind: RuleKind
    action: Action
    values: tuple[str, ...]

    @property
    def text(self) -> str:
        """What stands in the form again; nothing of a list that is too long to be typed."""
        text = "\n".join(self.values)
        return text if len(text) <= _LONGEST_TYPED else ""


def add(pages: Blueprint, moderator: Moderator) -> None:
    """Add the page of a site's rules."""
    _page(pages, moderator)
    _changes(pages, moderator)


def _page(pages: Blueprint, moderator: Moderator) -> None:
    @pages.get("/review/rules")
    @for_administrators
    def rules() -> ResponseReturnValue:
        return _rendered(moderator, site_asked_for(moderator))


def _changes(pages: Blueprint, moderator: Moderator) -> None:
    @pages.post("/review/rules/add")
    @for_administrators
    def add_rules() -> ResponseReturnValue:
        site, form = site_asked_for(moderator), _rules_form()
        if request.form.get("do") == "try":
            wanted = [Rule(form.kind, value, form.action) for value in form.values if _is_rule(value)]
            return _rendered(moderator, site, form=form, trial=moderator.rules.try_rule(site, wanted))
        count = moderator.rules.add(site, form.kind, form.values, form.action, user().email)
        return _back(site, f"{count:,} {'rule is' if count == 1 else 'rules are'} switched on.")

    @pages.post("/review/rules/remove")
    @for_administrators
    def remove_rules() -> ResponseReturnValue:
        site = site_asked_for(moderator)
        numbers = [int(text) for text in request.form.getlist("rule") if text.isascii() and text.isdigit()]
        moderator.rules.remove(site, numbers)
        return _back(site, f"{len(numbers):,} {'rule' if len(numbers) == 1 else 'rules'} removed.")

    @pages.post("/review/rules/settings")
    @for_administrators
    def set_settings() -> ResponseReturnValue:
        site, wanted = site_asked_for(moderator), _settings_form()
        if request.form.get("do") == "try":
            return _rendered(moderator, site, settings=wanted, trial=_trial(moderator, site, wanted))
        moderator.set_site(site, wanted)
        return _back(site, "The settings are switched on.")


def _rendered(
    moderator: Moderator,
    site: Site,
    form: RulesForm | None = None,
    settings: SiteSettings | None = None,
    trial: Trial | None = None,
) -> str:
    every, wanted = moderator.rules.rules(site), request.args.get("find", "").strip().casefold()[:200]
    found = [rule for rule in every if wanted in rule.value]
    return render_template(
        "rules.html",
        site=site,
        settings=settings or site.settings,
        thresholds=moderator.release.thresholds,
        rules=found[:SHOWN_RULES],
        found=len(found),
        total=len(every),
        find=wanted,
        form=form,
        trial=None if trial is None else _told(trial),
        tried="rules" if form is not None else "settings",
        actions=ACTIONS,
        kinds=KINDS,
        done=request.args.get("done", "")[:100],
    )


def _trial(moderator: Moderator, site: Site, settings: SiteSettings) -> Trial:
    try:
        return moderator.rules.try_rule(site, settings=settings)
    except ValueError as error:  # a threshold outside its limits
        raise Invalid(str(error)) from None


def _told(trial: Trial) -> dict[str, Any]:
    """How many comments would be treated otherwise, by change, and the first of them."""
    changes = Counter((before, after) for _item, before, after in trial.changed)
    shown: list[tuple[int, tuple[Piece, ...], Action, Action]] = [
        (item.number, plain(item.comment.body, 160), before, after)
        for item, before, after in trial.changed[:SHOWN_CHANGES]
    ]
    return {"tried": trial.tried, "changed": len(trial.changed), "changes": changes.most_common(), "shown": shown}


def _back(site: Site, done: str) -> ResponseReturnValue:
    return redirect(url_for("review.rules", site=site.name, done=done))


def _rules_form() -> RulesForm:
    kind, action = request.form.get("kind", ""), request.form.get("action", "")
    if kind not in list(RuleKind) or action not in list(Action):
        raise Invalid("choose what the rule looks at, and what it does")
    lines = request.form.get("values", "").splitlines()
    sent = request.files.get("list")
    if sent is not None and sent.filename:
        try:
            lines += sent.read().decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise Invalid("the list is not a text file in UTF-8") from None
    if not any(map(_is_rule, lines)):
        raise Invalid("write at least one line, or choose a list")
    return RulesForm(RuleKind(kind), Action(action), tuple(lines))


def _is_rule(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith("#")


def _settings_form() -> SiteSettings:
    return SiteSettings(
        hold=_probability("hold"),
        reject=_probability("reject"),
        hold_off_topic=_probability("hold_off_topic"),
        hold_new_authors="hold_new_authors" in request.form,
        watch_only="watch_only" in request.form,
        akismet_passes_held="akismet_passes_held" in request.form,
        akismet_discards="akismet_discards" in request.form,
    )


def _probability(name: str) -> float | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise Invalid(f"{name.replace('_', ' ')} is a probability from 0 to 1")
    return value
