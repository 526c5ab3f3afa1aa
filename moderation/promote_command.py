"""``moderation promote``: a candidate against the current release, and the change where it is not worse."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from moderation.release_commands import opened_shelf, who
from moderation.terminal import as_json, opened_moderator, visible

if TYPE_CHECKING:
    from moderation.shelf import Shelf
    from training.datasets import Dataset

_MOST_DECISIONS = 50_000
_REFUSED = 2


class Compared(NamedTuple):
    """What the gate says: whether it lets pass, its figures, and lines for a person."""

    passed: bool
    figures: dict[str, Any]
    lines: list[str]


@click.command()
@click.argument("release")
@click.option(
    "--data",
    "data",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Labelled comments that never change, as for `train`; several times for several.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the candidate's page goes; default: reports/RELEASE.html beside the releases.",
)
@click.option("--force", is_flag=True, help="Promote it whatever the comparison says; needs --reason.")
@click.option("--reason", default="", help="Why; it is kept.")
@click.option("--check", is_flag=True, help="Compare and write the page; promote nothing.")
@as_json
def promote(release: str, reason: str, *, force: bool, check: bool, as_json: bool, **given: Any) -> None:
    """Let RELEASE serve, where nowhere it is worse than the current release.

    They are compared on the decisions of moderators that it has not learned from, and on --data.
    Exit status 2 says that it was refused.
    """
    if force and not reason.strip():
        raise click.UsageError("--force needs a --reason, which is kept.")
    shelf = opened_shelf()
    former = _former(shelf, release)
    compared = _compare(shelf, release, given["data"], given["report"], force=force)
    promotes = (compared.passed or force) and not check
    if promotes:
        _promote(shelf, release, former, reason, compared)
        compared.lines.append(f"{release} serves in place of {former}; running services take it within 5 seconds.")
    told = compared.figures | {"promoted": promotes}
    click.echo(json.dumps(told) if as_json else "\n".join(map(visible, compared.lines)))
    if not (compared.passed or promotes):
        raise SystemExit(_REFUSED)


def _former(shelf: "Shelf", release: str) -> str:
    """What serves now, where RELEASE is another one that is here."""
    former = shelf.current()
    if release not in shelf.names():
        raise click.ClickException(f"{release} is not among the releases in {shelf.models}.")
    if release == former:
        raise click.ClickException(f"{release} serves already.")
    return former


def _compare(shelf: "Shelf", release: str, data: tuple[Path, ...], report: Path | None, *, force: bool) -> Compared:
    from training import commands, promote
    from training.datasets import DataError

    page = report or shelf.models / "reports" / f"{release}.html"
    with learning() as say:
        try:
            verdict = commands.judge_release(release, shelf.models, data, _decided(), say=say)
            say("drawing the report")
            commands.save_gate_report(page, verdict)
        except DataError as error:
            if not force:
                raise
            return Compared(False, {"verdict": f"not compared: {error}"}, [f"Not compared: {error}"])
    told = verdict.as_dict() | {"report": str(page)}
    return Compared(not verdict.faults, told, [*promote.describe(verdict), f"Its report: {page}"])


def _promote(shelf: "Shelf", release: str, former: str, reason: str, compared: Compared) -> None:
    from moderation.shelf import Change, Entry

    change = Change.PROMOTE if compared.passed else Change.FORCE
    shelf.promote(Entry(datetime.now(UTC), change, release, former, who(), reason.strip(), compared.figures))


def _decided() -> "Dataset":
    """What moderators decided, the newest first; nothing where no database is there yet."""
    from training.promote import decided

    with opened_moderator() as moderator:
        return decided(moderator.adaptation.lessons(), _MOST_DECISIONS)


@contextmanager
def learning() -> Iterator[Callable[[str], None]]:
    """Tells each step on stderr: on a terminal one after another in a line with the time, else a line each."""
    from tqdm import tqdm

    from training.datasets import DataError
    from training.train import TrainingError
    from training.workers import ClusterError

    with tqdm(bar_format="{desc} ({elapsed})", disable=None, leave=False) as progress:

        def say(step: str) -> None:
            if progress.disable:
                click.echo(step, err=True)
            else:
                progress.set_description_str(step)

        try:
            yield say
        except KeyboardInterrupt:
            raise click.ClickException("Stopped. A training goes on from what is done, by the same command.") from None
        except (ClusterError, DataError, TrainingError) as error:
            raise click.ClickException(visible(str(error))) from None
