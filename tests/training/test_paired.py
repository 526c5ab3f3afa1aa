"""What is chance between two detectors, and what is not: exact, a campaign as a whole, at matched false positives."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from training.paired import Change, change_of_found, change_of_share


def shares(worse: int, better: int, campaign: NDArray[np.intp] | None = None, count: int = 1_000) -> Change:
    before, after = np.zeros(count, bool), np.zeros(count, bool)
    after[:worse], before[worse : worse + better] = True, True
    groups = np.arange(count) if campaign is None else campaign
    return change_of_share(before, after, groups, np.random.default_rng(1))


@pytest.mark.parametrize(("more", "less"), [(0, 0), (3, 1), (30, 10), (10, 30), (200, 130)])
def test_lone_comments_make_mcnemars_test(more: int, less: int) -> None:
    wanted = binomtest(more, more + less, 0.5, alternative="greater").pvalue if more + less else 1.0
    assert shares(more, less).p_more == pytest.approx(wanted)
    assert shares(less, more).p_less == pytest.approx(wanted)


def test_campaign_counts_as_one() -> None:
    """Thirty comments of one campaign changed alike: either could have been so."""
    campaign = np.where(np.arange(1_000) < 30, 0, np.arange(1_000))
    assert shares(30, 0).p_more < 1e-8
    assert shares(30, 0, campaign).p_more == pytest.approx(0.5)
    assert shares(32, 0, campaign).p_more == pytest.approx(0.125)  # all of three campaigns
    assert shares(30, 0, campaign).high > shares(30, 0).high


def test_interval_holds_the_difference() -> None:
    found = shares(50, 0)
    assert 0.03 < found.low < 0.05 < found.high < 0.07


def found(
    after: float, ham: int = 500, spam: int = 200, seed: int = 1, campaign: NDArray[np.intp] | None = None
) -> Change:
    """Scores of two detectors that agree in most; promotion is ``after`` further up by the second, 3.4 by the first."""
    random = np.random.default_rng(seed)
    promotional = np.arange(ham + spam) >= ham
    both = random.normal(size=ham + spam)
    scores = [2 * both + random.normal(size=ham + spam) + 2.2 * away * promotional for away in (3.4, after)]
    groups = np.arange(ham + spam) if campaign is None else campaign
    second = np.exp(scores[1])  # another scale
    return change_of_found(promotional, scores[0], second, groups, draws=2_000, random=random)


def test_worse_ranking_is_no_chance() -> None:
    worse, better = found(2.4), found(4.4)
    assert worse.after < worse.before - 0.1
    assert worse.p_less < 0.001
    assert worse.low < worse.after - worse.before < worse.high < 0
    assert (better.p_less > 0.9, better.p_more < 0.05) == (True, True)


def test_equal_detectors_are_seldom_called_worse() -> None:
    changes = [found(3.4, ham, ham, seed) for seed in range(40) for ham in (60, 300)]
    assert any(change.after < change.before - 0.1 for change in changes)
    assert np.mean([change.p_less < 0.05 for change in changes]) <= 0.05


def test_one_ordinary_comment_decides_nothing() -> None:
    """Fifty ordinary comments: the highest is the threshold, and only one detector errs about it."""
    promotional = np.arange(150) >= 50
    before = np.where(promotional, 10.0, 0.0) + np.random.default_rng(1).random(150)
    after = before.copy()
    after[0] = 99.0
    change = change_of_found(promotional, before, after, np.arange(150), draws=2_000, random=np.random.default_rng(1))
    assert (change.before, change.after) == (1.0, 0.0)
    assert change.p_less > 0.3


def test_found_takes_a_campaign_as_a_whole() -> None:
    campaign = np.arange(700)
    campaign[500:] = 500 + np.arange(200) // 100
    assert found(2.4, campaign=campaign).p_less > 0.1 > 0.001 > found(2.4).p_less
