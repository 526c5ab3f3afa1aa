"""Leaves a site or a source out of training, to see what a detector does where it was not trained.

It says which comments are trained on and which are tested, trains on the ones and scores the others.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moderation.comment import Thresholds
from moderation.detection.classifier import Classifier
from training import train
from training.datasets import WRITTEN, Dataset
from training.duplicates import group_duplicates
from training.evaluate import promotional_scores

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class HoldOut:
    """One training without some comments: places in a table of comments, ``trained`` on and ``tested``.

    ``tested`` are the first of each group of near-duplicates, and no near-duplicate of a trained one is among them;
    ``trained`` are as ``training.train.thinned`` leaves them.
    """

    name: str
    trained: Rows
    tested: Rows


def hold_outs(data: Dataset, by_site: Collection[str], measured_only: Collection[str], seed: int) -> list[HoldOut]:
    """Each site of the sources ``by_site`` left out in turn, each other source as a whole, never a written one.

    Sources of ``measured_only`` are never trained on; each is tested by what was trained on all others.
    """
    comments = data.comments
    group = pd.Series(group_duplicates(comments["body"].tolist()), comments.index)
    first = ~pd.DataFrame({"group": group, "label": comments["label"]}).duplicated()
    usable = ~comments["source"].isin(list(measured_only))
    place = comments["source"].where(
        ~comments["source"].isin(list(by_site)), comments["source"] + "/" + comments["site"]
    )
    found = []
    for name in sorted(set(place[~comments["source"].isin(WRITTEN)])):
        here = place == name
        trained = usable & ~here
        tested = here & first & ~group.isin(set(group[trained]))
        found.append(HoldOut(name, _thinned_rows(data, trained, seed), np.flatnonzero(tested)))
    return [hold_out for hold_out in found if len(hold_out.tested)]


def _thinned_rows(data: Dataset, chosen: "pd.Series[bool]", seed: int) -> Rows:
    numbered = Dataset(data.comments.assign(row=range(len(data.comments))), data.articles)
    rows: Rows = train.thinned(numbered.select(chosen), seed).comments["row"].to_numpy(np.intp)
    return rows


def after_decisions(hold_out: HoldOut, counts: Sequence[int], seed: int) -> list[HoldOut]:
    """The same training with so many decisions of the tested site added, tested on what none of them holds."""
    drawn = np.random.default_rng(seed).permutation(hold_out.tested)
    tested = np.sort(drawn[max(counts) :])
    return [
        replace(hold_out, trained=np.concatenate([hold_out.trained, drawn[:count]]), tested=tested) for count in counts
    ]


def chosen(data: Dataset, rows: Rows) -> Dataset:
    """The comments at these places, in the order of the table."""
    return data.select(pd.Series(np.isin(np.arange(len(data.comments)), rows), data.comments.index))


def train_and_score(data: Dataset, hold_out: HoldOut, seed: int) -> tuple[NDArray[np.float64], Thresholds]:
    """Probabilities of the tested comments, in the order of the table, and the thresholds chosen without them."""
    candidate = train.train(chosen(data, hold_out.trained), hold_out.name, seed, 1, lambda step: None)
    scores = promotional_scores(Classifier(candidate.parameters, hold_out.name), chosen(data, hold_out.tested).pairs())
    thresholds = candidate.manifest["thresholds"]
    return scores, Thresholds(thresholds["hold"], thresholds["reject"])
