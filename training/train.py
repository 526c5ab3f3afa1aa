"""Trains a candidate release from labelled comments: cleaned, split by site, fitted, calibrated, measured.

The same data and seed give the same release, byte for byte.
"""

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from moderation.detection.classifier import Parameters, calibrated, probabilities
from moderation.detection.features import Tables
from moderation.detection.signals import Signal
from moderation.detection.wording import Wording
from training import fit, measures
from training.blocks import (
    TABLES,
    Rows,
    Say,
    block_columns,
    dealt,
    read_blocks,
    read_weights,
    spans,
    weighed_part,
    word_blocks,
)
from training.datasets import WRITTEN, Dataset
from training.drift import drift_reference
from training.duplicates import group_duplicates
from training.padding import with_padded
from training.tables import make_tables
from training.topics import fit_off_topic
from training.work import Work, passing

HOLD_RATE, REJECT_RATE = 0.01, 0.0002
_MOST_PER_SITE = 6_000  # comments of one label
_FEW_HAM = 50  # ordinary comments that a site needs to have a say in the thresholds
_MOST_WEIGHED = 200_000  # comments for some hundred columns
_GAP_SHARE = 0.3  # of a comment's weight, for its copy with gaps
_CERTAIN = 0.98  # a probability at which a label that says otherwise is taken for a slip
_PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "confusable-homoglyphs", "publicsuffixlist")


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
class Copies:
    """Some comments once more, without their article, their author or both, as many sites send them."""

    of: NDArray[np.intp]
    """The row of the weighed comments that each is a copy of."""
    columns: NDArray[np.float64]
    has_author: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Comments that were read, padded copies behind them, with the columns by which detectors are weighed.

    ``columns``, of those that are weighed, hold wording by weights that were fitted without the comment's fold.
    """

    data: Dataset
    tables: Tables
    topic_figures: dict[str, float]
    rows: Rows
    work: Work
    weights: Sequence[str]
    """Of each fold's wording, as they are kept."""
    weighed: NDArray[np.intp]
    """The comments by which columns are weighed: all, or so many that more would tell nothing new."""
    columns: NDArray[np.float64]
    copies: Copies

    @property
    def comments(self) -> pd.DataFrame:
        """The table of comments."""
        return self.data.comments


def prepare(data: Dataset, seed: int, jobs: int, say: Say, work: Work) -> Prepared:
    """Read all comments of ``data`` and weigh the wording of each fold of sites by the others."""
    if not work.has(TABLES):
        say("counting words")
        tables = make_tables(data, seed)
        off_topic, figures = fit_off_topic(data, tables, seed)
        work.keep_object(TABLES, (replace(tables, off_topic=off_topic), figures))
    data = with_padded(data, seed)
    rows = fit.rows_of(data.comments, seed)
    read_blocks(work, data, rows, jobs, say)
    return _worded(data, rows, work, np.ones(len(data.comments), bool), seed=seed, jobs=jobs, say=say)


def taught_by(read: Prepared, chosen: NDArray[np.bool_], seed: int, jobs: int) -> Prepared:
    """The same, with wording that the chosen comments alone have taught."""
    return _worded(read.data, read.rows, read.work, chosen, seed=seed, jobs=jobs, say=lambda step: None)


def _worded(
    data: Dataset, rows: Rows, work: Work, chosen: NDArray[np.bool_], *, seed: int, jobs: int, say: Say
) -> Prepared:
    weights = fit.held_out_wording(work, rows.fold, chosen, seed=seed, jobs=jobs, say=say)
    word_blocks(work, data, rows.fold, weights, jobs=jobs, say=say)
    weighed = np.sort(np.random.default_rng(seed).permutation(len(chosen))[:_MOST_WEIGHED])
    parts = [weighed_part(work, number, part, weights, weighed) for number, part in enumerate(spans(len(chosen)))]
    columns, rows_copied, copied, has_author = (np.concatenate(part) for part in zip(*parts, strict=True))
    copies = Copies(np.searchsorted(weighed, rows_copied), copied, has_author)
    tables, figures = work.read_object(TABLES)
    return Prepared(data, tables, figures, rows, work, weights, weighed, columns, copies)


