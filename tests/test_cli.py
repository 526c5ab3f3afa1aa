"""The command line as an operator types it: real processes, real files, real SQLite."""

import fcntl
import json
import os
import pty
import sqlite3
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from api import create_app
from moderation.settings import Settings
from moderation.terminal import visible

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``moderation ARGUMENTS`` in an empty directory, on a database of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MODERATION_")}
    environ["PYTHONPATH"] = str(ROOT)

    def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
        environ.update(more.pop("settings", {}))
        command = [sys.executable, "-m", "moderation", *arguments]
        return subprocess.run(command, check=False, cwd=tmp_path, env=environ, capture_output=True, timeout=120, **more)

    return run


def line(comment_id: str, body: str = "Fine.") -> bytes:
    return json.dumps({"comment": {"id": comment_id, "body": body}}).encode() + b"\n"


def one_line(told: bytes) -> str:
    text = told.decode().strip()
    assert "\n" not in text
    assert "Traceback" not in text
    return text


def test_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version").stdout.decode().strip() == version("comment-moderation")


def test_score_reads_and_writes_standard_streams(run: Run) -> None:
    done = run("score", input=line("a") + line("b", "slot gacor togel singapore https://slot.example"))
    assert done.returncode == 0
    assert done.stderr == b""
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["comment_id"], second["comment_id"]) == ("a", "b")
    assert first["promotional"] < second["promotional"]


def test_score_reads_and_writes_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(line("a"))
    assert run("score", "in.jsonl", "out.jsonl").returncode == 0
    assert json.loads((tmp_path / "out.jsonl").read_bytes())["comment_id"] == "a"


def test_score_tells_bad_lines_and_goes_on(run: Run) -> None:
    done = run("score", "-", "-", input=line("a") + b"nonsense\n" + line("c"))
    assert done.returncode == 1
    made = [json.loads(text) for text in done.stdout.splitlines()]
    assert [told.get("comment_id") for told in made] == ["a", None, "c"]
    assert made[1].keys() == {"line", "error"}
    assert made[1]["line"] == 2
    assert done.stderr == b""


def test_score_never_overwrites_its_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(line("a"))
    done = run("score", "in.jsonl", "./in.jsonl")
    assert done.returncode == 1
    assert "same file" in one_line(done.stderr)
    assert (tmp_path / "in.jsonl").read_bytes() == line("a")


def test_score_names_the_file_it_lacks(run: Run) -> None:
    done = run("score", "nowhere.jsonl")
    assert done.returncode == 1
    assert "nowhere.jsonl: No such file" in one_line(done.stderr)


def test_score_is_quiet_on_closed_pipe(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"".join(line(str(number)) for number in range(20_000)))
    command = f"{sys.executable} -m moderation score in.jsonl | head -n 1"
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", command], check=False, cwd=tmp_path, env=environ, capture_output=True, timeout=120
    )
    assert json.loads(done.stdout)["comment_id"] == "0"
    assert done.stderr == b""


def test_score_memory_does_not_grow_with_file(run: Run, tmp_path: Path) -> None:
    def peak_kib(lines: int) -> int:
        (tmp_path / "in.jsonl").write_bytes(b"".join(line(str(number), "word " * 40) for number in range(lines)))
        script = "import resource, moderation.cli as c\ntry: c.main(['score', 'in.jsonl', 'out.jsonl'])\nfinally: "
        script += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", script], check=False, cwd=tmp_path, env=environ, capture_output=True, timeout=300
        )
        return int(done.stdout)

    small, large = peak_kib(2_000), peak_kib(40_000)
    assert large < small + 30_000


