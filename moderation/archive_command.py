"""``moderation archive``: comments of years, scored on many cores or a cluster."""

import json
import os
from pathlib import Path

import click

from moderation import settings as every_setting
from moderation.terminal import as_json, visible

dask_option = click.option(
    "--dask", metavar="ADDRESS", help="Work on the Dask cluster whose scheduler is at this address."
)


@click.group()
def archive() -> None:
    """Comments of years, as Parquet files."""


@archive.command("score")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path, file_okay=False))
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes on this machine; default: one a core.")
@dask_option
@as_json
def score(source: Path, target: Path, jobs: int | None, dask: str | None, as_json: bool) -> None:
    """Score the Parquet file or folder IN into Parquet files in the folder OUT, a row for a row, in order.

    A run that was stopped goes on where it stopped. A row that is not valid says so in the column `error`, and gives
    exit status 1 at the end.
    """
    from tqdm import tqdm

    from training.workers import EXTRA, ClusterError, side_by_side

    try:
        from training import archive
        from training.parquet_rows import ArchiveError
    except ImportError as error:
        raise click.ClickException(f"Parquet files need {error.name}, which is not installed: {EXTRA}") from None

    settings = every_setting.load()
    with tqdm(unit=" comments", disable=None) as progress:

        def told(done: int, total: int) -> None:
            if progress.total is None:
                progress.total, progress.initial, progress.n = total, done, done
            progress.update(done - progress.n)

        try:
            with side_by_side(jobs or os.cpu_count() or 1, dask):
                scored = archive.score_archive(
                    source, target, settings.models, max_bytes=settings.max_body_bytes, told=told
                )
        except (ArchiveError, ClusterError) as error:
            raise click.ClickException(visible(str(error))) from None
        except KeyboardInterrupt:
            raise click.ClickException("Stopped. The same command goes on from what is done.") from None
    shown = [f"{scored.rows:,} rows in {scored.directory}, {scored.errors:,} of them errors.", *scored.unread]
    click.echo(json.dumps(scored.as_dict()) if as_json else "\n".join(map(visible, shown)))
    if scored.errors or scored.unread:
        raise SystemExit(1)
