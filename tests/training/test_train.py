"""A small real training: what it promises of its data, its bytes, its thresholds and its errors."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from moderation import release
from tests.training.cluster import kill_busy_worker
from tests.training.conftest import Tables, run, train
from training import datasets, topics
from training import train as training
from training.commands import WORK, next_version, train_release
from training.datasets import Dataset
from training.workers import side_by_side


@pytest.fixture(scope="module")
def data(papers: Path) -> Dataset:
    return datasets.load([papers], 1)


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_same_data_and_seed_same_bytes(models: Path, papers: Path, tmp_path: Path) -> None:
    train(tmp_path, "first", "--data", papers, "--jobs", 2)
    assert files(tmp_path / "first") == files(models / "first")
    assert set(files(models / "first")) == {"weights", "manifest.json", "MODEL_CARD.md"}


def test_cluster_gives_the_same_bytes_though_a_worker_dies(
    models: Path, papers: Path, scheduler: str, tmp_path: Path
) -> None:
    killed: list[str] = []

    def kill_in_the_middle(step: str) -> None:
        if not killed and step.startswith("fitting folds") and kill_busy_worker(scheduler):
            killed.append(step)

    with side_by_side(1, scheduler):
        train_release([papers], 12, tmp_path, "first", seed=1, jobs=1, say=kill_in_the_middle)
    assert killed
    assert files(tmp_path / "first") == files(models / "first")


def test_stopped_training_goes_on_where_it_stopped(models: Path, papers: Path, tmp_path: Path) -> None:
    def stop(step: str) -> None:
        if step.startswith("fitting folds of sites: 3"):
            raise KeyboardInterrupt

    heard: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        train_release([papers], 12, tmp_path, "first", seed=1, jobs=1, say=stop)
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob(f"{WORK}/*/*-*")}
    assert {name.partition("-")[0] for name in kept} == {"block", "wording"}

    def look(step: str) -> None:
        heard.append(step)
        if step.startswith("weighing the wording"):
            now = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob(f"{WORK}/*/*-*")}
            assert kept.items() <= now.items()

    train_release([papers], 12, tmp_path, "first", seed=1, jobs=1, say=look)
    assert "reading blocks of comments: 2 of 2" in heard
    assert "reading blocks of comments: 0 of 2" not in heard
    assert files(tmp_path / "first") == files(models / "first")
    assert not (tmp_path / WORK).exists()


def test_another_seed_gives_other_weights(models: Path, papers: Path, tmp_path: Path) -> None:
    train(tmp_path, "first", "--data", papers, "--seed", 2)
    assert files(tmp_path / "first")["weights"] != files(models / "first")["weights"]


def test_release_tells_spam_from_ham(models: Path, elsewhere: Path) -> None:
    classifier = release.load(models / "first").classifier
    unseen = datasets.load([elsewhere], 1)
    scores = np.array([score.promotional for score in classifier.score_many(unseen.pairs())])
    spam = (unseen.comments["label"] == "promotional").to_numpy(bool)
    assert np.median(scores[spam]) > np.median(scores[~spam]) + 0.2


def test_thresholds_hold_on_held_out_sites(models: Path) -> None:
    manifest = release.load(models / "first").manifest
    sites = {name: site for name, site in manifest["metrics"]["sites"].items() if name.startswith("papers/")}
    assert len(sites) == 4
    rates = manifest["thresholds"]["rates"]
    assert np.mean([site["ham_held"] for site in sites.values()]) <= rates["hold"]["stated"]
    assert rates["reject"]["measured"] <= rates["reject"]["stated"]
    assert all(rate["measured"] <= rate["bound_95"] < 1 for rate in rates.values())
    assert manifest["thresholds"]["reject"] >= manifest["thresholds"]["hold"]


def test_manifest_tells_what_went_in(models: Path, data: Dataset) -> None:
    manifest = json.loads((models / "first" / "manifest.json").read_text(encoding="utf-8"))
    papers = manifest["data"]["sources"]["papers"]
    assert 0 < papers["promotional"] < papers["comments"] <= len(data.comments)
    assert manifest["data"]["sources"]["corpus"]["comments"] > 0
    assert manifest["seed"] == 1
    assert {"numpy", "scikit-learn", "python"} <= set(manifest["made_with"])


def test_training_needs_nobodys_data(tmp_path: Path) -> None:
    result = run("train", "--out", tmp_path, "--corpus", 60, "--jobs", 1, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (tmp_path / "current").read_text(encoding="utf-8").strip() == told["release"]
    assert release.load(tmp_path / told["release"]).version == told["release"]
    assert list(told["data"]["sources"]) == ["corpus"]


def test_training_tells_what_it_left_out(papers: Path, tmp_path: Path) -> None:
    comments = datasets.load([papers], 1).comments
    twice = pd.concat([comments, comments[comments["body"].str.len() > 40].head(50)])
    twice.drop(columns="source").to_csv(tmp_path / "twice.csv", index=False)
    (tmp_path / "current").write_text("older\n", encoding="utf-8")
    told = json.loads(train(tmp_path, "newer", "--data", tmp_path / "twice.csv", "--json").stdout)
    assert told["left_out"]["twice"] >= 50
    assert told["data"]["sources"]["twice"]["comments"] == len(twice) - told["left_out"]["twice"]
    assert not told["current"]
    assert (tmp_path / "current").read_text(encoding="utf-8") == "older\n"


def test_next_version_is_the_free_one(tmp_path: Path) -> None:
    today = date(2026, 11, 24)
    assert next_version(tmp_path / "none", today) == "2026-11-24.1"
    for name in ("2026-11-24.1", "2026-11-24.2", "2026-11-23.3"):
        (tmp_path / name).mkdir()
    assert next_version(tmp_path, today) == "2026-11-24.3"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--data", "nowhere"), "no such folder or file"),
        (("--corpus", 0), "--data"),
        (("--corpus", 0, "--data", "one.csv"), "at least 20 are needed"),
        (("--corpus", 0, "--data", "site.csv"), "of one site"),
        (("--name", "../outside"), "letters, digits"),
        (("--name", "taken"), "is there already"),
    ],
)
def test_training_errors_are_one_line(
    written: Tables, tmp_path: Path, arguments: tuple[object, ...], told: str
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "one.csv").write_text("label,body\nham,Fine\n", encoding="utf-8")
    comments = written[0]
    comments.loc[comments["language"] == "en", ["label", "body"]].to_csv(tmp_path / "site.csv")
    named = [tmp_path / str(given) if str(given).endswith(".csv") else given for given in arguments]
    result = run("train", "--out", tmp_path, "--jobs", 1, *named)
    assert result.exit_code == 1
    assert told in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["taken"]


def test_near_duplicates_are_thinned_out(data: Dataset) -> None:
    double = Dataset(pd.concat([data.comments, data.comments], ignore_index=True), data.articles)
    thinned = training.thinned(double, 1).comments
    assert len(thinned) == len(training.thinned(data, 1).comments)


def test_other_articles_are_never_own(data: Dataset) -> None:
    own, other, sites = topics.topic_pairs(data, 1)
    assert len(own) == len(other) == len(sites) > 50
    for (mine, under), (same, elsewhere) in zip(own, other, strict=True):
        assert mine == same
        assert under is not None
        assert elsewhere is not None
        assert under.id != elsewhere.id


def test_fingerprint_changes_with_a_label(data: Dataset) -> None:
    changed = data.comments.copy()
    changed.loc[0, "label"] = "ham" if changed.at[0, "label"] == "promotional" else "promotional"
    assert training.fingerprint(changed) != training.fingerprint(data.comments)
