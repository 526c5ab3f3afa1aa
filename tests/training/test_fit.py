"""Weighing of columns: what may speak only for one side never speaks for the other."""

import numpy as np
import pytest

from moderation.detection.features import PRAISE, Mix
from moderation.detection.signals import Signal
from moderation.detection.wording import Wording
from training import fit

KINDS = (PRAISE, "gambling")


@pytest.mark.parametrize(("side", "least", "most"), [(1, 0, 0), (-1, -9, -0.5), (0, -9, -0.5)])
def test_one_sided_column_keeps_its_side(side: int, least: float, most: float) -> None:
    promotional = np.arange(200) % 2 == 0
    columns = np.where(promotional, 0.0, 1.0)[:, None]  # what only ordinary comments have
    everything = np.ones(1, bool)
    (weight,), _base = fit.fit_columns(columns, promotional, np.ones(200), everything, np.array([side]))
    assert least <= weight <= most


def test_only_learned_columns_weigh() -> None:
    promotional = np.arange(200) % 2 == 0
    columns = np.repeat(promotional[:, None].astype(float), 2, axis=1)
    weights, _base = fit.fit_columns(columns, promotional, np.ones(200), np.array([True, False]), np.array([1, 1]))
    assert weights[0] > 1
    assert weights[1] == 0


def test_kinds_of_promotion_share_a_weight() -> None:
    learned = fit.learned_columns(KINDS)
    assert len(learned) == len(fit.sides(len(KINDS))) == len(Signal) + len(KINDS) + len(Mix) + len(Wording)
    assert learned[len(Signal)]  # praise
    assert np.flatnonzero(~learned).tolist() == [len(Signal) + 1]
