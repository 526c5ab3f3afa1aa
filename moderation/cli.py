"""The command line: what an operator types, and the answers in words or in JSON.

Each command imports what it needs when it runs, so that none waits for the parts of another.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from moderation import settings as every_setting
from moderation.adapt_commands import adapt, half_life_option
from moderation.archive_command import archive, dask_option
from moderation.promote_command import learning, promote
from moderation.release_commands import releases, rollback
from moderation.shadow_commands import shadow
from moderation.site_commands import site
from moderation.terminal import as_json, days, opened_moderator, visible
from moderation.user_commands import user

if TYPE_CHECKING:
    from moderation.lines import Stream


class Commands(click.Group):
    """A group that gives each foreseen error as one line, with exit status 1."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        from moderation.release import ReleaseError
        from moderation.storage.errors import StoreError

        try:
            return super().invoke(context)
        except (every_setting.SettingsError, ReleaseError, StoreError) as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="comment-moderation", message="%(version)s")
def main() -> None:
    """Find promotional and off-topic comments, with reasons.

    Settings are MODERATION_* variables, or a moderation.toml in this directory.
    """


@main.command()
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that answer.")
def serve(**given: Any) -> None:
    """Run the service until it is stopped."""
    from moderation import server

    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        server.serve(replace(every_setting.load(), **chosen), click.echo)
    except server.AddressError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.option(
    "--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="Events on their way at once."
)
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
def deliver(threads: int, once: bool) -> None:
    """Send events and fetch articles until this is stopped.

    Any number of these may run beside each other and beside `serve`.
    """
    import signal

    from moderation import background, release

    settings = every_setting.load()
    work = background.prepare(settings, release.load(release.current(settings.models)), threads)
    if once:
        work.work_off()
        return
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: work.ask_to_stop())
    work.start()
    click.echo("Delivering; a signal stops this once what is under way has ended.")
    work.join()


@main.command()
@click.argument("source", metavar="[IN]", default="-")
@click.argument("target", metavar="[OUT]", default="-")
def score(source: str, target: str) -> None:
    """Score JSON lines from IN into OUT, in their order; - is the standard stream.

    A line that is not valid gives its number and what is wrong in its place, and exit status 1 at the end.
    """
    from tqdm import tqdm

    from moderation import lines, release
    from moderation.moderator import Moderator

    settings = every_setting.load()
    moderator = Moderator(release.load(release.current(settings.models)), None)
    release.settle()
    faulty = 0
    with _streams(source, target) as (read, write), tqdm(unit=" comments", disable=None) as progress:
        for outcomes in lines.score_lines(moderator, read, settings.max_body_bytes):
            text = b"".join(outcome.data + b"\n" for outcome in outcomes)
            write.write(_for_terminal(text) if write.isatty() else text)
            write.flush()
            faulty += sum(not outcome.scored for outcome in outcomes)
            progress.update(len(outcomes))
    if faulty:
        raise SystemExit(1)


data_option = click.option(
    "--data",
    "data",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of comments.jsonl.gz and articles.jsonl.gz, or a CSV file; several times for several.",
)


@main.command()
@data_option
@click.option(
    "--corpus",
    type=click.IntRange(0, 100_000),
    default=3_000,
    show_default=True,
    help="Comments of the project's own written corpus, a language.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="The directory of releases; default: the setting `models`."
)
@click.option("--decisions", is_flag=True, help="Learn from what moderators decided; without --data, a small step.")
@half_life_option
@click.option("--name", help="The release's version; default: YYYY-MM-DD.N, the next free one.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option("--jobs", type=click.IntRange(1, 256), help="Threads on this machine; default: one a core.")
@dask_option
@as_json
def train(
    *,
    data: tuple[Path, ...],
    corpus: int,
    out: Path | None,
    decisions: bool,
    half_life: timedelta | None,
    name: str | None,
    seed: int,
    jobs: int | None,
    dask: str | None,
    as_json: bool,
) -> None:
    """Train a candidate release; without --data, on the written corpus or, with --decisions, a step.

    A training that was stopped goes on where it stopped, by the same command.
    """
    import os
    from datetime import UTC, datetime

    from training import commands
    from training.decisions import Taught
    from training.workers import side_by_side

    models = out or every_setting.load().models
    version = name or commands.next_version(models, datetime.now(UTC).date())
    cores = jobs or os.cpu_count() or 1
    with learning() as say, ExitStack() as stack:
        taught = None
        if decisions:
            moderator = stack.enter_context(opened_moderator())
            taught = Taught(moderator.adaptation.lessons(), datetime.now(UTC), half_life)
        stack.enter_context(side_by_side(cores, dask))
        trained = commands.train_release(data, corpus, models, version, seed=seed, jobs=cores, say=say, taught=taught)
    _show(trained.as_dict() if as_json else commands.describe_trained(trained))


@main.command()
@click.argument("release")
@data_option
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write one HTML page with plots here.")
@click.option(
    "--curve",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A learning curve for the report, from python -m training curve --json.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@as_json
def evaluate(
    *, release: str, data: tuple[Path, ...], report: Path | None, curve: Path | None, seed: int, as_json: bool
) -> None:
    """Measure RELEASE, a directory or a version, on labelled comments."""
    from training import commands

    with learning() as say:
        evaluation = commands.evaluate_release(release, every_setting.load().models, data, seed=seed, say=say)
        if report:
            say("drawing the report")
            commands.save_report(report, evaluation, curve)
    _show(evaluation.as_dict() if as_json else commands.describe_evaluation(evaluation))


for command in (archive, site, user, adapt, promote, rollback, releases, shadow):
    main.add_command(command)


@main.command()
@click.option("--older-than", required=True, callback=days, help="Comments received so many days ago, such as 180d.")
@as_json
def purge(older_than: timedelta, as_json: bool) -> None:
    """Remove what readers wrote and who they were from old comments; labels, scores and counts stay."""
    from tqdm import tqdm

    with opened_moderator() as moderator:
        total = moderator.reports.purgeable(older_than)
        with tqdm(total=total, unit=" comments", disable=None) as progress:
            purged = moderator.reports.purge(older_than, progress.update)
    click.echo(json.dumps({"purged": purged}) if as_json else f"{purged} comments purged.")


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@as_json
def upgrade(as_json: bool) -> None:
    """Bring the database up to what this program needs."""
    from moderation.storage.database import Database

    revision = Database.upgrade(every_setting.load().database_url)
    click.echo(json.dumps({"revision": revision}) if as_json else f"The database is at revision {revision}.")


def _show(told: dict[str, Any] | list[str]) -> None:
    click.echo(json.dumps(told) if isinstance(told, dict) else "\n".join(map(visible, told)))


@contextmanager
def _streams(source: str, target: str) -> Iterator[tuple["Stream", BinaryIO]]:
    """The two files, the standard streams among them. Raises ClickException where one cannot be opened."""
    if "-" not in (source, target) and Path(target).exists() and Path(source).resolve() == Path(target).resolve():
        raise click.ClickException("IN and OUT are the same file")
    with ExitStack() as stack:
        try:
            read = cast("Stream", sys.stdin.buffer) if source == "-" else stack.enter_context(Path(source).open("rb"))
            write = sys.stdout.buffer if target == "-" else stack.enter_context(Path(target).open("wb"))
        except OSError as error:
            raise click.ClickException(f"{error.filename}: {error.strerror}") from None
        yield read, write


def _for_terminal(text: bytes) -> bytes:
    """JSON lines that say the same without steering a terminal."""
    return b"\n".join(visible(line).encode() for line in text.decode().split("\n"))
