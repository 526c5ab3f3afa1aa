"""The page of an evaluation: whole in one file, and no comment in it is more than text."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from moderation import release
from moderation.comment import Author, Comment
from tests.training.conftest import run
from training import datasets
from training.evaluate import Evaluation, evaluate
from training.report import draw_report

HOSTILE = "</p><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} $x^2$ ]]>"
CURVE = {
    "mean": [{"decisions": 0, "found_at_1pct": 0.5}, {"decisions": 100, "found_at_1pct": 0.8}],
    "sites": {HOSTILE: [{"decisions": 0, "found_at_1pct": 0.5}, {"decisions": 100, "found_at_1pct": None}]},
}


class Page(HTMLParser):
    """Which elements and addresses a page holds, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.shown = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.shown += data


@pytest.fixture(scope="module")
def evaluation(models: Path, elsewhere: Path) -> Evaluation:
    """An evaluation in which every name that comes from outside is hostile."""
    data = datasets.load([elsewhere], 1)
    rows = data.comments.assign(site=HOSTILE, note=HOSTILE)
    made = evaluate(release.load(models / "first"), datasets.Dataset(rows, data.articles), 1, lambda step: None)
    hostile = Comment(HOSTILE, author=Author(HOSTILE, "javascript:alert(3)"))
    mistake = replace(made.mistakes[0], comment=hostile, id=HOSTILE)
    return replace(made, mistakes=(mistake, *made.mistakes[1:]), trained_on=(HOSTILE,))


def test_hostile_text_stays_text(evaluation: Evaluation) -> None:
    page = Page(draw_report(evaluation, CURVE))
    assert not page.tags & {"script", "img", "iframe", "object", "form", "link"}
    assert page.shown.count(HOSTILE) >= 4


def test_page_loads_nothing(evaluation: Evaluation) -> None:
    text = draw_report(evaluation, CURVE)
    assert all(address.startswith("#") for address in Page(text).addresses)
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_every_plot_has_ids_of_its_own(evaluation: Evaluation) -> None:
    text = draw_report(evaluation, CURVE)
    drawings = text.split("<svg")[1:]
    assert len(drawings) == 11
    clips = [{part.split('"')[0] for part in drawing.split('<clipPath id="')[1:]} for drawing in drawings]
    assert sum(map(len, clips)) == len(set().union(*clips))


def test_learning_curve_only_where_given(evaluation: Evaluation) -> None:
    assert "decisions" in draw_report(evaluation, CURVE)
    assert "decisions" not in draw_report(evaluation)


def test_colours_follow_the_page(evaluation: Evaluation) -> None:
    text = draw_report(evaluation)
    assert "prefers-color-scheme: dark" in text
    assert "var(--series-0)" in text
    assert "#0300" not in text


def test_same_evaluation_same_page(evaluation: Evaluation) -> None:
    assert draw_report(evaluation, CURVE) == draw_report(evaluation, CURVE)


def test_command_writes_the_page(models: Path, elsewhere: Path, tmp_path: Path) -> None:
    (tmp_path / "curve.json").write_text(json.dumps(CURVE), encoding="utf-8")
    options = ("--report", tmp_path / "page.html", "--curve", tmp_path / "curve.json")
    result = run("evaluate", "first", "--data", elsewhere, *options, models=models)
    assert result.exit_code == 0, result.output
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "Worst mistakes" in Page(text).shown
    assert "decisions" in text


def test_another_file_is_no_curve(models: Path, elsewhere: Path, tmp_path: Path) -> None:
    (tmp_path / "curve.json").write_text('{"sites": {}}', encoding="utf-8")
    options = ("--report", tmp_path / "page.html", "--curve", tmp_path / "curve.json")
    result = run("evaluate", "first", "--data", elsewhere, *options, models=models)
    assert result.exit_code == 1
    assert "can not be made" in result.stderr.splitlines()[-1]
    assert not (tmp_path / "page.html").exists()
