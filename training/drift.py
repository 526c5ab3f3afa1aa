"""What a release keeps of its training, for live comments to be held against."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moderation import drift
from moderation.detection.features import Tables
from training.fit import Rows


def drift_reference(
    scores: NDArray[np.float64], comments: pd.DataFrame, rows: Rows, tables: Tables, hold: float
) -> dict[str, Any]:
    """The figures of ordinary comments of real sites, from their held-out probabilities and their words."""
    plain = rows.real & ~rows.promotional
    unseen = drift.unseen_share(tables, comments.loc[plain, "body"].tolist(), of_training=True)
    return drift.reference(scores[plain], hold, unseen)
