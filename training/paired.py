"""Two detectors on the same comments: what one finds more than the other, its interval, and whether it is chance.

Sign tests ask how often a change as large comes about where either could have given either outcome of each campaign.
Intervals are of the paired bootstrap. Both take a campaign as a whole. It knows no release and draws nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from training.measures import FALSE_POSITIVES, found_at

_RESAMPLES = 10_000
_AT_ONCE = 1_000_000  # values of draws that are held in memory

Outcomes = NDArray[np.bool_]
Scores = NDArray[np.float64]
Groups = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Change:
    """A share of ``comments`` before and after, and how many only one of both has: ``gained`` after, ``lost`` before.

    ``low`` to ``high`` is the 95 % interval of after less before. ``p_less`` is the one-sided probability of a loss as
    large, or larger, by chance, ``p_more`` of a gain.
    """

    comments: int
    before: float
    after: float
    gained: int
    lost: int
    low: float
    high: float
    p_less: float
    p_more: float


def change_of_share(before: Outcomes, after: Outcomes, campaign: Groups, random: np.random.Generator) -> Change:
    """The share of comments that something holds of; all arrays have one place a comment.

    The test is exact: McNemar's (1947) where each comment is a campaign of its own.
    """
    group = np.unique(campaign, return_inverse=True)[1].ravel()
    net = np.bincount(group, after.astype(float) - before).round().astype(int)
    p_less, p_more = _flipped(-net), _flipped(net)
    low, high = np.quantile(_resampled(net, np.bincount(group), _RESAMPLES, random), [0.025, 0.975]).tolist()
    gained, lost = _only_one(np.stack([before, after]))
    return Change(len(before), float(before.mean()), float(after.mean()), gained, lost, low, high, p_less, p_more)


def _flipped(net: NDArray[np.int_]) -> float:
    """How probable a sum as large is where each campaign's net change could as well have had the other sign."""
    chances = np.ones(1)
    for size, count in zip(*np.unique(np.abs(net[net != 0]), return_counts=True), strict=True):
        of_size = np.zeros(size * count + 1)
        of_size[::size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, of_size)  # how much of all change is up
    return min(1.0, float(chances[net[net > 0].sum() :].sum()))


def _resampled(net: NDArray[np.int_], size: NDArray[np.int_], times: int, random: np.random.Generator) -> Scores:
    """Changes of the share in draws of as many campaigns, with replacement."""
    kinds, count = np.unique(np.stack([net, size]), axis=1, return_counts=True)
    drawn = random.multinomial(len(net), count / len(net), times)
    changes: Scores = drawn @ kinds[0] / (drawn @ kinds[1])
    return changes


def change_of_found(
    promotional: Outcomes,
    before: Scores,
    after: Scores,
    campaign: Groups,
    *,
    draws: int,
    random: np.random.Generator,
) -> Change:
    """The share of promotional comments found where at most 1 % of the ordinary ones score above, by either's scores.

    The test is that of ``change_of_share``, as a mean over draws of ordinary comments, which set both thresholds: where
    few decide, nothing is sure. Scores may be on any scale. ``campaign`` groups promotional comments; each ordinary
    one is by itself. ``draws`` bounds how small a p can be.
    """
    ham = np.stack([before[~promotional], after[~promotional]])
    spam = np.stack([before[promotional], after[promotional]])
    group = np.unique(campaign[promotional], return_inverse=True)[1].ravel()
    size = np.bincount(group)
    less = more = 1.0
    changes = []
    for limits, times in _limits(ham, draws, random):
        found = spam > limits[:, None]
        net = np.bincount(group, found[1].astype(float) - found[0]).round().astype(int)
        less, more = less + times * _flipped(-net), more + times * _flipped(net)
        changes.append(_resampled(net, size, times, random))
    low, high = np.quantile(np.concatenate(changes), [0.025, 0.975]).tolist()
    formerly, now = (found_at(*both, FALSE_POSITIVES) for both in zip(ham, spam, strict=True))
    gained, lost = _only_one(spam > np.partition(ham, -1 - _allowed(ham))[:, -1 - _allowed(ham), None])
    p_less, p_more = (min(1.0, held / (draws + 1)) for held in (less, more))
    return Change(spam.shape[1], formerly, now, gained, lost, low, high, p_less, p_more)


def _only_one(found: Outcomes) -> tuple[int, int]:
    return int((found[1] & ~found[0]).sum()), int((found[0] & ~found[1]).sum())


def _allowed(ham: Scores) -> int:
    return int(np.floor(FALSE_POSITIVES * ham.shape[1]))


def _limits(ham: Scores, draws: int, random: np.random.Generator) -> Iterator[tuple[Scores, int]]:
    """Both thresholds in draws of as many ordinary comments, with replacement, and how often they came.

    ``ham`` has two rows, before and after. Comments far below every threshold are drawn together.
    """
    allowed, count = _allowed(ham), ham.shape[1]
    near = min(count, allowed + int(6 * np.sqrt(allowed + 1)) + 17)  # six standard deviations below and more
    orders = np.argsort(-ham, axis=1, kind="stable")[:, :near]
    drawn_alone = np.unique(orders)
    places = np.searchsorted(drawn_alone, orders)
    chances = np.append(np.full(len(drawn_alone), 1 / count), 1 - len(drawn_alone) / count)
    seen = np.zeros((near, near), int)
    at_once = max(1, _AT_ONCE // len(chances))
    for begin in range(0, draws, at_once):
        weight = random.multinomial(count, chances, min(at_once, draws - begin))
        first, second = ((weight[:, order].cumsum(1) > allowed).argmax(1) for order in places)
        np.add.at(seen, (first, second), 1)
    for one, other in np.argwhere(seen).tolist():
        yield np.array([ham[0, orders[0, one]], ham[1, orders[1, other]]]), int(seen[one, other])
