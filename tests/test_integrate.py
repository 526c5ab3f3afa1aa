"""Examples of docs/integrate.md, run as they stand in a shell against the running service."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.test_readme import ROOT, block
from tests.test_server import environ, first_line, port_of, serving, site_key

PAGE = ROOT / "docs" / "integrate.md"


def told(value: object) -> object:
    """The names of an answer and its texts, without what each release has its own of."""
    if isinstance(value, dict):
        return {name: told(item) for name, item in value.items() if name not in ("release", "reasons", "spanScores")}
    return "a number" if isinstance(value, float) else value


@pytest.mark.parametrize("name", ["webhook", "perspective"])
def test_shell_example_has_its_answer(tmp_path: Path, name: str) -> None:
    with serving(tmp_path) as process:
        port = port_of(first_line(process))
        lines = block(PAGE, f"{name}-shell").replace("127.0.0.1:8000", f"127.0.0.1:{port}")
        settings = environ(tmp_path) | {"KEY": site_key(tmp_path)}
        done = subprocess.run(["bash", "-c", lines], env=settings, capture_output=True, check=True, timeout=60)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert told(answer) == told(json.loads(block(PAGE, f"{name}-answer")))
