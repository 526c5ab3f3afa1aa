"""The model card says what the manifest says, and nothing in it is mark-up of somebody else's."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from training.model_card import write_model_card


@pytest.fixture(scope="module")
def manifest(models: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((models / "first" / "manifest.json").read_text(encoding="utf-8"))
    return found


def row(card: str, name: str) -> list[str]:
    """The cells of the first table row that begins with a name."""
    line = next(line for line in card.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_training_writes_the_card(models: Path, manifest: dict[str, Any]) -> None:
    assert (models / "first" / "MODEL_CARD.md").read_text(encoding="utf-8") == write_model_card(manifest)


def test_card_carries_the_figures(manifest: dict[str, Any]) -> None:
    card = write_model_card(manifest)
    for name, site in manifest["metrics"]["sites"].items():
        assert row(card, name)[2:4] == [f"{site['auc']:.4f}", f"{site['found_at_1pct']:.4f}"]
    assert f"{manifest['metrics']['macro']['auc']:.4f}" in row(card, "**macro mean, real sites**")
    for name, auc in manifest["metrics"]["off_topic_auc"].items():
        assert f"| {name} | {auc:.4f} |" in card


def test_card_tells_written_from_real(manifest: dict[str, Any]) -> None:
    card = write_model_card(manifest)
    sources = manifest["data"]["sources"]
    total = sum(source["comments"] for source in sources.values())
    written = sources["corpus"]["comments"] / total
    assert row(card, "corpus")[0] == "written for this project"
    assert row(card, "papers")[:2] == ["real", f"{sources['papers']['comments']:,}"]
    assert f"{1 - written:.1%} real, {written:.1%} drawn from templates" in card


def test_card_states_thresholds_and_bounds(manifest: dict[str, Any]) -> None:
    card = write_model_card(manifest)
    for action, stated in (("hold", "1.00%"), ("reject", "0.02%")):
        rate = manifest["thresholds"]["rates"][action]
        cells = [f"{manifest['thresholds'][action]:.6f}", stated, f"{rate['measured']:.3%}", f"{rate['bound_95']:.3%}"]
        assert row(card, action) == cells


def test_card_names_versions_and_checksums(manifest: dict[str, Any]) -> None:
    card = write_model_card(manifest)
    assert manifest["data"]["sha256"] in card
    assert manifest["files"]["weights"]["sha256"] in card
    assert f"numpy {manifest['made_with']['numpy']}" in card
    assert "even odds" in card


def test_names_in_the_card_stay_text(manifest: dict[str, Any]) -> None:
    hostile = deepcopy(manifest)
    sites = hostile["metrics"]["sites"]
    sites["a|b\n<script>[x](http://y)"] = next(iter(sites.values()))
    card = write_model_card(hostile)
    assert "| a\\|b \\<script\\>\\[x\\](http://y) |" in card


def test_unknown_figures_show_a_dash(manifest: dict[str, Any]) -> None:
    bare = deepcopy(manifest)
    name = next(iter(bare["metrics"]["sites"]))
    bare["metrics"]["sites"][name] |= {"auc": None, "found_at_1pct": None}
    assert row(write_model_card(bare), name)[2:4] == ["-", "-"]


def test_card_claims_no_real_sites(manifest: dict[str, Any]) -> None:
    alone = deepcopy(manifest)
    del alone["data"]["sources"]["papers"]
    card = write_model_card(alone)
    assert "100.0% drawn from templates" in card
    assert "real sites" not in card
