"""Padded copies: both labels, marked, with the whole comment in them, and never a written one."""

import pandas as pd
import pytest

from training.datasets import CORPUS, Dataset
from training.padding import with_padded


@pytest.fixture
def data() -> Dataset:
    rows = [
        {
            "source": source,
            "site": "s",
            "article_id": "a",
            "label": label,
            "note": "",
            "body": f"{label} {source} {number}",
        }
        for source in ("real", CORPUS)
        for label in ("ham", "promotional")
        for number in range(40)
    ]
    return Dataset(pd.DataFrame(rows), {})


def test_copies_follow_the_comments(data: Dataset) -> None:
    comments = with_padded(data, 1).comments
    assert comments["body"][: len(data.comments)].tolist() == data.comments["body"].tolist()
    copies = comments[comments["padded"]]
    assert copies.index.min() == len(data.comments)
    assert copies["label"].value_counts().to_dict() == {"ham": 40, "promotional": 40}
    assert set(copies["source"]) == {"real"}


def test_copy_holds_its_comment_and_more(data: Dataset) -> None:
    originals = set(data.comments["body"])
    copies = with_padded(data, 1).comments.query("padded and label == 'promotional'")
    for body in copies["body"]:
        inside = [line for line in body.split("\n") if line.startswith("promotional")]
        assert len(inside) == 1
        assert inside[0] in originals
        assert len(body) > len(inside[0])
    assert copies["body"].str.contains("ham real").any()


def test_same_seed_pads_alike(data: Dataset) -> None:
    one, other, another = (with_padded(data, seed).comments for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, other)
    assert one["body"].tolist() != another["body"].tolist()
