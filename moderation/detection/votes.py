"""How much each decision counts when it is learned from: one vote a text, old ones less, no source beyond its share.

Values in, values out. A source is a moderator, a door, or a campaign: whoever gains by many labels of one kind.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Comment
from moderation.detection.campaigns import text_traces, traces_of

MOST_OF_MODERATOR, MOST_OF_DOOR, MOST_OF_CAMPAIGN = 0.5, 0.8, 0.1
"""The share of all weight that one source has at most; chosen, not measured."""
_ROUNDS = 50
Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Vote:
    """What is looked at of a decision."""

    comment: Comment
    promotional: bool
    made_at: datetime
    moderator: str
    door: str


def first_of_texts(comments: Sequence[Comment]) -> NDArray[np.intp]:
    """For each comment the place of the first that is a near-duplicate of it, itself where there is none.

    Near-duplicates share their whole text or two of their ``near`` traces; so do those of the review pages.
    """
    return _joined(_text_keys(comment) for comment in comments)


def campaigns_of(comments: Sequence[Comment]) -> NDArray[np.intp]:
    """For each comment the place of the first of its campaign: of those that share a text, a domain or a contact."""
    return _joined([*_text_keys(comment), *_campaign_keys(comment)] for comment in comments)


def _text_keys(comment: Comment) -> list[Hashable]:
    traces = text_traces(comment)
    near = sorted(trace for trace in traces if trace[0] == "near")
    whole = [trace for trace in traces if trace[0] == "text"]
    return [*(whole or [("body", comment.body.strip())]), *combinations(near, 2)]


def _campaign_keys(comment: Comment) -> list[Hashable]:
    return [trace for trace in traces_of(comment) if trace[0] not in ("near", "text")]


def _joined(keys: Iterable[Iterable[Hashable]]) -> NDArray[np.intp]:
    """Join what shares a key, over any number of steps; each gets the place of the first that it is joined with."""
    head: list[int] = []
    owner: dict[Hashable, int] = {}

    def root(place: int) -> int:
        while head[place] != place:
            head[place] = head[head[place]]
            place = head[place]
        return place

    for place, held in enumerate(keys):
        head.append(place)
        for key in held:
            first, own = sorted((root(owner.setdefault(key, place)), root(place)))
            head[own] = first
    return np.array([root(place) for place in range(len(head))], np.intp)


def fading(votes: Sequence[Vote], now: datetime, half_life: timedelta | None) -> Weights:
    """A weight a vote by its age: half of it after each ``half_life``, all of it where that is None."""
    if half_life is None:
        return np.ones(len(votes))
    ages = np.array([max((now - vote.made_at) / half_life, 0.0) for vote in votes])
    faded: Weights = np.exp2(-ages)
    return faded


def capped(weights: Weights, votes: Sequence[Vote], campaigns: NDArray[np.intp], known: float = 0.0) -> Weights:
    """The weights with each source drawn down to its share of all weight, ``known`` among it, which no vote has.

    A moderator or a door that is the only one of its kind is held back by ``known`` alone: there is nobody beside it.
    """
    sources = (
        (np.unique([vote.moderator for vote in votes], return_inverse=True)[1], MOST_OF_MODERATOR),
        (np.unique([vote.door for vote in votes], return_inverse=True)[1], MOST_OF_DOOR),
        (np.unique(campaigns, return_inverse=True)[1], MOST_OF_CAMPAIGN),
    )
    result = weights.astype(np.float64)
    for _ in range(_ROUNDS):
        before = result.sum()
        for source, share in sources:
            result = _drawn_down(result, source.ravel(), share, known)
        if before - result.sum() < 1e-6 * (before + known):
            break
    return result


def _drawn_down(weights: Weights, source: NDArray[np.intp], share: float, known: float) -> Weights:
    """Draw the sources that have more than a share of the whole down to it, where enough others are there for that."""
    sums = np.bincount(source, weights)
    if known == 0 and len(sums) * share < 1 + 1e-9:
        return weights  # too few sources for any to keep to its share
    most = share * (sums.sum() + known)
    kept: Weights = np.minimum(1, np.divide(most, sums, out=np.ones(len(sums)), where=sums > 0))
    return weights * kept[source]
