"""The figures, against values that are worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import measures

LABELS = np.array([False] * 200 + [True] * 4)


def scores(*spam: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """200 ordinary comments from 0 to 0.995, then some promotional ones."""
    return np.concatenate([np.arange(200) / 200, np.array(spam)])


def test_found_counts_above_allowed_ham() -> None:
    figures = measures.measure(LABELS, scores(0.5, 0.984, 0.9851, 0.999))
    assert figures.found_at_1pct == 0.5  # 0.985 is the third highest ordinary one: two of 200 are allowed above


def test_found_at_does_not_count_ties() -> None:
    assert measures.found_at(np.full(100, 0.7), np.full(10, 0.7), 0.01) == 0


def test_thresholds_give_shares_at_or_above() -> None:
    figures = measures.measure(LABELS, scores(0.5, 0.9, 0.95, 0.99), hold=0.9, reject=0.99)
    assert (figures.ham_held, figures.ham_rejected, figures.held) == (0.1, 0.01, 0.75)


def test_one_label_alone_has_no_curve() -> None:
    figures = measures.measure(np.zeros(3, bool), np.array([0.1, 0.2, 0.9]), hold=0.5, reject=0.95)
    assert (figures.auc, figures.found_at_1pct, figures.held, figures.calibration_error) == (None, None, None, None)
    assert figures.ham_held == pytest.approx(1 / 3)


def test_calibration_error_is_zero_when_true() -> None:
    probability = np.repeat([0.25, 0.75], 4)
    assert measures.calibration_error(np.array([1, 0, 0, 0, 1, 1, 1, 0], bool), probability) == pytest.approx(0)
    assert measures.calibration_error(np.array([0, 1, 1, 1, 0, 0, 0, 1], bool), probability) == pytest.approx(0.5)


def test_reliability_counts_both_labels_alike() -> None:
    label = np.array([True] + [False] * 99)
    mean, share, weight = measures.reliability(label, np.full(100, 0.5))
    assert [*mean, *share, *weight] == pytest.approx([0.5, 0.5, 1.0])


def test_upper_bound_is_clopper_pearson() -> None:
    assert measures.upper_bound(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100))
    assert measures.upper_bound(5, 5) == 1


@given(st.integers(1, 500).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_upper_bound_lies_above_share(hits_of: tuple[int, int]) -> None:
    hits, count = hits_of
    assert hits / count <= measures.upper_bound(hits, count) <= 1


def test_macro_weighs_groups_not_comments() -> None:
    label = np.array([True, False] * 2 + [True, False] * 50)
    score = np.array([0.9, 0.1] * 2 + [0.1, 0.9] * 50)
    groups = measures.by_group(["small"] * 4 + ["large"] * 100, label, score, 0.5, 0.95)
    assert [(name, figures.auc) for name, figures in groups.items()] == [("large", 0.0), ("small", 1.0)]
    assert measures.macro(groups.values())["auc"] == 0.5


def test_macro_leaves_unknown_figures_out() -> None:
    known, unknown = measures.Figures(10, 5, auc=0.8), measures.Figures(10, 0)
    assert measures.macro([known, unknown]) == {"auc": 0.8}
