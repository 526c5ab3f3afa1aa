"""Scores comments under their articles, with reasons. A single comment is a batch of one.

The score is linear in what was read, so every reason is exact: its weight is its share of the logit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Article, Comment, Pair, Reason, Score
from moderation.detection.explanation import DECIMALS, REST, STRONGEST, Explainer
from moderation.detection.features import FeatureReader, Mix, Tables
from moderation.detection.kernels import library, pointer
from moderation.detection.signals import Signal
from moderation.detection.wording import Wording, WordingWeights, weigh

_MOST_CODE_POINTS = 100_000
"""Texts that are read at once, in code points; a longer batch is read in parts, which stay in a processor's cache."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """All that a release knows.

    ``columns``: log-odds for each column of FeatureReader.columns and Wording, in that order, over what it ``usual``ly
    is in ordinary comments; ``base`` is added to their sum. ``calibration``: logits (first row, ascending) and the
    calibrated logits they stand for (second row), linear between and beyond.
    """

    tables: Tables
    wording: WordingWeights
    columns: NDArray[np.float64]
    usual: NDArray[np.float64]
    base: float
    calibration: NDArray[np.float64]


class Classifier:
    """A detector with the parameters of one release."""

    def __init__(self, parameters: Parameters, release: str) -> None:
        kinds = len(parameters.tables.kinds)
        expected = len(Signal) + kinds + len(Mix) + len(Wording)
        if len(parameters.columns) != expected or len(parameters.usual) != expected:
            raise ValueError(f"the weights are not of this program's {expected} columns")
        self._parameters = parameters
        self._reader = FeatureReader(parameters.tables)
        self._explainer = Explainer(
            release,
            parameters.tables.kinds,
            columns=parameters.columns,
            usual=parameters.usual,
            base=parameters.base,
            calibration=parameters.calibration,
        )

    @property
    def parameters(self) -> Parameters:
        """All that its release knows."""
        return self._parameters

    def score(self, comment: Comment, article: Article | None = None) -> Score:
        """Score one comment."""
        return self.score_many([(comment, article)])[0]

    def score_many(self, pairs: Sequence[Pair]) -> list[Score]:
        """Score comments in their order. Linear in the code points of all texts."""
        scores: list[Score] = []
        begin = size = 0
        for end, (comment, _) in enumerate(pairs, 1):
            size += len(comment.body) + len(comment.author.name) + len(comment.author.url)
            if size > _MOST_CODE_POINTS or end == len(pairs):
                scores += self._score(pairs[begin:end])
                begin, size = end, 0
        return scores

    def with_reason(self, score: Score, signal: str, weight: float) -> Score:
        """A score of this release with one more reason, as if it had been among the columns."""
        weight = round(weight, DECIMALS)
        if not weight:
            return score
        told = [reason for reason in score.reasons if reason.signal != REST]
        told.append(Reason(signal, "body", None, "", weight))
        told.sort(key=lambda reason: -abs(reason.weight))
        total = sum(reason.weight for reason in score.reasons) + weight
        left = round(total - sum(reason.weight for reason in told[:STRONGEST]), DECIMALS)
        rest = (Reason(REST, "body", None, "", left),) if left else ()
        logit = np.array([total + self._parameters.base])
        [promotional] = probabilities(calibrated(logit, self._parameters.calibration)).tolist()
        return score._replace(promotional=promotional, reasons=(*told[:STRONGEST], *rest))

    def _score(self, pairs: Sequence[Pair]) -> list[Score]:
        batch = self._reader.read(pairs)
        wording = weigh(batch, self._parameters.wording)
        return self._explainer.scores(batch, wording, self._reader.columns(batch, wording))


def calibrated(logits: NDArray[np.float64], calibration: NDArray[np.float64]) -> NDArray[np.float64]:
    """The calibrated logits: linear between the points of ``calibration``, with the slope of its ends beyond them."""
    result = np.array(logits, np.float64)
    points = np.ascontiguousarray(calibration, np.float64)
    library.calibrate(pointer(points), points.shape[1], pointer(result), result.size)
    return result


def probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probabilities of some logits, rounded to six decimals."""
    result = np.array(logits, np.float64)
    library.make_probabilities(pointer(result), result.size)
    return result
