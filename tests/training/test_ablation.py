"""What a part is worth: every column has its group, and both figures are of the same sites."""

from pathlib import Path

import numpy as np
import pytest

from moderation import release
from moderation.detection.signals import Signal
from training import datasets
from training.ablation import GROUP_OF_SIGNAL, ablate_signals, ablate_sources, column_groups
from training.datasets import Dataset


@pytest.fixture(scope="module")
def data(papers: Path, elsewhere: Path) -> Dataset:
    return datasets.load([papers, elsewhere], 1, 12)


def test_every_column_has_one_group(models: Path) -> None:
    manifest = release.load(models / "first").manifest
    groups = column_groups(len(manifest["kinds"]))
    assert np.sum(list(groups.values()), axis=0).tolist() == [1] * len(next(iter(groups.values())))
    assert {"links", "author", "disguise", "lexicon", "relevance", "wording of body"} <= set(groups)


def test_grouped_signals_are_real_ones() -> None:
    assert set(GROUP_OF_SIGNAL) <= {signal.name for signal in Signal}


def test_signals_are_worth_something_together(data: Dataset) -> None:
    worths = {worth.part: worth for worth in ablate_signals(data, 1, 1, lambda step: None)}
    assert set(worths) == set(column_groups(1))
    assert {worth.sites for worth in worths.values()} == {5}
    assert len({worth.with_it["auc"] for worth in worths.values()}) == 1
    assert len({worth.without["auc"] for worth in worths.values()}) > 5


def test_sources_are_measured_on_others(data: Dataset) -> None:
    worths = {worth.part: worth for worth in ablate_sources(data, 1, 1, lambda step: None)}
    assert {part: worth.sites for part, worth in worths.items()} == {"written corpus": 5, "elsewhere": 4, "papers": 1}
    assert worths["papers"].with_it["auc"] > worths["papers"].without["auc"]
