"""What a training keeps while it is under way, and the blocks that it is kept in."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training import datasets, work
from training.blocks import ROWS, block_name, dealt, spans, texts_of
from training.datasets import DataError, Dataset
from training.work import Work


@pytest.fixture(scope="module")
def data(papers: Path) -> Dataset:
    return datasets.load([papers], 1)


def test_finished_work_leaves_nothing(data: Dataset, tmp_path: Path) -> None:
    with work.opened(tmp_path / "work", data, 1) as kept:
        kept.keep("found", {"numbers": np.arange(3), "flags": np.array([True, False])})
        assert kept.has("found")
        assert [array.tolist() for array in kept.read("found", "flags", "numbers")] == [[True, False], [0, 1, 2]]
    assert not (tmp_path / "work").exists()


def test_failed_work_is_found_again(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), work.opened(tmp_path, data, 1) as kept:
        kept.keep_object("found", {"a": 1})
        raise KeyboardInterrupt
    with work.opened(tmp_path, data, 1) as again:
        assert again.read_object("found") == {"a": 1}


def test_other_data_or_seed_is_other_work(data: Dataset, tmp_path: Path) -> None:
    changed = Dataset(data.comments.assign(label="ham"), data.articles)
    without = Dataset(data.comments, {})
    found = set()
    for other, seed in ((data, 1), (data, 2), (changed, 1), (without, 1)):
        with work.opened(tmp_path / "work", other, seed) as kept:
            found.add(kept.directory)
    assert len(found) == 4


def test_work_is_of_one_run_at_a_time(data: Dataset, tmp_path: Path) -> None:
    with work.opened(tmp_path, data, 1), pytest.raises(DataError, match="another run"):
        work.opened(tmp_path, data, 1).__enter__()


def test_dealt_comments_keep_their_articles_together(data: Dataset) -> None:
    comments = dealt(data, 1).comments
    assert sorted(comments["id"]) == sorted(data.comments["id"])
    assert comments["id"].tolist() != data.comments["id"].tolist()
    runs = (comments["article_id"] != comments["article_id"].shift())[comments["article_id"] != ""].sum()
    told = data.comments.loc[data.comments["article_id"] != "", "article_id"].nunique()
    assert runs == told


def test_comments_without_articles_are_dealt_one_by_one() -> None:
    comments = pd.DataFrame({"source": "a", "article_id": "", "id": [str(number) for number in range(100)]})
    order = dealt(Dataset(comments, {}), 1).comments["id"].astype(int).to_numpy()
    assert np.abs(np.diff(order)).mean() > 10


def test_blocks_hold_every_comment_once() -> None:
    parts = spans(2 * ROWS + 1)
    assert [number for part in parts for number in range(part.start, part.stop)] == list(range(2 * ROWS + 1))


def test_only_chosen_comments_teach_wording(tmp_path: Path) -> None:
    kept = Work(tmp_path)
    arrays = {
        "promotional": np.array([True, False, True, False]),
        "weight": np.arange(4.0),
        "worded": np.array([True, True, True, False]),
        "url.lengths": np.array([1, 1, 0, 1]),
        "url.buckets": np.array([10, 11, 13], np.int32),
        "link.lengths": np.array([2, 0, 0, 1]),
        "link.buckets": np.array([20, 21, 23], np.int32),
    }
    kept.keep(block_name(0), arrays)
    [texts] = texts_of(kept, ("url", "link"), np.array([True, False, True, True]), [0])
    assert texts.buckets.tolist() == [10, 20, 21]
    assert texts.lengths.tolist() == [1, 2]
    assert texts.promotional.tolist() == [True, True]
    assert texts.weight.tolist() == [0, 0]
