"""``moderation shadow``: a candidate scores beside the current release, and where they differ."""

import json
from typing import TYPE_CHECKING

import click

from moderation import settings as every_setting
from moderation.release_commands import opened_shelf
from moderation.terminal import as_json, visible

if TYPE_CHECKING:
    from moderation.shadow import ShadowReport
    from moderation.storage.shadows import Difference

_LONGEST = 300


@click.command()
@click.argument("what", metavar="RELEASE|off|report")
@click.option("--release", help="The release that a report is of; default: the one in the shadow.")
@click.option("--examples", type=click.IntRange(0, 1_000), default=20, show_default=True, help="Of a report.")
@as_json
def shadow(what: str, release: str | None, examples: int, as_json: bool) -> None:
    """Let RELEASE score stored comments beside the current one; `off` ends that, `report` tells where they differ."""
    if what == "report":
        _report(release, examples, as_json)
        return
    name = None if what == "off" else what
    opened_shelf().set_shadow(name)
    told = "Nothing scores in the shadow." if name is None else f"{name} scores in the shadow within 5 seconds."
    click.echo(json.dumps({"shadow": name}) if as_json else visible(told))


def _report(release: str | None, examples: int, as_json: bool) -> None:
    from moderation import shadow as shadows
    from moderation.storage.database import Database

    name = release or opened_shelf().shadow()
    if name is None:
        raise click.ClickException("nothing scores in the shadow; name a release with --release")
    database = Database.open(every_setting.load().database_url, connections=1)
    try:
        found = shadows.report(database, name, examples)
    finally:
        database.close()
    click.echo(json.dumps(found.as_dict()) if as_json else "\n".join(map(visible, _lines(found))))


def _lines(found: "ShadowReport") -> list[str]:
    if found.since is None:
        return [f"{found.release} has not scored in the shadow."]
    lines = [
        f"{found.release}, since {found.since:%Y-%m-%d %H:%M} UTC: {found.scored:,} comments, {found.differ:,} differ"
    ]
    lines += [f"  {before} now, {after} then: {n:,}" for (before, after), n in sorted(found.counts.items())]
    return [*lines, *(line for one in found.examples for line in _example(one))]


def _example(one: "Difference") -> list[str]:
    scores = f"{one.before} {one.promotional_before:.4f} now, {one.after} {one.promotional_after:.4f} then"
    return ["", f"{one.site}, {one.comment.id}: {scores}", f"  {one.comment.body[:_LONGEST]}"]
