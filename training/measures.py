"""The figures by which a detector is judged, from labels and scores. It knows no model and no data set."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta
from sklearn.metrics import roc_auc_score

FALSE_POSITIVES = 0.01
_BINS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """What a detector does on some comments; None where they hold too little to say.

    ``found_at_1pct``: the share of promotional comments above the lowest threshold at which at most 1 % of the ordinary
    ones are. ``ham_held``, ``ham_rejected``: shares of ordinary comments above the release's thresholds, ``held`` of
    promotional ones. ``calibration_error``: expected calibration error at even odds.
    """

    comments: int
    promotional: int
    auc: float | None = None
    found_at_1pct: float | None = None
    ham_held: float | None = None
    ham_rejected: float | None = None
    held: float | None = None
    calibration_error: float | None = None

    def as_dict(self) -> dict[str, float | int | None]:
        """The figures by name, rounded to five decimals."""
        return {name: round(value, 5) if isinstance(value, float) else value for name, value in asdict(self).items()}


def measure(
    promotional: NDArray[np.bool_], scores: NDArray[np.float64], hold: float | None = None, reject: float | None = None
) -> Figures:
    """Figures for one set of comments. ``scores`` are probabilities where thresholds are given, else any order."""
    ham, spam = scores[~promotional], scores[promotional]
    both = len(ham) > 0 and len(spam) > 0
    return Figures(
        comments=len(scores),
        promotional=len(spam),
        auc=auc(promotional, scores) if both else None,
        found_at_1pct=found_at(ham, spam, FALSE_POSITIVES) if both else None,
        ham_held=float((ham >= hold).mean()) if len(ham) and hold is not None else None,
        ham_rejected=float((ham >= reject).mean()) if len(ham) and reject is not None else None,
        held=float((spam >= hold).mean()) if len(spam) and hold is not None else None,
        calibration_error=calibration_error(promotional, scores) if both and hold is not None else None,
    )


def auc(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """The area under the ROC curve."""
    return float(roc_auc_score(positive, scores))


def found_at(ham: NDArray[np.float64], spam: NDArray[np.float64], rate: float) -> float:
    """The share of ``spam`` that scores above all but the share ``rate`` of ``ham``."""
    allowed = int(np.floor(rate * len(ham)))
    threshold = np.sort(ham)[::-1][allowed]
    return float((spam > threshold).mean())


def reliability(
    promotional: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean probability, share of promotion and weight of ten bins, both labels counted as equally many."""
    weight = np.where(promotional, 0.5 / max(promotional.sum(), 1), 0.5 / max((~promotional).sum(), 1))
    bins = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    total: NDArray[np.float64] = np.bincount(bins, weight, _BINS).astype(np.float64)
    filled = total > 0
    mean = np.bincount(bins, weight * scores, _BINS)[filled] / total[filled]
    share = np.bincount(bins, weight * promotional, _BINS)[filled] / total[filled]
    return mean, share, total[filled]


def calibration_error(promotional: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Expected calibration error over ten bins of probability, at even odds (Naeini et al. 2015)."""
    mean, share, weight = reliability(promotional, scores)
    return float((np.abs(mean - share) * weight).sum())


def upper_bound(hits: int, count: int, confidence: float = 0.95) -> float:
    """The one-sided Clopper-Pearson bound of a share: ``hits`` of ``count``."""
    return 1.0 if hits >= count else float(beta.ppf(confidence, hits + 1, count - hits))


def by_group(
    groups: Iterable[str], promotional: NDArray[np.bool_], scores: NDArray[np.float64], hold: float, reject: float
) -> dict[str, Figures]:
    """Figures for each group of comments, by name."""
    places = pd.Series(range(len(scores))).groupby(np.array(list(groups), object)).indices
    return {str(name): measure(promotional[rows], scores[rows], hold, reject) for name, rows in sorted(places.items())}


def macro(figures: Iterable[Figures]) -> dict[str, float]:
    """The mean of each figure over the groups that have it."""
    table = pd.DataFrame([figure.as_dict() for figure in figures])
    means = table.drop(columns=["comments", "promotional"]).astype(float).mean()
    return {str(name): round(float(value), 5) for name, value in means.items() if not np.isnan(value)}
