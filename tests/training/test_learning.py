"""A site's own decisions in the training: each point on the same comments, the mean over sites."""

from pathlib import Path

import pytest

from training import datasets
from training.datasets import DataError, Dataset
from training.learning import learning_curve


@pytest.fixture(scope="module")
def data(elsewhere: Path, papers: Path) -> Dataset:
    return datasets.load([elsewhere, papers], 1)


def test_points_are_of_same_comments(data: Dataset) -> None:
    trained: list[None] = []
    curve = learning_curve(data, ["elsewhere"], [0, 60], seed=1, jobs=1, done=lambda: trained.append(None))
    assert len(trained) == 2
    (points,) = curve["sites"].values()
    assert [point["decisions"] for point in points] == [0, 60]
    assert points[0]["comments"] == points[1]["comments"]
    assert points[1]["auc"] != points[0]["auc"]
    assert [point["auc"] for point in curve["mean"]] == [point["auc"] for point in points]


def test_sites_too_small_are_told(data: Dataset) -> None:
    with pytest.raises(DataError, match="elsewhere has 20000 different comments"):
        learning_curve(data, ["elsewhere"], [10_000], seed=1, jobs=1, done=lambda: None)
