"""Puts good comments around others, as senders do whose promotion is to drown in them.

The padded copies teach how much the best passage of a comment counts beside all of it, and no words.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from training.datasets import WRITTEN, Dataset

_COPIES = 4_000  # of each label
_MOST_AROUND = 3  # good comments around one
_LONGEST = 400  # code points of a good comment


def with_padded(data: Dataset, seed: int) -> Dataset:
    """All comments, and behind them padded copies of some real ones, marked in the column ``padded``.

    Both labels are padded, so that neither padding nor length is a sign of either.
    """
    comments = data.comments.assign(padded=False)
    real = comments[~comments["source"].isin(WRITTEN)]
    good = real.loc[(real["label"] == "ham") & (real["body"].str.len() <= _LONGEST), "body"].to_numpy(object)
    if not len(good):
        return Dataset(comments, data.articles)
    random = np.random.default_rng(seed)
    copies = [rows.sample(min(_COPIES, len(rows)), random_state=seed) for _, rows in real.groupby("label", sort=True)]
    chosen = pd.concat(copies).assign(padded=True)
    chosen["body"] = [
        _around(body, random.choice(good, random.integers(1, _MOST_AROUND + 1)), random) for body in chosen["body"]
    ]
    return Dataset(pd.concat([comments, chosen], ignore_index=True), data.articles)


def _around(body: str, padding: Iterable[str], random: np.random.Generator) -> str:
    parts = list(padding)
    parts.insert(int(random.choice([0, len(parts)])), body)
    return "\n".join(parts)
