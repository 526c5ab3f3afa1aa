"""Examples of docs/integrate.md, run as they stand against the running service."""

import ast
import hmac
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

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


@contextmanager
def gazette(directory: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """A running service with one site: its port, and an environment with the site's key."""
    with serving(directory) as process:
        port = port_of(first_line(process))
        yield port, environ(directory) | {"KEY": site_key(directory)}


def printed(name: str, port: int, settings: dict[str, str], directory: Path) -> str:
    """What a Python example of the page prints."""
    lines = block(PAGE, name).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    done = subprocess.run([sys.executable, "-c", lines], cwd=directory, env=settings, capture_output=True, check=True,
                          text=True, timeout=60)  # fmt: skip
    return done.stdout


def site_command(directory: Path, settings: dict[str, str], *words: str) -> dict[str, str]:
    command = [sys.executable, "-m", "moderation", "site", *words, "--json"]
    done = subprocess.run(command, cwd=directory, env=settings, capture_output=True, check=True, timeout=60)
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def test_signed_example_has_its_answer(tmp_path: Path) -> None:
    with gazette(tmp_path) as (port, settings):
        secret = site_command(tmp_path, settings, "webhook-secret", "gazette")["secret"]
        answer = json.loads(printed("signed-python", port, settings | {"SECRET": secret}, tmp_path))
    assert told(answer) == told(json.loads(block(PAGE, "signed-answer")))


def test_perspective_example_scores_in_python(tmp_path: Path) -> None:
    with gazette(tmp_path) as (port, settings):
        answer = ast.literal_eval(printed("perspective-python", port, settings, tmp_path))
    assert answer["attributeScores"]["SPAM"]["summaryScore"]["value"] > 0.5


def test_generated_client_checks_a_comment(tmp_path: Path) -> None:
    with gazette(tmp_path) as (port, settings):
        command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none",
                   "--url", f"http://127.0.0.1:{port}/openapi.json"]  # fmt: skip
        subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, check=True, timeout=120)
        action, probability = printed("client-python", port, settings, tmp_path).split()
    assert action in ("publish", "hold", "reject")
    assert float(probability) > 0.5


def test_scored_line_has_its_answer(tmp_path: Path) -> None:
    lines = block(PAGE, "score-shell").replace(".venv/bin/moderation", f"{sys.executable} -m moderation")
    done = subprocess.run(["bash", "-c", lines], env=environ(tmp_path), capture_output=True, check=True, timeout=60)
    assert told(json.loads(done.stdout)) == told(json.loads(block(PAGE, "score-answer")))


def test_coral_is_answered_as_the_page_says(tmp_path: Path) -> None:
    body = block(PAGE, "coral-request").partition("\n\n")[2].strip().encode()
    (tmp_path / "phase-secret.txt").write_text("5f2c9d7e41b8a06cf39d2e7b1a4c8f60d5e3b29a")
    with gazette(tmp_path) as (port, settings):
        site_command(tmp_path, settings, "coral", "gazette", "--secret-file", "phase-secret.txt")
        signature = hmac.new(b"5f2c9d7e41b8a06cf39d2e7b1a4c8f60d5e3b29a", body, "sha256").hexdigest()
        headers = {"Content-Type": "application/json", "X-Coral-Signature": f"sha256={signature}"}
        request = Request(f"http://127.0.0.1:{port}/v1/coral?site=gazette", body, headers)
        with urlopen(request, timeout=30) as answer:
            told_coral = json.load(answer)
    assert told_coral == json.loads(block(PAGE, "coral-answer"))
