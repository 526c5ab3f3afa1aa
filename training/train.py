"""Trains a candidate release from labelled comments: cleaned, split by site, fitted, calibrated, measured.

The same data and seed give the same release, byte for byte.
"""

import hashlib
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from moderation.comment import Author, Comment, Pair
from moderation.detection.classifier import Parameters, calibrated, probabilities
from moderation.detection.features import FeatureReader, Tables
from moderation.detection.signals import Signal
from moderation.detection.wording import Wording
from training import fit, measures
from training.datasets import WRITTEN, Dataset
from training.drift import drift_reference
from training.duplicates import group_duplicates
from training.padding import with_padded
from training.tables import make_tables
from training.topics import fit_off_topic

HOLD_RATE, REJECT_RATE = 0.01, 0.0002
_MOST_PER_SITE = 6_000  # comments of one label
_FEW_HAM = 50  # ordinary comments that a site needs to have a say in the thresholds
GAPS = 0.5
_GAP_SHARE = 0.3  # of a comment's weight, for its copy with gaps
_CERTAIN = 0.98  # a probability at which a label that says otherwise is taken for a slip
_PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "confusable-homoglyphs", "publicsuffixlist")

Say = Callable[[str], None]


class TrainingError(Exception):
    """Data that can not make a release; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained detector and everything its manifest says of it but checksums."""

    parameters: Parameters
    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """Held-out, calibrated scores of the training comments, with what was learned from them.

    ``doubted``: real comments that a detector which never saw their site is certain about, against their label.
    """

    scores: NDArray[np.float64]
    calibration: NDArray[np.float64]
    hold: float
    reject: float
    doubted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Comments that were read, padded copies behind them, with the columns by which detectors are weighed.

    ``comments`` are their table; ``columns`` hold wording by weights that were fitted without the comment's fold.
    """

    comments: pd.DataFrame
    tables: Tables
    rows: fit.Rows
    columns: NDArray[np.float64]
    gaps: "Gaps"
    topic_figures: dict[str, float]


def prepare(data: Dataset, seed: int, jobs: int, say: Say) -> Prepared:
    """Read all comments of ``data`` and weigh the wording of each fold of sites by the others."""
    say(f"reading {len(data.comments):,} comments")
    tables = make_tables(data, seed)
    off_topic, topic_figures = fit_off_topic(data, tables, seed)
    tables = replace(tables, off_topic=off_topic)
    data = with_padded(data, seed)
    comments, pairs = data.comments, data.pairs()
    rows = fit.read_rows(comments, pairs, tables, fit.group_folds(comments))
    gaps = read_gaps(pairs, tables, seed)
    say(f"fitting on {len(np.unique(rows.fold))} folds of sites")
    wording = fit.held_out_wording(rows, seed, jobs)
    return Prepared(comments, tables, rows, np.hstack([rows.columns, wording]), gaps, topic_figures)


def train(data: Dataset, name: str, seed: int, jobs: int, say: Say) -> Candidate:
    """Train on all of ``data``. ``say`` is told each step as it begins. Raises TrainingError."""
    say("removing near-duplicates")
    data = thinned(data, seed)
    comments = data.comments
    check_labels(comments)
    read = prepare(data, seed, jobs, say)
    judged = judge(read)
    sure = ~judged.doubted
    say(f"fitting on everything but {(~sure).sum():,} comments whose label all other sites contradict")
    wording = fit.fit_wording(read.rows, sure, seed)
    weights, base = weigh_columns(read, sure)
    usual = usual_columns(read.columns[~read.rows.promotional])
    base += float(usual @ weights)
    parameters = Parameters(read.tables, wording, weights, usual, base, judged.calibration)
    return Candidate(parameters, _manifest(name, seed, comments, read, judged))


def usual_columns(ham: NDArray[np.float64]) -> NDArray[np.float64]:
    """What ordinary comments have of the signals that every comment has; 0 for all others, which are news if seen."""
    usual = np.zeros(ham.shape[1])
    always = [Signal.LENGTH, Signal.CAPITALS]
    usual[always] = ham[:, always].mean(0)
    return usual


def check_labels(comments: pd.DataFrame) -> None:
    """Raise TrainingError where there is not enough to learn from."""
    counts = comments["label"].value_counts()
    for label in ("ham", "promotional"):
        if counts.get(label, 0) < 20:
            raise TrainingError(f"{counts.get(label, 0)} comments are labelled {label!r}; at least 20 are needed.")
    if (comments["source"] + comments["site"]).nunique() < 2:
        raise TrainingError("All comments are of one site; add another site's, or the written corpus (--corpus).")


def thinned(data: Dataset, seed: int) -> Dataset:
    """One comment of each group of near-duplicates, and a bounded number a site and label."""
    comments = data.comments
    written = comments["source"].isin(WRITTEN)
    group = np.full(len(comments), -1)
    group[~written] = group_duplicates(comments.loc[~written, "body"].tolist())
    kept = written | ~comments.assign(group=group).duplicated(["group", "label"])
    draw = pd.Series(np.random.default_rng(seed).random(len(comments)))
    rank = draw[kept].groupby([comments.loc[kept, name] for name in ("source", "site", "label")]).rank()
    return data.select(kept & (rank.reindex(comments.index) <= _MOST_PER_SITE))


@dataclass(frozen=True, slots=True)
class Gaps:
    """Some training comments once more, without their article, their author or both, as many sites send them."""

    of: NDArray[np.intp]
    """The row that each is a copy of."""
    columns: NDArray[np.float64]
    has_author: NDArray[np.bool_]


def read_gaps(pairs: Sequence[Pair], tables: Tables, seed: int) -> Gaps:
    """Draw the share GAPS of the comments and read them again with less around them."""
    random = np.random.default_rng(seed)
    of = np.flatnonzero(random.random(len(pairs)) < GAPS)
    missing = random.integers(0, 3, len(of))  # the article, the author, both
    cut: list[Pair] = []
    for row, what in zip(of.tolist(), missing.tolist(), strict=True):
        comment, article = pairs[row]
        author = comment.author if what == 0 else Author()
        cut.append(
            (Comment(comment.body, created_at=comment.created_at, author=author), article if what == 1 else None)
        )
    reader = FeatureReader(tables)
    batches = [reader.read(cut[begin : begin + fit.BATCH]) for begin in range(0, len(cut), fit.BATCH)]
    parts = [reader.columns(batch) for batch in batches]
    return Gaps(of, np.concatenate(parts), missing == 0)


def with_gaps(
    columns: NDArray[np.float64], gaps: Gaps, chosen: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The columns of the chosen rows and of their copies with gaps, and the row that each is of."""
    here = chosen[gaps.of]
    wording = columns[gaps.of[here], -len(Wording) :].copy()
    wording[np.ix_(~gaps.has_author[here], np.array([Wording.NAME, Wording.URL], np.intp))] = 0
    rows = np.flatnonzero(chosen)
    return np.vstack([columns[rows], np.hstack([gaps.columns[here], wording])]), np.concatenate([rows, gaps.of[here]])


