"""What is left out is never trained on, nor anything like it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.training.conftest import Tables
from training import datasets
from training.datasets import Dataset
from training.duplicates import group_duplicates
from training.holdout import HoldOut, after_decisions, chosen, hold_outs, train_and_score


@pytest.fixture(scope="module")
def data(papers: Path, elsewhere: Path) -> Dataset:
    return datasets.load([papers, elsewhere], 1, 12)


@pytest.fixture(scope="module")
def found(data: Dataset) -> dict[str, HoldOut]:
    return {hold_out.name: hold_out for hold_out in hold_outs(data, ["papers"], [], 1)}


def test_sites_and_sources_take_turns(found: dict[str, HoldOut]) -> None:
    assert list(found) == ["elsewhere", *(f"papers/corpus-{language}" for language in ("de", "en", "es", "id"))]


def test_tested_site_is_not_trained_on(data: Dataset, found: dict[str, HoldOut]) -> None:
    for name, hold_out in found.items():
        trained, tested = chosen(data, hold_out.trained).comments, chosen(data, hold_out.tested).comments
        assert set(tested["source"] + "/" + tested["site"]) == {"elsewhere/corpus-fr" if name == "elsewhere" else name}
        assert not set(trained["source"] + "/" + trained["site"]) & set(tested["source"] + "/" + tested["site"])
        assert "corpus" in set(trained["source"])


def test_copies_of_trained_are_not_tested(data: Dataset) -> None:
    copied = data.comments[data.comments["source"] == "papers"].head(40).assign(source="elsewhere", site="copy")
    double = Dataset(pd.concat([data.comments, copied], ignore_index=True), data.articles)
    tested = next(hold_out for hold_out in hold_outs(double, [], [], 1) if hold_out.name == "elsewhere").tested
    assert "copy" not in set(chosen(double, tested).comments["site"])
    comments = chosen(double, tested).comments
    assert not comments.assign(group=group_duplicates(comments["body"].tolist())).duplicated(["group", "label"]).any()


def test_measured_only_is_never_trained_on(data: Dataset) -> None:
    for hold_out in hold_outs(data, ["papers"], ["elsewhere"], 1):
        assert "elsewhere" not in set(chosen(data, hold_out.trained).comments["source"])


def test_decisions_grow_and_tests_stay(found: dict[str, HoldOut]) -> None:
    none, few, many = after_decisions(found["elsewhere"], [0, 5, 20], 1)
    assert none.tested.tolist() == few.tested.tolist() == many.tested.tolist()
    assert set(few.trained) - set(none.trained) <= set(many.trained) - set(none.trained)
    assert (len(few.trained) - len(none.trained), len(many.trained) - len(none.trained)) == (5, 20)
    assert not set(many.trained) & set(many.tested)


def test_scores_stand_in_table_order(data: Dataset, found: dict[str, HoldOut], written: Tables) -> None:
    scores, thresholds = train_and_score(data, found["elsewhere"], 1)
    spam = (chosen(data, found["elsewhere"].tested).comments["label"] == "promotional").to_numpy(bool)
    assert len(scores) == len(spam)
    assert np.median(scores[spam]) > np.median(scores[~spam])
    assert 0 < thresholds.hold <= thresholds.reject
