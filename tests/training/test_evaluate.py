"""A real release measured on a site it has not seen, by the command and by values."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from moderation import release
from tests.training.conftest import run
from training import datasets
from training.datasets import DataError, Dataset
from training.disguise import ATTACKS
from training.evaluate import Evaluation, distinct, evaluate, promotional_scores


def silent(step: str) -> None:
    pass


@pytest.fixture(scope="module")
def unseen(elsewhere: Path) -> Dataset:
    return datasets.load([elsewhere], 1)


@pytest.fixture(scope="module")
def evaluation(models: Path, unseen: Dataset) -> Evaluation:
    return evaluate(release.load(models / "first"), unseen, 1, silent)


@pytest.fixture(scope="module")
def told(models: Path, elsewhere: Path) -> dict[str, Any]:
    result = run("evaluate", "first", "--data", elsewhere, "--json", models=models)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_evaluate_gives_figures_as_json(told: dict[str, Any], evaluation: Evaluation) -> None:
    assert told == json.loads(json.dumps(evaluation.as_dict()))
    assert told["release"] == "first"
    assert told["overall"]["auc"] > 0.65  # little data, another language: better than chance
    assert told["macro"]["auc"] == told["overall"]["auc"]  # one site


def test_figures_stand_for_each_group(told: dict[str, Any], evaluation: Evaluation) -> None:
    assert list(told["groups"]["site"]) == ["elsewhere/corpus-fr"]
    assert list(told["groups"]["language"]) == ["fr"]
    assert "gambling" in told["groups"]["kind"]
    for by in told["groups"].values():
        assert sum(group["comments"] for group in by.values()) == len(evaluation.scored)


def test_reader_texts_stay_out_of_json(told: dict[str, Any], unseen: Dataset) -> None:
    written = json.dumps(told, ensure_ascii=False)
    assert not [body for body in unseen.comments["body"] if len(body) > 20 and body in written]


def test_scores_are_those_that_serve(evaluation: Evaluation, models: Path, unseen: Dataset) -> None:
    classifier = release.load(models / "first").classifier
    pairs = distinct(unseen).pairs()
    assert evaluation.scored["promotional"].tolist() == promotional_scores(classifier, pairs).tolist()
    assert evaluation.scored["promotional"].iloc[0] == classifier.score(*pairs[0]).promotional


def test_near_duplicates_count_once(models: Path, unseen: Dataset, evaluation: Evaluation) -> None:
    double = Dataset(pd.concat([unseen.comments, unseen.comments], ignore_index=True), unseen.articles)
    again = evaluate(release.load(models / "first"), double, 1, silent)
    assert again.overall == evaluation.overall
    assert again.left_out == evaluation.left_out + len(unseen.comments)


def test_promise_counts_ordinary_comments(evaluation: Evaluation) -> None:
    ham = evaluation.scored[evaluation.scored["label"] == "ham"]["promotional"]
    promise = evaluation.promises["hold"]
    assert promise.measured == pytest.approx((ham >= evaluation.thresholds.hold).mean())
    assert promise.stated == 0.01
    assert promise.measured < promise.bound_95 < promise.measured + 0.1
    assert promise.sites == 0  # too few comments to tell whether one in a hundred is held


def test_large_sites_keep_or_break_promises(models: Path, unseen: Dataset) -> None:
    loaded = release.load(models / "first")
    rates = {"hold": {"stated": 0.5}, "reject": {"stated": 0.1}}
    likely = replace(loaded, manifest={**loaded.manifest, "thresholds": {"rates": rates}})
    promises = evaluate(likely, unseen, 1, silent).promises
    assert promises["hold"].sites == promises["reject"].sites == 1
    measured = promises["reject"].sites_mean
    assert promises["reject"].kept == int(0.1 / 3 <= measured <= 0.3)


def test_attacks_count_what_was_caught(evaluation: Evaluation) -> None:
    scored = evaluation.scored
    caught = ((scored["label"] == "promotional") & (scored["promotional"] >= evaluation.thresholds.hold)).sum()
    assert tuple(evaluation.attacks) == ATTACKS
    for survival in evaluation.attacks.values():
        assert 0 <= survival.still_caught <= survival.caught <= caught
    assert evaluation.attacks["full-width letters"].caught == caught > 0


def test_mistakes_are_the_worst_first(evaluation: Evaluation) -> None:
    ham = [mistake.score.promotional for mistake in evaluation.mistakes if mistake.label == "ham"]
    spam = [mistake.score.promotional for mistake in evaluation.mistakes if mistake.label == "promotional"]
    scored = evaluation.scored
    assert ham[0] == scored.loc[scored["label"] == "ham", "promotional"].max()
    assert spam[0] == scored.loc[scored["label"] == "promotional", "promotional"].min()
    assert ham == sorted(ham, reverse=True)
    assert spam == sorted(spam)
    assert all(mistake.score.reasons for mistake in evaluation.mistakes)


def test_corrected_and_raw_labels_both_count(models: Path, unseen: Dataset, evaluation: Evaluation) -> None:
    rows = unseen.comments.copy()
    rows.loc[rows["label"] == "ham", "raw_label"] = "promotional"
    by_raw_label = evaluate(release.load(models / "first"), Dataset(rows, unseen.articles), 1, silent).by_raw_label
    assert by_raw_label.promotional == by_raw_label.comments == evaluation.overall.comments
    assert evaluation.by_raw_label == evaluation.overall


def test_sources_of_the_training_are_named(models: Path, papers: Path, elsewhere: Path) -> None:
    result = run("evaluate", models / "first", "--data", papers, "--data", elsewhere)
    assert result.exit_code == 0, result.output
    assert "trained on sources of this name too: papers." in result.stdout
    assert "elsewhere/corpus-fr" in result.stdout


def test_language_is_told_where_unknown(models: Path, unseen: Dataset) -> None:
    unlabelled = Dataset(unseen.comments.assign(language=""), unseen.articles)
    groups = evaluate(release.load(models / "first"), unlabelled, 1, silent).groups["language"]
    assert max(groups, key=lambda name: groups[name].comments) == "fr"


def test_nothing_labelled_is_told(models: Path, unseen: Dataset) -> None:
    nothing = unseen.select(unseen.comments["label"] == "neither")
    with pytest.raises(DataError, match="labelled"):
        evaluate(release.load(models / "first"), nothing, 1, silent)


def test_evaluation_errors_are_one_line(models: Path, elsewhere: Path, tmp_path: Path) -> None:
    for arguments, told in (
        (("gone", "--data", elsewhere), "neither a directory"),
        (("first", "--data", tmp_path / "gone"), "no such folder or file"),
        (("first",), "No data"),
        (("first", "--data", elsewhere, "--report", tmp_path / "no" / "page.html"), "can not be made"),
    ):
        result = run("evaluate", *arguments, models=models)
        assert result.exit_code == 1
        assert told in result.stderr.splitlines()[-1]
        assert "Traceback" not in result.stderr