def weigh_columns(
    read: Prepared, chosen: NDArray[np.bool_], kept: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], float]:
    """The weights of all columns, or of those that are ``kept``, by the chosen rows, and the base."""
    known, of = with_gaps(read.columns, read.gaps, chosen)
    weight = (read.rows.weight * read.rows.share)[of]
    weight[int(chosen.sum()) :] *= _GAP_SHARE
    kinds = read.tables.kinds
    learned = fit.learned_columns(kinds) & (True if kept is None else kept)
    return fit.fit_columns(known, read.rows.promotional[of], weight, learned, fit.sides(len(kinds)))


def held_out_logits(read: Prepared, kept: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Each comment's logit by weights that were fitted on the other folds; shape (comments,)."""
    logits = np.zeros(len(read.columns))
    for fold in np.unique(read.rows.fold):
        there = read.rows.fold != fold
        weights, base = weigh_columns(read, there, kept)
        logits[~there] = read.columns[~there] @ weights + base
    return logits


def judge(read: Prepared) -> Judged:
    """Score every fold by weights that were fitted on the others; calibrate and choose thresholds on that."""
    logits, rows, comments = held_out_logits(read), read.rows, read.comments
    real = rows.real
    calibration = calibrate(logits[real], rows.promotional[real], fit.site_weights(comments[real]))
    scores = probabilities(calibrated(logits, calibration))
    ham = real & ~rows.promotional
    site = (comments["source"] + "/" + comments["site"]).to_numpy(object)
    hold = threshold(scores[ham], site[ham], HOLD_RATE)
    reject = threshold(scores[ham], np.full(ham.sum(), "all", object), REJECT_RATE)
    doubted = real & np.where(rows.promotional, scores < 1 - _CERTAIN, scores > _CERTAIN)
    return Judged(scores, calibration, hold, max(reject, hold), doubted)


def calibrate(
    logits: NDArray[np.float64], promotional: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Two points of the line from logits to calibrated ones, at even odds of the labels (Platt 1999)."""
    model = LogisticRegression(C=1e6).fit(logits[:, None], promotional, sample_weight=weight)
    ends = np.array([-10.0, 10.0])
    return np.stack([ends, ends * model.coef_[0, 0] + model.intercept_[0]])


def threshold(ham: NDArray[np.float64], site: NDArray[np.object_], rate: float) -> float:
    """The score that the share ``rate`` of ordinary comments reaches, as the mean over sites with enough of them."""
    table = pd.DataFrame({"score": ham, "site": site})
    size = table.groupby("site")["score"].transform("size")
    table["weight"] = np.where(size >= min(_FEW_HAM, int(size.max())), 1 / size, 0)
    table = table.sort_values("score", ascending=False, kind="stable")
    reached = table["weight"].cumsum() / table["weight"].sum()
    above = table["score"][reached > rate]
    return round(float(np.nextafter(above.iloc[0], 2) + 1e-6), 6)


def _manifest(name: str, seed: int, comments: pd.DataFrame, read: Prepared, judged: Judged) -> dict[str, Any]:
    own = slice(len(comments))  # without padded copies
    scores, promotional, real = judged.scores[own], read.rows.promotional[own], read.rows.real[own]
    plain = real & ~promotional
    site = comments["source"] + "/" + comments["site"]
    figures = measures.by_group(site, promotional, scores, judged.hold, judged.reject)
    sure = ~judged.doubted[own]
    cleaned = measures.by_group(site[sure], promotional[sure], scores[sure], judged.hold, judged.reject)
    told = set(site[real])
    doubted_by_site = pd.Series(judged.doubted[own]).groupby(site.to_numpy(object)).sum()
    return {
        "version": name,
        "seed": seed,
        "made_with": {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}},
        "data": {
            "sha256": fingerprint(comments),
            "sources": {
                str(source): {"comments": len(rows), "promotional": int((rows["label"] == "promotional").sum())}
                for source, rows in comments.groupby("source", sort=True)
            },
        },
        "thresholds": {
            "hold": judged.hold,
            "reject": judged.reject,
            "rates": {
                "hold": _rate(scores[plain], judged.hold, HOLD_RATE),
                "reject": _rate(scores[plain], judged.reject, REJECT_RATE),
            },
        },
        "drift": drift_reference(comments["body"][plain], scores[plain], read.tables, judged.hold),
        "metrics": {
            "note": "each site scored by a detector that was fitted without it",
            "sites": {name: figure.as_dict() for name, figure in figures.items()},
            "macro": measures.macro(figure for name, figure in figures.items() if name in told),
            "macro_without_doubted_labels": measures.macro(fig for name, fig in cleaned.items() if name in told),
            "doubted_labels": {str(name): int(count) for name, count in doubted_by_site.items() if count},
            "off_topic_auc": read.topic_figures,
        },
    }


def _rate(ham: NDArray[np.float64], limit: float, stated: float) -> dict[str, float]:
    """The stated rate, what it was on all ordinary comments together, and its one-sided 95 % bound."""
    hits = int((ham >= limit).sum())
    bound = measures.upper_bound(hits, len(ham))
    return {"stated": stated, "measured": round(hits / max(len(ham), 1), 6), "bound_95": round(bound, 6)}


def fingerprint(comments: pd.DataFrame) -> str:
    """A checksum of the comments that were trained on, with their labels."""
    digest = hashlib.sha256()
    for column in ("source", "site", "article_id", "label", "body", "author_name", "author_url"):
        for text in comments[column]:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