def test_score_shows_progress_on_terminals_only(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(line("a", "\x9b31m red \u202e"))
    terminal, shown = pty.openpty()
    fcntl.ioctl(shown, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "moderation", "score", "in.jsonl", "out.jsonl"]
    done = subprocess.run(command, check=False, cwd=tmp_path, env=environ, stderr=shown, timeout=120)
    os.close(shown)
    assert done.returncode == 0
    assert b"comments" in os.read(terminal, 10_000)
    os.close(terminal)


def test_steering_characters_become_visible() -> None:
    assert visible("a\x1b[31m\x9b\u202eb\n") == r"a\u001b[31m\u009b\u202eb\u000a"


def test_site_key_is_shown_once(run: Run) -> None:
    added = json.loads(run("site", "add", "gazette", "--json").stdout)
    assert added.keys() == {"site", "key"}
    assert added["site"] == "gazette"
    assert json.loads(run("site", "list", "--json").stdout) == [{"site": "gazette"}]
    rotated = json.loads(run("site", "rotate-key", "gazette", "--json").stdout)
    assert rotated["key"] != added["key"]
    for done in (run("site", "list"), run("site", "list", "--json")):
        assert added["key"].encode() not in done.stdout


def test_endpoint_secret_is_shown_once(run: Run) -> None:
    run("site", "add", "gazette")
    url = "https://gazette.example/hook"
    first = json.loads(run("site", "set", "gazette", "--endpoint", url, "--json").stdout)
    assert first["secret"].startswith("whsec_")
    assert first.items() >= {"site": "gazette", "endpoint": url, "events": "on"}.items()
    again = json.loads(run("site", "set", "gazette", "--endpoint", f"{url}/2", "--events", "off", "--json").stdout)
    assert again == {"site": "gazette", "endpoint": f"{url}/2", "events": "off", "article_hosts": []}
    rotated = json.loads(run("site", "rotate-secret", "gazette", "--json").stdout)
    assert rotated["secret"] != first["secret"]
    removed = json.loads(run("site", "set", "gazette", "--endpoint", "none", "--json").stdout)
    assert removed == {"site": "gazette", "endpoint": None, "events": "none", "article_hosts": []}
    assert "has no endpoint" in one_line(run("site", "rotate-secret", "gazette").stderr)


def test_article_hosts_are_listed_anew(run: Run) -> None:
    run("site", "add", "gazette")
    hosts = ("--article-host", "Gazette.example", "--article-host", "*.gazette.example")
    told = json.loads(run("site", "set", "gazette", *hosts, "--json").stdout)
    assert told["article_hosts"] == ["*.gazette.example", "gazette.example"]
    assert "article hosts: none" in run("site", "set", "gazette", "--article-host", "none").stdout.decode()
    for wrong in ("https://gazette.example/", "*", "a b", "gazette.example:80"):
        assert "a host is a name" in one_line(run("site", "set", "gazette", "--article-host", wrong).stderr)


def test_webhook_secret_is_shown_once(run: Run) -> None:
    run("site", "add", "gazette")
    first = json.loads(run("site", "webhook-secret", "gazette", "--json").stdout)
    assert first["site"] == "gazette"
    assert Webhook(first["secret"]).sign("msg_1", datetime.now(UTC), "{}")
    second = run("site", "webhook-secret", "gazette", "--keep-hours", "0").stdout.decode()
    assert "secret: whsec_" in second
    assert first["secret"] not in second
    assert "nobody" in one_line(run("site", "webhook-secret", "nobody").stderr)
    assert run("site", "webhook-secret", "gazette", "--keep-hours", "721").returncode == 2


def test_coral_is_connected_and_left(run: Run, tmp_path: Path) -> None:
    run("site", "add", "gazette")
    unset = {"site": "gazette", "coral": None, "state": "none", "secrets": 0}
    assert json.loads(run("site", "coral", "gazette", "--json").stdout) == unset
    (tmp_path / "phase.txt").write_text("a-secret-that-coral-made-for-its-phase\n")
    signed = json.loads(run("site", "coral", "gazette", "--secret-file", "phase.txt", "--json").stdout)
    assert signed == unset | {"secrets": 1}
    where = ("--url", "https://coral.gazette.example/", "--token-file", "-")
    told = run("site", "coral", "gazette", *where, input=b"token-of-a-moderator\n").stdout.decode()
    assert "coral: https://coral.gazette.example\n" in told
    assert "token-of-a-moderator" not in told
    left = json.loads(run("site", "coral", "gazette", "--url", "none", "--json").stdout)
    assert left == signed


def test_coral_is_connected_with_a_token_only(run: Run) -> None:
    run("site", "add", "gazette")
    done = run("site", "coral", "gazette", "--url", "https://coral.gazette.example")
    assert (done.returncode, b"--token-file" in done.stderr) == (2, True)
    done = run("site", "coral", "gazette", "--url", "coral", "--token-file", "-", input=b"token")
    assert done.returncode == 1
    one_line(done.stderr)


def test_endpoint_must_be_a_web_address(run: Run) -> None:
    run("site", "add", "gazette")
    done = run("site", "set", "gazette", "--endpoint", "file:///etc/passwd")
    assert done.returncode == 1
    assert "https://" in one_line(done.stderr)


def test_site_twice_is_one_line(run: Run) -> None:
    run("site", "add", "gazette")
    done = run("site", "add", "gazette", "--json")
    assert done.returncode == 1
    assert "gazette" in one_line(done.stderr)
    assert done.stdout == b""


def test_unknown_site_has_no_key_to_rotate(run: Run) -> None:
    done = run("site", "rotate-key", "nobody")
    assert done.returncode == 1
    one_line(done.stderr)


def test_added_user_gets_a_link(run: Run) -> None:
    added = json.loads(run("user", "add", "anna@news.example", "--json").stdout)
    assert added["email"] == "anna@news.example"
    assert added["role"] == "moderator"
    assert added["link"].startswith("http://127.0.0.1:8000/review/")
    assert run("user", "add", "anna@news.example").returncode == 1


def test_database_is_made_under_var(run: Run, tmp_path: Path) -> None:
    assert json.loads(run("db", "upgrade", "--json").stdout).keys() == {"revision"}
    assert (tmp_path / "var" / "moderation.sqlite3").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"MODERATION_PORTT": "1"}, "MODERATION_PORTT is not a setting"),
        ({"MODERATION_PORT": "many"}, "MODERATION_PORT must be a whole number"),
        ({"MODERATION_DATABASE_URL": "mysql://x"}, "MODERATION_DATABASE_URL must be sqlite:///PATH"),
        ({"MODERATION_MODELS": "nowhere"}, "nowhere"),
    ],
)
@pytest.mark.parametrize("command", [("score",), ("serve",), ("site", "add", "gazette")])
def test_wrong_setting_stops_every_command(run: Run, command: tuple[str], settings: dict[str, str], said: str) -> None:
    done = run(*command, settings=settings, input=b"")
    assert done.returncode == 1
    assert said in one_line(done.stderr)


