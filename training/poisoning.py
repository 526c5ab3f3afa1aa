"""What wrong labels cost: what is found on sites that were not trained on, when some labels were flipped on purpose.

It trains by the functions that make a release and tells figures; it writes no release.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.detection import votes
from training import measures, train
from training.datasets import WRITTEN, Dataset
from training.train import Prepared
from training.work import passing

Rows = NDArray[np.intp]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Poisoned:
    """What is found at 1 % false positives, by site that has both labels, after ``flipped`` labels were turned round.

    Figures are by the true labels. Of the flipped ones, ``doubted`` were found out by the training and left out.
    """

    what: str
    flipped: int
    doubted: int
    found: dict[str, float]

    @property
    def mean(self) -> float:
        """The mean over sites."""
        return float(np.mean(list(self.found.values())))


def poison(data: Dataset, share: float, most: int, *, seed: int, jobs: int, say: Say) -> Iterator[Poisoned]:
    """Train with all labels as they are, then with a share of the real ones flipped in each of three ways.

    ``most`` bounds the comments of a site and label. Near-duplicates have one vote, as in any training.
    """
    data = train.thinned(data, seed, most)
    real = np.flatnonzero(~data.comments["source"].isin(WRITTEN))
    count = round(share * len(real))
    chosen = {
        "as they are": np.zeros(0, np.intp),
        "at random": np.random.default_rng(seed).choice(real, count, replace=False),
        "whole campaigns, the largest first": _campaigns(data, real)[:count],
        "one site's newest, by one moderator": _newest(data, real)[:count],
    }
    for what, rows in chosen.items():
        say(f"labels {what}")
        yield _trained(data, what, rows, seed, jobs)


def _campaigns(data: Dataset, real: Rows) -> Rows:
    """Promotional comments, those of the largest campaigns first."""
    rows = real[(data.comments["label"].iloc[real] == "promotional").to_numpy(bool)]
    pairs = data.pairs()
    campaign = votes.campaigns_of([pairs[row][0] for row in rows.tolist()])
    size = np.bincount(campaign)[campaign]
    return rows[np.lexsort((campaign, -size))]


def _newest(data: Dataset, real: Rows) -> Rows:
    """The comments of the site that has most of both labels, the newest first: what one wrong key does."""
    comments = data.comments.iloc[real]
    site = comments["source"] + "/" + comments["site"]
    fewer = comments.groupby([site, "label"]).size().unstack(fill_value=0).min(axis=1)
    here = (site == fewer.idxmax()).to_numpy(bool)
    age = comments.loc[here, "created_at"].rank(method="first", ascending=False, na_option="bottom")
    return real[here][np.argsort(age.to_numpy(float), kind="stable")]


def _trained(data: Dataset, what: str, flipped: Rows, seed: int, jobs: int) -> Poisoned:
    comments = data.comments
    true = (comments["label"] == "promotional").to_numpy(bool)
    told = true.copy()
    told[flipped] = ~true[flipped]
    labelled = Dataset(comments.assign(label=np.where(told, "promotional", "ham")), data.articles)
    with passing() as work:
        read = train.prepare(labelled, seed, jobs, lambda step: None, work)
        logits, doubted = _held_out_logits(read, seed, jobs)
    real = np.flatnonzero(~comments["source"].isin(WRITTEN))
    site = (comments["source"] + "/" + comments["site"]).iloc[real]
    figures = {
        str(name): measures.measure(true[real[rows]], logits[real[rows]]).found_at_1pct
        for name, rows in site.groupby(site.to_numpy(object)).indices.items()
    }
    found = {name: share for name, share in figures.items() if share is not None}
    return Poisoned(what, len(flipped), int(doubted[flipped].sum()), found)


def _held_out_logits(read: Prepared, seed: int, jobs: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Each comment's logit by a detector as a release has it, without its fold; and which labels were left out."""
    doubted = train.judge(read).doubted
    return train.held_out_logits(train.taught_by(read, ~doubted, seed, jobs), chosen=~doubted), doubted
