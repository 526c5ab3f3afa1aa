"""The running service keeps its OpenAPI document: Schemathesis asks it, unchanged, with all its phases and checks."""

import subprocess
import sys
from pathlib import Path

from tests.test_server import first_line, port_of, serving, site_key

EXAMPLES = 8
"""So many for each operation, beside those that cover each of its parameters and fields."""


def test_document_is_kept(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        address = f"http://127.0.0.1:{port_of(first_line(process))}/openapi.json"
        options = ["--header", f"Authorization: Bearer {site_key(tmp_path)}", "--checks", "all"]
        options += ["--max-examples", str(EXAMPLES), "--seed", "1", "--continue-on-failure", "--no-color"]
        program = str(Path(sys.executable).parent / "schemathesis")
        done = subprocess.run([program, "run", address, *options], check=False, cwd=tmp_path, capture_output=True,
                              text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
