"""The study of corrections: every order on the same comments, nothing without decisions, wrong ones told as such."""

import json
from pathlib import Path

from click.testing import CliRunner

from training.__main__ import main

SITE = "elsewhere/corpus-fr"


def test_every_order_starts_from_the_release(elsewhere: Path, papers: Path, tmp_path: Path) -> None:
    some = ["--data", str(elsewhere), "--data", str(papers), "--corpus", "4", "--jobs", "1", "--by-site", "elsewhere"]
    counts = ["--decisions", "0", "--decisions", "100"]
    told = CliRunner().invoke(main, ["adapt", *some, *counts, "--only", SITE, "--json", str(tmp_path / "told.json")])
    assert told.exit_code == 0, told.output
    found = json.loads((tmp_path / "told.json").read_text())["sites"][SITE]
    corrected = {name: shares for name, shares in found.items() if "corrected" in name}
    assert len({shares[0] for shares in corrected.values()}) == 1
    assert len({shares[1] for shares in corrected.values()}) > 1
    assert found["random of all, corrected"][1] > found["random of all, corrected, all wrong"][1]
    assert "most doubtful, corrected" in told.output


def test_unknown_site_is_told(elsewhere: Path, papers: Path) -> None:
    some = ["--data", str(elsewhere), "--data", str(papers), "--corpus", "0", "--by-site", "elsewhere"]
    told = CliRunner().invoke(main, ["adapt", *some, "--only", "elsewhere/none"])
    assert told.exit_code == 1
    assert "No site of elsewhere that is asked for" in told.output
