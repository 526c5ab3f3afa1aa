"""What the commands ``train`` and ``evaluate`` do, and their answers as lines of text. It prints nothing itself."""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from moderation import release
from moderation.release import ReleaseError
from training import datasets, evaluate, promote, refine, work
from training.datasets import Dataset
from training.decisions import DECISIONS, Decided, Taught
from training.evaluate import Evaluation
from training.measures import Figures
from training.model_card import sites_counted, write_model_card
from training.promote import Verdict
from training.train import Candidate, train

MODEL_CARD = "MODEL_CARD.md"
WORK = ".work"
"""Beside the releases: what trainings that were stopped go on from."""
_SEED = 1  # of what a comparison draws, so that it says the same again
_COLUMNS = {
    "comments": "comments",
    "promotional": "promotional",
    "auc": "ROC AUC",
    "found_at_1pct": "found at 1 %",
    "held": "held",
    "ham_held": "ordinary held",
    "ham_rejected": "ordinary rejected",
}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A candidate release as it was written. ``read`` counts the comments of each source before any was left out."""

    directory: Path
    manifest: Mapping[str, Any]
    read: Mapping[str, int]
    is_current: bool
    decisions: tuple[str, ...] = ()
    """What was used of the decisions and what was not, in words."""

    def as_dict(self) -> dict[str, Any]:
        """The answer for JSON."""
        return {
            "release": self.manifest["version"],
            "directory": str(self.directory),
            "current": self.is_current,
            "left_out": _left_out(self),
            "decisions": list(self.decisions),
            "data": self.manifest["data"],
            "thresholds": self.manifest["thresholds"],
            "metrics": self.manifest["metrics"],
        }


def train_release(
    paths: Sequence[Path],
    corpus: int,
    models: Path,
    name: str,
    *,
    seed: int,
    jobs: int,
    say: Say,
    taught: Taught | None = None,
) -> Trained:
    """Train on the sources, ``corpus`` written comments a language and decisions, and write ``models/name``.

    Decisions without any source refine the current release. ``models/current`` is written only where there is none.
    What is done is kept in ``models/.work`` until the release is written, so that the same call goes on after a stop.
    Raises DataError, TrainingError and ReleaseError.
    """
    directory = _free_directory(models, name)
    if taught is not None and not paths:
        return _refined(directory, models, taught, seed=seed, corpus=corpus, say=say)
    say("reading the data")
    data = datasets.load(paths, seed, corpus)
    read = data.comments["source"].value_counts().to_dict()
    decided = None
    if taught is not None:
        say("reading the decisions")
        decided = taught.choose(float(len(data.comments)))
        data = decided.beside(data)
    try:
        with work.opened(models / WORK, data, seed) as kept:
            candidate = train(data, name, seed, jobs, say, work=kept)
            say("writing the release")
            return _published(directory, models, candidate, read, decided)
    except OSError as error:
        raise ReleaseError(f"{models / WORK}: can not be written: {error}") from error


def _refined(directory: Path, models: Path, taught: Taught, *, seed: int, corpus: int, say: Say) -> Trained:
    say("reading the decisions")
    release_now = release.load(release.current(models))
    decided = taught.choose(refine.KNOWN)
    anchors = datasets.load([], seed, min(corpus, refine.ANCHORS)) if corpus else decided.data.nothing()
    say("learning a step from the current release")
    return _published(directory, models, refine.refine(release_now, decided, anchors, directory.name), {}, decided)


def _published(
    directory: Path, models: Path, candidate: Candidate, read: Mapping[Any, int], decided: Decided | None
) -> Trained:
    if decided is not None:  # the gate judges a release by later decisions alone
        told = candidate.manifest["data"]
        until = max(decided.until.isoformat(), told.get(DECISIONS, {}).get("until", ""))
        candidate = replace(candidate, manifest={**candidate.manifest, "data": {**told, DECISIONS: {"until": until}}})
    try:
        manifest = _write(directory, candidate)
        is_current = not (models / release.CURRENT).exists()
        if is_current:
            (models / release.CURRENT).write_text(directory.name + "\n", encoding="utf-8")
    except OSError as error:
        raise ReleaseError(f"{error.filename}: can not be written: {error.strerror}.") from error
    counts = {str(source): int(count) for source, count in read.items()}
    return Trained(directory, manifest, counts, is_current, () if decided is None else tuple(decided.described()))


def evaluate_release(name: str, models: Path, paths: Sequence[Path], *, seed: int, say: Say) -> Evaluation:
    """Measure a release, named by its directory or by its version in ``models``. Raises ReleaseError and DataError."""
    loaded = release.load(find_release(name, models))
    say("reading the data")
    return evaluate.evaluate(loaded, datasets.load(paths, seed), seed, say)


def judge_release(name: str, models: Path, paths: Sequence[Path], decided: Dataset, *, say: Say) -> Verdict:
    """Compare a release of ``models`` with the current one, on decisions too. Raises ReleaseError and DataError."""
    candidate, current = release.load(models / name), release.load(release.current(models))
    say("reading the data")
    data = datasets.joined([datasets.load(paths, _SEED), decided] if paths else [decided])
    return promote.judge(candidate, current, data, _SEED, say)


def save_gate_report(path: Path, verdict: Verdict) -> None:
    """Write the page of a candidate. Raises DataError where it can not be written."""
    from training.report import draw_gate_report  # it loads the plotting library, which no other command needs

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(draw_gate_report(verdict), encoding="utf-8")
    except OSError as error:
        raise datasets.DataError(f"The report can not be written: {error}") from error


def find_release(name: str, models: Path) -> Path:
    """The directory of a release. Raises ReleaseError where there is none of that name."""
    for directory in (Path(name), models / name):
        if (directory / release.MANIFEST).is_file():
            return directory
    raise ReleaseError(f"{name}: neither a directory with a {release.MANIFEST} nor a version in {models}.")


def next_version(models: Path, today: date) -> str:
    """The first version of today that is not taken: YYYY-MM-DD.N."""
    taken = {path.name for path in models.iterdir()} if models.is_dir() else set()
    return next(version for n in range(1, len(taken) + 2) if (version := f"{today:%Y-%m-%d}.{n}") not in taken)


def _free_directory(models: Path, name: str) -> Path:
    if not release.is_name(name):
        raise ReleaseError(f"The name of a release is of letters, digits, '.', '-' and '_', not {name!r}.")
    directory = models / name
    if directory.exists():
        raise ReleaseError(f"{directory}: is there already; choose another name with --name.")
    return directory


def _write(directory: Path, candidate: Candidate) -> dict[str, Any]:
    """Write a release beside its place and move it there whole; returns the manifest as written."""
    draft = directory.with_name(f".{directory.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    release.write(draft, candidate.parameters, candidate.manifest)
    manifest: dict[str, Any] = json.loads((draft / release.MANIFEST).read_text(encoding="utf-8"))
    (draft / MODEL_CARD).write_text(write_model_card(manifest), encoding="utf-8")
    draft.rename(directory)
    return manifest


def _left_out(trained: Trained) -> dict[str, int]:
    kept = trained.manifest["data"]["sources"]
    left_out = {source: count - kept.get(source, {"comments": 0})["comments"] for source, count in trained.read.items()}
    return {source: count for source, count in sorted(left_out.items()) if count}


def describe_trained(trained: Trained) -> list[str]:
    """What was made, as lines for a terminal."""
    manifest = trained.manifest
    metrics, thresholds = manifest["metrics"], manifest["thresholds"]
    sites = {name: Figures(**figures) for name, figures in metrics["sites"].items()}
    lines = [*_table(sites), "", f"Macro mean over {sites_counted(manifest)}: {_means(metrics['macro'])}", ""]
    for action in ("hold", "reject"):
        rate = thresholds["rates"][action]
        lines.append(
            f"{action} from {thresholds[action]:.4f}: stated {rate['stated']:.2%} of ordinary comments;"
            f" {rate['measured']:.3%} of all together, at most {rate['bound_95']:.3%} with 95 % confidence"
        )
    lines += [f"{source}: {count:,} comments left out as near-duplicates or beyond the most of one site and label"
              for source, count in _left_out(trained).items()]  # fmt: skip
    lines += trained.decisions
    now = "It is the current release." if trained.is_current else "The current release stays as it was."
    return [*lines, "", f"Written: {trained.directory}. {now}"]


def describe_evaluation(evaluation: Evaluation) -> list[str]:
    """What was measured, as lines for a terminal."""
    lines = [*_table({**evaluation.groups["site"], "all together": evaluation.overall}), ""]
    lines.append(f"Macro mean over sites: {_means(evaluation.macro)}")
    if evaluation.by_raw_label != evaluation.overall:
        lines.append(f"All together by the labels before corrections: {_means(evaluation.by_raw_label.as_dict())}")
    for action, promise in evaluation.promises.items():
        lines.append(
            f"Ordinary comments at {action}: {promise.measured:.3%} (mean of sites {promise.sites_mean:.3%}), stated"
            f" {promise.stated:.2%}; within a third and three times on {promise.kept} of {promise.sites} large sites"
        )
    lines += [f"Own against other article, {site}: ROC AUC {auc:.3f}" for site, auc in evaluation.relevance.items()]
    lines += _attack_lines(evaluation)
    if evaluation.trained_on:
        lines.append(f"The release was trained on sources of this name too: {', '.join(evaluation.trained_on)}.")
    if evaluation.left_out:
        lines.append(f"{evaluation.left_out:,} near-duplicates were left out.")
    return lines


def _attack_lines(evaluation: Evaluation) -> Iterable[str]:
    shares = {name: survival.share for name, survival in evaluation.attacks.items()}
    known = sorted((share, name) for name, share in shares.items() if share is not None)
    return [f"Still caught after {name}: {share:.1%}" for share, name in known]


def _table(groups: Mapping[str, Figures]) -> list[str]:
    rows = {name: [_cell(getattr(figures, column)) for column in _COLUMNS] for name, figures in groups.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(_COLUMNS.values())).to_string().splitlines()


def _cell(value: float | int | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def _means(means: Mapping[str, float | int | None]) -> str:
    known = ((name, means.get(name)) for name in _COLUMNS if name not in ("comments", "promotional"))
    return ", ".join(f"{_COLUMNS[name]} {value:.4f}" for name, value in known if value is not None)


def save_report(path: Path, evaluation: Evaluation, curve: Path | None) -> None:
    """Write the HTML report. Raises DataError where the curve can not be read or the page not be written."""
    from training.report import draw_report  # it loads the plotting library, which no other command needs

    try:
        told = json.loads(curve.read_text(encoding="utf-8")) if curve else None
        path.write_text(draw_report(evaluation, told), encoding="utf-8")
    except (OSError, ValueError, KeyError) as error:
        raise datasets.DataError(f"The report can not be made: {error}") from error
