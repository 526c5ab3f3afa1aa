"""``moderation promote``, ``rollback``, ``releases`` and ``shadow``: which release serves, and why."""

import getpass
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from moderation import settings as every_setting
from moderation.terminal import as_json, visible

if TYPE_CHECKING:
    from moderation.shelf import Entry, Shelf


@click.command()
@click.option("--reason", default="", help="Why; it is kept.")
@as_json
def rollback(reason: str, as_json: bool) -> None:
    """Let the release serve again that did before the last promotion."""
    entry = opened_shelf().rollback(who(), reason, datetime.now(UTC))
    told = f"{entry.release} serves again in place of {entry.former}; running services take it within 5 seconds."
    click.echo(json.dumps(entry.as_dict()) if as_json else told)


@click.command()
@as_json
def releases(as_json: bool) -> None:
    """List the releases, which of them serves, and what was promoted and rolled back."""
    shelf = opened_shelf()
    history, current, shadow = shelf.history(), shelf.current(), shelf.shadow()
    told = [
        {
            "release": name,
            "state": "current" if name == current else "shadow" if name == shadow else "",
            "figures": dict(shelf.figures(name)),
            "error": _trouble(shelf, name),
            "history": [entry.as_dict() for entry in history if entry.release == name],
        }
        for name in shelf.names()
    ]
    click.echo(json.dumps(told) if as_json else "\n".join(map(visible, _lines(told, history))))


def opened_shelf() -> "Shelf":
    """The directory of releases that is configured."""
    from moderation.shelf import Shelf

    return Shelf(every_setting.load().models)


def who() -> str:
    """The person at this terminal, as the machine knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "unknown"


def _trouble(shelf: "Shelf", name: str) -> str:
    """Why a release can not be loaded, empty where it can."""
    from moderation import release

    try:
        release.load(shelf.models / name)
    except release.ReleaseError as error:
        return str(error)
    return ""


def _lines(told: list[dict[str, Any]], history: tuple["Entry", ...]) -> list[str]:
    lines = [f"{one['release']:24}  {one['state']:8}  {one['error'] or _figures(one['figures'])}" for one in told]
    return [*lines, *(["", *map(_line, history)] if history else [])]


def _line(entry: "Entry") -> str:
    what = f"{entry.at:%Y-%m-%d %H:%M} UTC  {entry.change}: {entry.release} in place of {entry.former}, by {entry.by}"
    return f"{what}: {entry.reason}" if entry.reason else what


def _figures(macro: dict[str, float]) -> str:
    names = {"auc": "ROC AUC", "found_at_1pct": "found at 1 %", "ham_held": "ordinary held"}
    return ", ".join(f"{told} {macro[name]:.4f}" for name, told in names.items() if name in macro)
