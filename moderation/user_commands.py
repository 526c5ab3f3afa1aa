"""``moderation user``: people who decide, and what one of them decided against all that is known."""

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click

from moderation import settings as every_setting
from moderation.release_commands import who
from moderation.terminal import as_json, opened_moderator, visible

if TYPE_CHECKING:
    from moderation.stretches import Shown

_LONGEST_EXAMPLE = 80


def _moment(context: click.Context, option: click.Parameter, value: str) -> datetime:
    from moderation.moderator import Invalid
    from moderation.stretches import moment

    try:
        return moment(value)
    except Invalid as wrong:
        raise click.BadParameter(f"{wrong}, not {visible(value[:80])!r}", context, option) from None


@click.group()
def user() -> None:
    """People who decide about comments."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(["moderator", "administrator"]), default="moderator", show_default=True)
@as_json
def add_user(email: str, role: str, as_json: bool) -> None:
    """Add a person, and show the one-time link with which they choose a password."""
    from moderation import server
    from moderation.moderator import Role

    settings = every_setting.load()
    with opened_moderator() as moderator:
        token = moderator.accounts.add_user(email, Role(role))
    link = server.web_address(settings.host, settings.port) + server.INVITATION.format(token=token)
    if as_json:
        click.echo(json.dumps({"email": email, "role": role, "link": link}))
    else:
        click.echo(f"{visible(email)} chooses a password here, once, within 7 days: {link}")


@user.command("doubtful")
@as_json
def doubtful(as_json: bool) -> None:
    """List times in which a moderator decided against the release and the others, beyond chance."""
    with opened_moderator() as moderator:
        found = moderator.stretches.doubtful()
    if as_json:
        click.echo(json.dumps([_facts(one) for one in found]))
    else:
        click.echo("\n".join(map(_lines, found)) or "No moderator's decisions stand out.")


@user.command("undo")
@click.argument("name")
@click.option(
    "--from",
    "begins_at",
    required=True,
    callback=_moment,
    metavar="TIME",
    help="As `moderation user doubtful` gives it.",
)
@click.option(
    "--to", "ends_at", required=True, callback=_moment, metavar="TIME", help="The last moment that is taken back."
)
@as_json
def undo(name: str, begins_at: datetime, ends_at: datetime, as_json: bool) -> None:
    """Take back all that NAME decided from a time to a time, as one step; the comments return to where they were."""
    with opened_moderator() as moderator:
        undone = moderator.stretches.undo(name, begins_at, ends_at, by=who())
    if as_json:
        click.echo(json.dumps({"undone": len(undone.numbers), "skipped": len(undone.skipped), "batch": undone.batch}))
        return
    click.echo(f"Decisions on {len(undone.numbers)} comments taken back.")
    if undone.skipped:
        click.echo(f"{len(undone.skipped)} left alone: changed, decided again, or taken back already.")


def _facts(one: "Shown") -> dict[str, object]:
    stretch = one.stretch
    return {
        "moderator": stretch.moderator,
        "from": stretch.begins_at.isoformat(),
        "to": stretch.ends_at.isoformat(),
        "decided": stretch.decided,
        "compared": stretch.compared,
        "against": stretch.against,
        "usual": stretch.usual,
        "examples": [{"site": item.site, "comment_id": item.comment.id} for item in one.examples],
    }


def _lines(one: "Shown") -> str:
    stretch = one.stretch
    lines = [
        f"{visible(stretch.moderator)}: {stretch.decided} decisions from {stretch.begins_at.isoformat()} to"
        f" {stretch.ends_at.isoformat()}, {stretch.against} of the {stretch.compared} that can be compared go against"
        f" what is known (usual: {stretch.usual:.0%})"
    ]
    for item in one.examples:
        shown = visible(item.comment.body[:_LONGEST_EXAMPLE])
        lines.append(f"  {visible(item.site)} {visible(item.comment.id)}: {shown}")
    return "\n".join(lines)
