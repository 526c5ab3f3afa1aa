"""Flipped labels: which ones, and what they cost by the true ones."""

import json
from pathlib import Path

from click.testing import CliRunner

from training.__main__ import main


def test_many_flipped_labels_cost_much(elsewhere: Path, papers: Path, tmp_path: Path) -> None:
    some = ["--data", str(elsewhere), "--data", str(papers), "--corpus", "0", "--most", "30", "--jobs", "1"]
    told = CliRunner().invoke(main, ["poison", *some, "--share", "0.45", "--json", str(tmp_path / "told.json")])
    assert told.exit_code == 0, told.output
    assert "one site's newest, by one moderator" in told.output
    clean, random, campaigns, moderator = json.loads((tmp_path / "told.json").read_text())
    assert [one["flipped"] for one in (clean, random, campaigns, moderator)] == [0, 135, 135, 60]
    assert set(random["found"]) == set(clean["found"])
    means = {one["what"]: sum(one["found"].values()) for one in (clean, random)}
    assert means["as they are"] > means["at random"] + 1