def test_purge_removes_old_texts(run: Run, tmp_path: Path) -> None:
    key = json.loads(run("site", "add", "gazette", "--json").stdout)["key"]
    settings = Settings(database_url=f"sqlite:///{tmp_path}/var/moderation.sqlite3")
    client = create_app(settings).test_client()
    sent = {"comment": {"id": "c-1", "body": "a secret of a reader"}}
    assert client.post("/v1/comments", json=sent, headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert json.loads(run("purge", "--older-than", "180d", "--json").stdout) == {"purged": 0}
    with sqlite3.connect(tmp_path / "var" / "moderation.sqlite3") as connection:
        connection.execute("UPDATE comments SET received_at = '2020-01-01 00:00:00.000000'")
    done = run("purge", "--older-than", "180d")
    assert (done.stdout, done.stderr) == (b"1 comments purged.\n", b"")
    stored = client.get("/v1/comments/c-1", headers={"Authorization": f"Bearer {key}"}).json
    assert stored is not None
    assert stored["comment"]["body"] == ""


@pytest.mark.parametrize("age", ["180", "0d", "-1d", "d", "1.5d", "999999d", "x\x1b[31md"])
def test_purge_refuses_other_ages(run: Run, age: str) -> None:
    done = run("purge", "--older-than", age)
    assert done.returncode == 2
    assert b"such as 180d" in done.stderr
    assert b"\x1b" not in done.stderr
