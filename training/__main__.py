"""``python -m training``: studies of the detector that no operator needs: what its parts are worth, how it learns."""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from tqdm import tqdm

from training import ablation, adapting, datasets, poisoning
from training.datasets import DataError
from training.learning import learning_curve
from training.train import TrainingError

_SHOWN = {"auc": "ROC AUC", "found_at_1pct": "found at 1 %"}


class _Studies(click.Group):
    """A group that gives each foreseen error as one line, with exit status 1."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except (DataError, TrainingError) as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Studies)
def main() -> None:
    """Studies of the detector. Each trains many times and takes long."""


def _data_options(command: Callable[..., None], corpus: int = 3_000) -> Callable[..., None]:
    options = [
        click.option("--data", multiple=True, type=click.Path(path_type=Path), help="A folder or CSV file."),
        click.option(
            "--corpus", type=click.IntRange(0), default=corpus, show_default=True, help="Written, a language."
        ),
        click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True),
        click.option("--jobs", type=click.IntRange(1), default=2, show_default=True),
        click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


_by_site_option = click.option(
    "--by-site", multiple=True, default=["blogs"], show_default=True, help="A source whose sites are left out."
)


@main.command()
@_data_options
@click.option("--what", type=click.Choice(["signals", "sources", "all"]), default="all", show_default=True)
def ablate(*, data: tuple[Path, ...], corpus: int, seed: int, jobs: int, file: Path | None, what: str) -> None:
    """Show what each group of signals, each source and the written corpus is worth on sites not trained on."""
    loaded = datasets.load(data, seed, corpus)
    told: dict[str, list[ablation.Worth]] = {}
    with tqdm(bar_format="{desc} ({elapsed})", disable=None, leave=False) as progress:
        if what != "sources":
            told["signals"] = list(ablation.ablate_signals(loaded, seed, jobs, progress.set_description_str))
        if what != "signals":
            told["sources"] = list(ablation.ablate_sources(loaded, seed, jobs, progress.set_description_str))
    for title, parts in told.items():
        click.echo(f"{title}: means over unseen real sites, with everything and without the part\n{_table(parts)}\n")
    if file:
        rows = {
            title: [
                {"part": p.part, "sites": p.sites, "with": dict(p.with_it), "without": dict(p.without)} for p in parts
            ]
            for title, parts in told.items()
        }
        file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _table(parts: list[ablation.Worth]) -> str:
    rows = {}
    for part in parts:
        row: dict[str, float] = {"sites": part.sites}
        for key, name in _SHOWN.items():
            with_it, without = part.with_it.get(key, float("nan")), part.without.get(key, float("nan"))
            row |= {name: with_it, f"{name}, without": without, f"{name}, worth": with_it - without}
        rows[part.part] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.to_string(formatters={"sites": "{:.0f}".format}, float_format="{:.4f}".format, na_rep="-")


@main.command()
@_data_options
@_by_site_option
@click.option("--decisions", multiple=True, type=click.IntRange(0), default=[0, 25, 100], show_default=True)
def curve(
    *,
    data: tuple[Path, ...],
    corpus: int,
    seed: int,
    jobs: int,
    file: Path | None,
    by_site: tuple[str, ...],
    decisions: tuple[int, ...],
) -> None:
    """Show what is found on a site before and after some of its own decisions are trained on."""
    loaded = datasets.load(data, seed, corpus)
    with tqdm(unit=" trainings", disable=None, leave=False) as progress:
        told = learning_curve(loaded, by_site, decisions, seed=seed, jobs=jobs, done=progress.update)
    for name, points in {**told["sites"], "mean of sites": told["mean"]}.items():
        shown = ", ".join(f"{point['decisions']}: {_share(point['found_at_1pct'])}" for point in points)
        click.echo(f"{name}: found at 1 % false positives after decisions {shown}")
    if file:
        file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


@main.command()
@partial(_data_options, corpus=600)
@_by_site_option
@click.option("--only", multiple=True, metavar="SOURCE/SITE", help="Such a site; default: all.")
@click.option("--decisions", multiple=True, type=click.IntRange(0), default=[0, 10, 30, 100, 300], show_default=True)
def adapt(
    *,
    data: tuple[Path, ...],
    corpus: int,
    seed: int,
    jobs: int,
    file: Path | None,
    by_site: tuple[str, ...],
    only: tuple[str, ...],
    decisions: tuple[int, ...],
) -> None:
    """Show what is found on an unseen site after some of its decisions, by the order in which they are taken."""
    loaded = datasets.load(data, seed, corpus)
    with tqdm(bar_format="{desc} ({elapsed})", disable=None, leave=False) as progress:
        told = adapting.adapt(loaded, by_site, only, decisions, seed=seed, jobs=jobs, say=progress.set_description_str)
    mean = {name: np.mean([of[name] for of in told.values()], axis=0) for name in next(iter(told.values()))}
    click.echo(f"Found at 1 % false positives after so many decisions, mean of {', '.join(told)}")
    table = pd.DataFrame.from_dict(mean, orient="index", columns=list(decisions))
    click.echo(table.to_string(float_format="{:.4f}".format))
    if file:
        file.write_text(json.dumps({"decisions": decisions, "sites": told}, indent=1) + "\n", encoding="utf-8")


@main.command()
@partial(_data_options, corpus=600)
@click.option("--share", type=click.FloatRange(0, 0.5), default=0.05, show_default=True, help="Of labels, flipped.")
@click.option("--most", type=click.IntRange(1), default=2_000, show_default=True, help="Comments of a site and label.")
def poison(
    *, data: tuple[Path, ...], corpus: int, seed: int, jobs: int, file: Path | None, share: float, most: int
) -> None:
    """Show what flipped labels cost on sites not trained on: at random, of whole campaigns, by one moderator."""
    loaded = datasets.load(data, seed, corpus)
    with tqdm(bar_format="{desc} ({elapsed})", disable=None, leave=False) as progress:
        told = list(poisoning.poison(loaded, share, most, seed=seed, jobs=jobs, say=progress.set_description_str))
    rows = {
        one.what: {
            "flipped": one.flipped,
            "left out by training": one.doubted,
            "found at 1 %": one.mean,
            "cost": told[0].mean - one.mean,
            "standard error": _error([told[0].found[name] - found for name, found in one.found.items()]),
        }
        for one in told
    }
    click.echo(f"Labels flipped; means over {len(told[0].found)} sites, each left out of training")
    click.echo(pd.DataFrame.from_dict(rows, orient="index").to_string(float_format="{:.4f}".format))
    if file:
        file.write_text(json.dumps([asdict(one) for one in told], indent=1) + "\n", encoding="utf-8")


def _error(differences: list[float]) -> float:
    """The standard error of a mean over sites."""
    return float(np.std(differences, ddof=1) / np.sqrt(len(differences))) if len(differences) > 1 else float("nan")


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.4f}"


if __name__ == "__main__":
    main(prog_name="python -m training")
