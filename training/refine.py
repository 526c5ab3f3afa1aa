"""A release refined by decisions alone: a small step from its own weights, so that what it knew is kept.

A release's weights are the prior (Bishop 2006, section 4.5): the step of each column is drawn towards none, strongly,
and examples of the written corpus are kept to the scores that they had. N-grams, tables and thresholds stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from moderation.detection.classifier import Parameters, calibrated, probabilities
from moderation.detection.features import FeatureReader
from moderation.detection.wording import weigh
from moderation.release import Release
from training import measures
from training.blocks import BATCH
from training.datasets import Dataset
from training.decisions import DECISIONS, Decided
from training.train import Candidate, fingerprint

FIRMNESS = 30.0
"""Votes that it takes to move a column by as much as its usual spread: the weight of the prior."""
KNOWN = 1_000.0
"""How many votes the release's own knowledge counts for where a source's share of all weight is bounded."""
ANCHORS = 100
"""Written comments a language that keep a step from undoing what was known."""
_FOLDS = 5
_SPREAD = 1e-3  # of a column that hardly varies


@dataclass(frozen=True, slots=True)
class Step:
    """What is added to a release's columns and base, in log-odds before calibration."""

    columns: NDArray[np.float64]
    base: float


def refine(release: Release, decided: Decided, anchors: Dataset, name: str) -> Candidate:
    """A candidate that is the release and a step. ``anchors`` are written comments that keep it to what it knew."""
    comments, parameters = decided.data.comments, release.classifier.parameters
    columns, kept = read_columns(parameters, decided.data), read_columns(parameters, anchors)
    label = (comments["label"] == "promotional").to_numpy(bool)
    step = fit_step(parameters, columns, label, decided.weight, kept)
    added = replace(parameters, columns=parameters.columns + step.columns, base=parameters.base + step.base)
    logits = _held_out(parameters, columns, label, decided, kept)
    return Candidate(added, _manifest(release, name, decided, probabilities(calibrated(logits, added.calibration))))


def read_columns(parameters: Parameters, data: Dataset) -> NDArray[np.float64]:
    """All columns of some comments over what they usually are; shape (comments, columns)."""
    reader, pairs = FeatureReader(parameters.tables), data.pairs()
    parts = [np.zeros((0, len(parameters.columns)))]
    for begin in range(0, len(pairs), BATCH):
        batch = reader.read(pairs[begin : begin + BATCH])
        parts.append(reader.columns(batch, weigh(batch, parameters.wording)) - parameters.usual)
    return np.concatenate(parts)


def fit_step(
    parameters: Parameters,
    columns: NDArray[np.float64],
    label: NDArray[np.bool_],
    weight: NDArray[np.float64],
    kept: NDArray[np.float64],
) -> Step:
    """The step that the labels call for: logistic loss over the release's logit, and the square of the step.

    Each column's step is measured by the spread that the column has among the comments kept to.
    """
    both = np.vstack([columns, kept])
    spread = np.maximum(both.std(0), _SPREAD)
    scaled = np.hstack([both / spread, np.ones((len(both), 1))])
    offset = both @ parameters.columns + parameters.base
    target = np.concatenate([label, expit(offset[len(label) :])])
    votes = np.concatenate([weight, np.full(len(kept), KNOWN / max(len(kept), 1))])

    def loss(step: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = offset + scaled @ step
        value = float(votes @ (np.logaddexp(0, logits) - target * logits)) + FIRMNESS / 2 * float(step @ step)
        return value, scaled.T @ (votes * (expit(logits) - target)) + FIRMNESS * step

    found = minimize(loss, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B").x
    return Step(found[:-1] / spread, float(found[-1]))


def _held_out(
    parameters: Parameters,
    columns: NDArray[np.float64],
    label: NDArray[np.bool_],
    decided: Decided,
    kept: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Logits of the decided comments, each by a step that was learned without it, from those before and after."""
    logits = columns @ parameters.columns + parameters.base
    fold = np.arange(len(label)) * _FOLDS // max(len(label), 1)  # stretches of time
    for one in range(_FOLDS):
        here = fold == one
        step = fit_step(parameters, columns[~here], label[~here], decided.weight[~here], kept)
        logits[here] += columns[here] @ step.columns + step.base
    return logits


def _manifest(release: Release, name: str, decided: Decided, scores: NDArray[np.float64]) -> dict[str, Any]:
    comments, thresholds = decided.data.comments, release.thresholds
    label = (comments["label"] == "promotional").to_numpy(bool)
    site = DECISIONS + "/" + comments["site"]
    figures = measures.by_group(site, label, scores, thresholds.hold, thresholds.reject)
    before: Mapping[str, Any] = release.manifest
    told = {key: before[key] for key in ("seed", "made_with", "thresholds", "drift") if key in before}
    sources = dict(before.get("data", {}).get("sources", {}))
    sources[DECISIONS] = {"comments": len(label), "promotional": int(label.sum())}
    return {
        **told,
        "version": name,
        "refined_from": release.version,
        "data": {
            "sha256": fingerprint(comments),
            "sources": sources,
            DECISIONS: before.get("data", {}).get(DECISIONS, {}),
        },
        "metrics": {
            "note": f"decided comments, each by a step from {release.version} that was learned without it",
            "sites": {site_name: figure.as_dict() for site_name, figure in figures.items()},
            "macro": measures.macro(figures.values()),
            "off_topic_auc": before.get("metrics", {}).get("off_topic_auc", {}),
        },
    }
