"""Data sets as they come: folders, CSV files, templates, corrections, and what is wrong with them."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from training.datasets import CORPUS, DataError, load

HAM = {"id": "1", "site": "paper", "article_id": "a", "label": "ham", "body": "The bridge is shut again."}
SPAM = {
    **HAM,
    "id": "2",
    "label": "promotional",
    "body": "Slots at casino.example!",
    "author_url": "http://casino.example",
}


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_lines(tmp_path / "paper" / "comments.jsonl.gz", [HAM, SPAM])
    article = {"id": "a", "title": "The bridge", "body": "It is old.", "published_at": "2016-08-01T00:00:00Z"}
    write_lines(tmp_path / "paper" / "articles.jsonl.gz", [article])
    return tmp_path / "paper"


def test_comments_stand_under_their_article(folder: Path) -> None:
    first, second = load([folder], 1).pairs()
    assert first[0].body == HAM["body"]
    assert first[1] is not None
    assert (first[1].title, first[1].published_at) == ("The bridge", datetime(2016, 8, 1, tzinfo=UTC))
    assert second[0].author.url == "http://casino.example"


def test_same_article_id_differs_by_source(folder: Path, tmp_path: Path) -> None:
    write_lines(tmp_path / "blog" / "comments.jsonl.gz", [HAM])
    write_lines(tmp_path / "blog" / "articles.jsonl.gz", [{"id": "a", "title": "Jam", "body": "With sugar."}])
    titles = [article.title for _, article in load([folder, tmp_path / "blog"], 1).pairs() if article]
    assert titles == ["The bridge", "The bridge", "Jam"]


def test_corrections_replace_labels_but_raw(folder: Path) -> None:
    (folder / "checked.csv").write_text("id,label\n1,promotional\n", encoding="utf-8")
    comments = load([folder], 1).comments
    assert comments["label"].tolist() == ["promotional", "promotional"]
    assert comments["raw_label"].tolist() == ["ham", "promotional"]


def test_other_labels_are_left_out(folder: Path) -> None:
    (folder / "checked.csv").write_text("id,label\n1,unsure\n", encoding="utf-8")
    assert load([folder], 1).comments["id"].tolist() == ["2"]


def test_empty_comments_are_left_out(folder: Path) -> None:
    write_lines(folder / "comments.jsonl.gz", [HAM, {**HAM, "id": "3", "body": " \n"}])
    assert load([folder], 1).comments["id"].tolist() == ["1"]


def test_csv_needs_only_label_and_body(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text('label,body\nham,"Nice, really"\npromotional,Buy\n', encoding="utf-8")
    comments = load([tmp_path / "mine.csv"], 1).comments
    assert comments[["source", "site", "label", "body"]].values.tolist() == [
        ["mine", "mine", "ham", "Nice, really"],
        ["mine", "mine", "promotional", "Buy"],
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2017-11-23T10:41:00Z", datetime(2017, 11, 23, 10, 41, tzinfo=UTC)),
        ("2017-11-23T12:41:00+02:00", datetime(2017, 11, 23, 10, 41, tzinfo=UTC)),
        ("1511433660", datetime(2017, 11, 23, 10, 41, tzinfo=UTC)),
        ("Thu Jun 26 00:00:00 CEST 2014", datetime(2014, 6, 26, tzinfo=UTC)),
        ("yesterday", None),
        ("99999999999999", None),
    ],
)
def test_times_are_read_as_exported(folder: Path, written: str, meant: datetime | None) -> None:
    write_lines(folder / "comments.jsonl.gz", [{**HAM, "created_at": written}])
    assert load([folder], 1).pairs()[0][0].created_at == meant


def test_templates_are_spun_by_seed(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    text = "{{Great|Nice} {post|{web|blog} site}|I love {it|this}}"
    (tmp_path / "templates" / "spintax.txt").write_text(text, encoding="utf-8")
    bodies = load([tmp_path / "templates"], 1).comments["body"].tolist()
    assert set(bodies) <= {
        f"{praise} {what}" for praise in ("Great", "Nice") for what in ("post", "web site", "blog site")
    } | {"I love it", "I love this"}
    assert len(bodies) == len(set(bodies)) > 5
    assert bodies == load([tmp_path / "templates"], 1).comments["body"].tolist()
    assert bodies != load([tmp_path / "templates"], 2).comments["body"].tolist()


def test_corpus_comes_when_asked_for(folder: Path) -> None:
    comments = load([folder], 1, 10).comments
    assert (comments["source"] == CORPUS).sum() >= 10
    assert set(comments.loc[comments["source"] == CORPUS, "label"]) == {"ham", "promotional"}
    assert (load([folder], 1).comments["source"] != CORPUS).all()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("gone", None, "no such folder or file"),
        ("empty.csv", b"", "not a CSV file"),
        ("bytes.csv", b"label,body\nham,\xff\xfe\n", "not a CSV file"),
        ("short.csv", b"label\nham\n", "no column 'body'"),
        ("bad/comments.jsonl", b"{nonsense\n", "not JSON lines"),
        ("bare/readme.txt", b"", "holds neither"),
        ("open/spintax.txt", b"no template", "no template in braces"),
    ],
)
def test_unreadable_sources_are_named(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(DataError, match=told) as error:
        load([path if path.suffix == ".csv" else tmp_path / name.partition("/")[0]], 1)
    assert name.partition("/")[0].removesuffix(".csv") in str(error.value)


def test_no_data_at_all_is_told() -> None:
    with pytest.raises(DataError, match="--data"):
        load([], 1)
