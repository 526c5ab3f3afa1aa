"""Akismet's clients, unchanged, against the running service."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import akismet
import httpx
import pytest

from tests.test_readme import ROOT, block
from tests.test_server import environ, first_line, port_of, serving

NODE = Path(__file__).resolve().parent / "node"
BLOG = "https://news.example/"
SPAM = "Great post! slot gacor, togel singapore https://slot.example bonus 100% casino online"
ORDINARY = "Lovely bridge, I cross it every day with my children."
READER = "192.0.2.7"


class Running(NamedTuple):
    """The service, and the key of a site."""

    port: int
    key: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("akismet")
    with serving(directory) as process:
        port = port_of(first_line(process))
        command(directory, "add")
        yield Running(port, json.loads(command(directory, "akismet-key"))["key"])


def command(directory: Path, name: str) -> str:
    line = [sys.executable, "-m", "moderation", "site", name, "gazette", "--json"]
    return subprocess.run(
        line, cwd=directory, env=environ(directory), capture_output=True, check=True, text=True
    ).stdout


def python_client(running: Running, key: str = "") -> akismet.SyncClient:
    """The client of PyPI, sent here by the lines of the documentation."""
    lines: dict[str, Any] = {"address": httpx.URL(f"http://127.0.0.1:{running.port}")}
    exec(block(ROOT / "docs" / "integrate.md", "akismet-python"), lines)
    return akismet.SyncClient(akismet.Config(key or running.key, BLOG), lines["http_client"])


def asked_by_node(running: Running, script: str) -> dict[str, Any]:
    if not (NODE / "node_modules" / "akismet-api").is_dir():
        pytest.skip("no clients of node: npm ci --prefix tests/node")
    given = json.dumps({**running._asdict(), "spam": SPAM, "ordinary": ORDINARY})
    line = ["node", "--require", str(NODE / "names_are_here.cjs"), str(NODE / script)]
    done = subprocess.run(line, check=False, input=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_python_client_checks_and_reports(running: Running) -> None:
    with python_client(running) as client:
        spam: akismet.AkismetArguments = {"comment_author": "kelly", "comment_content": SPAM, "comment_type": "comment"}
        ham: akismet.AkismetArguments = {
            "comment_author": "Ann",
            "comment_content": ORDINARY,
            "permalink": f"{BLOG}bridge",
        }
        assert client.comment_check(READER, **spam) is akismet.CheckResponse.SPAM
        assert client.comment_check(READER, **ham) is akismet.CheckResponse.HAM
        assert client.comment_check(READER, comment_author="viagra-test-123") is akismet.CheckResponse.SPAM
        assert client.comment_check(READER, is_test=True, comment_content=SPAM) is akismet.CheckResponse.SPAM
        assert (
            client.comment_check(READER, user_role="administrator", comment_content=SPAM) is akismet.CheckResponse.HAM
        )
        assert client.submit_spam(READER, **ham)
        assert client.submit_ham(READER, **spam)
        assert client.comment_check(READER, **ham) is akismet.CheckResponse.SPAM
        assert client.comment_check(READER, **spam) is akismet.CheckResponse.HAM


def test_python_client_reads_the_counts(running: Running) -> None:
    with python_client(running) as client:
        before = client.usage_limit()["usage"]
        client.comment_check(READER, comment_content=ORDINARY)
        assert client.usage_limit() == {"limit": "none", "usage": before + 1, "percentage": "0.00", "throttled": False}
        client._http_client.params = httpx.QueryParams(api_key=running.key)  # which it forgets to send here
        sites = client.key_sites()
        assert isinstance(sites, dict)
        assert [row["site"] for row in sites[next(iter(sites))]] == ["news.example"]
        assert "news.example," in client.key_sites(result_format="csv", url_filter="news", order="spam", limit=5)


def test_python_client_refuses_a_wrong_key(running: Running) -> None:
    client = python_client(running, "0123456789ab")
    assert not client.verify_key()
    with pytest.raises(akismet.APIKeyError):
        client.comment_check(READER, comment_content=ORDINARY)
    with pytest.raises(akismet.APIKeyError):
        client.submit_spam(READER, comment_content=ORDINARY)


def test_akismet_api_of_npm_checks_and_reports(running: Running) -> None:
    thanks = "Thanks for making the web a better place."
    assert asked_by_node(running, "akismet_api.cjs") == {
        "verified": True, "spam": True, "ordinary": False, "trapped": True, "staff": False,
        "spam_submitted": thanks, "ham_submitted": thanks, "spam_again": False,
        "wrong_verified": False, "wrong": "Invalid API key",
    }  # fmt: skip


def test_cedx_akismet_of_npm_checks_and_reports(running: Running) -> None:
    said = asked_by_node(running, "cedx_akismet.mjs")
    assert "key of a site" in said.pop("wrong")
    assert said == {
        "verified": True, "spam": 1, "ordinary": 0, "staff": 0, "test": 1,
        "spam_after": 0, "ordinary_after": 1, "wrong_verified": False,
    }  # fmt: skip
