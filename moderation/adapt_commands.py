"""``moderation adapt``: what each site's own decisions correct of its scores between releases."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from moderation.terminal import as_json, days, opened_moderator, visible

if TYPE_CHECKING:
    from moderation.storage.records import StoredCorrection


def _days(context: click.Context, option: click.Parameter, value: str | None) -> timedelta | None:
    return None if value is None else days(context, option, value)


half_life_option = click.option(
    "--half-life", callback=_days, help="Days such as 180d after which a decision counts half; default: never."
)


@click.group()
def adapt() -> None:
    """What sites' own decisions correct of their scores, between two releases."""


@adapt.command("learn")
@click.argument("site", nargs=-1)
@half_life_option
@as_json
def learn(site: tuple[str, ...], half_life: timedelta | None, as_json: bool) -> None:
    """Learn the corrections of each SITE, or of all, anew from their decisions; seconds, so fit for cron."""
    from moderation.moderator import Conflict

    told: list[dict[str, Any]] = []
    with opened_moderator() as moderator:
        for one in map(moderator.site, site) if site else moderator.sites():
            try:
                told.append(_told(moderator.adaptation.learn(one, half_life)))
            except Conflict as missing:
                told.append({"site": one.name, "missing": str(missing)})
    _show(told, as_json)


@adapt.command("list")
@as_json
def list_corrections(as_json: bool) -> None:
    """List what is corrected."""
    with opened_moderator() as moderator:
        told = [_told(correction) for correction in moderator.adaptation.every()]
    _show(told, as_json)


@adapt.command("off")
@click.argument("site")
def off(site: str) -> None:
    """Leave SITE's scores as the release gives them; what was learned is kept."""
    with opened_moderator() as moderator:
        moderator.adaptation.switch(moderator.site(site), on=False)


@adapt.command("on")
@click.argument("site")
def on(site: str) -> None:
    """Correct SITE's scores again."""
    with opened_moderator() as moderator:
        moderator.adaptation.switch(moderator.site(site), on=True)


@adapt.command("forget")
@click.argument("site")
def forget(site: str) -> None:
    """Forget all that SITE's decisions corrected."""
    with opened_moderator() as moderator:
        moderator.adaptation.forget(moderator.site(site))


def _told(correction: "StoredCorrection") -> dict[str, Any]:
    return {
        "site": correction.site,
        "active": correction.active,
        "release": correction.release,
        "decisions": correction.decisions,
        "changed_at": correction.changed_at.isoformat(),
    }


def _show(told: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told))
        return
    for one in told or [{"site": "No site", "missing": "nothing is learned yet: moderation adapt learn"}]:
        known = "missing" not in one
        state = "" if not known or one["active"] else ", switched off"
        line = f"{one['decisions']} decisions over release {one['release']}{state}" if known else one["missing"]
        click.echo(visible(f"{one['site']}: {line}"))
