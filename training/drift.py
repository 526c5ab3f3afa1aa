"""What a release keeps of its training, for live comments to be held against."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moderation import drift
from moderation.detection.features import Tables


def drift_reference(
    bodies: "pd.Series[str]", scores: NDArray[np.float64], tables: Tables, hold: float
) -> dict[str, Any]:
    """The figures of ordinary comments of real sites, from their words and their held-out probabilities."""
    return drift.reference(scores, hold, drift.unseen_share(tables, bodies.tolist(), of_training=True))