def train(data: Dataset, name: str, seed: int, jobs: int, say: Say, *, work: Work | None = None) -> Candidate:
    """Train on all of ``data``. ``say`` is told each step as it begins; ``work`` keeps what is done.

    Raises TrainingError. The result does not depend on ``jobs``, nor on what ran where.
    """
    if work is None:
        with passing() as nothing_kept:
            return train(data, name, seed, jobs, say, work=nothing_kept)
    say("removing near-duplicates")
    data = thinned(data, seed)
    check_labels(data.comments)
    sha256 = fingerprint(data.comments)
    read = prepare(data, seed, jobs, say, work)
    say("weighing columns")
    judged = judge(read)
    sure = ~judged.doubted
    say(f"fitting on everything but {(~sure).sum():,} comments whose label all other sites contradict")
    blocks = len(spans(len(sure)))
    wording = fit.fit_wording(work, blocks, np.packbits(sure).tobytes(), seed)
    weights, base = weigh_columns(read, sure)
    usual = usual_columns(read.columns[~read.rows.promotional[read.weighed]])
    base += float(usual @ weights)
    parameters = Parameters(read.tables, read_weights(work, wording), weights, usual, base, judged.calibration)
    return Candidate(parameters, _manifest(name, seed, sha256, read, judged))


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


def thinned(data: Dataset, seed: int, most: int = _MOST_PER_SITE) -> Dataset:
    """One comment of each group of near-duplicates, and at most so many a site and label, in an order by chance."""
    comments = data.comments
    written = comments["source"].isin(WRITTEN)
    group = np.full(len(comments), -1)
    group[~written] = group_duplicates(comments.loc[~written, "body"].tolist())
    kept = written | ~comments.assign(group=group).duplicated(["group", "label"])
    draw = pd.Series(np.random.default_rng(seed).random(len(comments)))
    rank = draw[kept].groupby([comments.loc[kept, name] for name in ("source", "site", "label")]).rank()
    return dealt(data.select(kept & (rank.reindex(comments.index) <= most)), seed)


def with_copies(
    columns: NDArray[np.float64], copies: Copies, chosen: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The columns of the chosen rows and of their copies, and the row that each is of."""
    here = chosen[copies.of]
    wording = columns[copies.of[here], -len(Wording) :].copy()
    wording[np.ix_(~copies.has_author[here], np.array([Wording.NAME, Wording.URL], np.intp))] = 0
    rows = np.flatnonzero(chosen)
    return np.vstack([columns[rows], np.hstack([copies.columns[here], wording])]), np.concatenate(
        [rows, copies.of[here]]
    )


def weigh_columns(
    read: Prepared, chosen: NDArray[np.bool_], kept: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], float]:
    """The weights of all columns, or of those that are ``kept``, by the chosen comments, and the base."""
    here = chosen[read.weighed]
    known, of = with_copies(read.columns, read.copies, here)
    row = read.weighed[of]
    weight = (read.rows.weight * read.rows.share)[row]
    weight[int(here.sum()) :] *= _GAP_SHARE
    kinds = read.tables.kinds
    learned = fit.learned_columns(kinds) & (True if kept is None else kept)
    return fit.fit_columns(known, read.rows.promotional[row], weight, learned, fit.sides(len(kinds)))


def held_out_logits(
    read: Prepared, kept: NDArray[np.bool_] | None = None, chosen: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Each comment's logit by weights that were fitted on the (chosen) others of all other folds; (comments,)."""
    fold, by = read.rows.fold, True if chosen is None else chosen
    fitted = [weigh_columns(read, (fold != one) & by, kept) for one in range(int(fold.max()) + 1)]
    weights, base = np.stack([weights for weights, _ in fitted]), np.array([base for _, base in fitted])
    logits = np.zeros(len(fold))
    for number, part in enumerate(spans(len(fold))):
        columns = block_columns(read.work, number, read.weights)
        logits[part] = np.einsum("ij,ij->i", columns, weights[fold[part]]) + base[fold[part]]
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


def _manifest(name: str, seed: int, sha256: str, read: Prepared, judged: Judged) -> dict[str, Any]:
    comments = read.comments[~read.comments["padded"]]
    own = slice(len(comments))  # padded copies stand behind
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
            "sha256": sha256,
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
