"""``moderation serve`` and Gunicorn as real processes behind a real socket."""

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from moderation.settings import Settings
from tests.receiver import LOCAL, receiving

ROOT = Path(__file__).resolve().parent.parent


def environ(directory: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODERATION_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "MODERATION_DATABASE_URL": f"sqlite:///{directory}/records.sqlite3",
        **more,
    }


@contextmanager
def process(command: list[str], directory: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(command, cwd=directory, env=environ(directory, **more), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    try:
        yield started
    finally:
        if started.poll() is None:
            started.terminate()
        started.communicate(timeout=60)


def serving(directory: Path, *options: str, **more: str) -> AbstractContextManager[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "moderation", "serve", "--port", "0", *options]
    return process(command, directory, **more)


def first_line(started: subprocess.Popen[str]) -> str:
    assert started.stdout is not None
    return started.stdout.readline()


def port_of(line: str) -> int:
    return int(line.partition("http://127.0.0.1:")[2].partition(" ")[0])


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def site_key(directory: Path) -> str:
    command = [sys.executable, "-m", "moderation", "site", "add", "gazette", "--json"]
    done = subprocess.run(command, cwd=directory, env=environ(directory), capture_output=True, check=True, timeout=60)
    key: str = json.loads(done.stdout)["key"]
    return key


def ask(port: int, method: str, path: str, key: str = "", body: bytes | None = None) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, {"Authorization": f"Bearer {key}"} if key else {})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text else {}


SPAM = json.dumps({"comment": {"body": "togel singapore"}}).encode()


def test_service_answers_once_it_says_so(tmp_path: Path) -> None:
    key = site_key(tmp_path)
    with serving(tmp_path) as started:
        port = port_of(first_line(started))
        assert ask(port, "GET", "/healthz") == (200, {"status": "ok"})
        assert ask(port, "GET", "/readyz")[0] == 200
        status, scored = ask(port, "POST", "/v1/score", key, SPAM)
        assert status == 200
        assert scored["action"] in {"publish", "hold", "reject"}


def run(directory: Path, *arguments: str, **more: str) -> dict[str, object]:
    """What a command answers in JSON."""
    command = [sys.executable, "-m", "moderation", *arguments, "--json"]
    env = environ(directory, **more)
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, check=True, timeout=60)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def checked(port: int, key: str, name: str) -> None:
    body = json.dumps({"comment": {"id": name, "body": "Fine."}}).encode()
    assert ask(port, "POST", "/v1/comments", key, body)[0] == 200


def test_service_delivers_its_events(tmp_path: Path) -> None:
    key = site_key(tmp_path)
    with receiving() as receiver, serving(tmp_path, "--workers", "2", MODERATION_ALLOWED_NETWORKS=LOCAL) as started:
        secret = run(tmp_path, "site", "set", "gazette", "--endpoint", receiver.url)["secret"]
        port = port_of(first_line(started))
        checked(port, key, "c-1")
        deadline = time.monotonic() + 20
        while not receiver.sent and time.monotonic() < deadline:
            time.sleep(0.05)
    [sent] = receiver.sent
    assert Webhook(str(secret)).verify(sent.body, sent.headers)["data"]["comment_id"] == "c-1"


def test_processes_of_their_own_deliver(tmp_path: Path) -> None:
    key = site_key(tmp_path)
    with receiving() as receiver, serving(tmp_path, MODERATION_DELIVER="no") as started:
        run(tmp_path, "site", "set", "gazette", "--endpoint", receiver.url)
        port = port_of(first_line(started))
        checked(port, key, "c-1")
        once = [sys.executable, "-m", "moderation", "deliver", "--once"]
        allowed = environ(tmp_path, MODERATION_ALLOWED_NETWORKS=LOCAL)
        subprocess.run(once, cwd=tmp_path, env=allowed, check=True, timeout=60)
        assert len(receiver.sent) == 1
        with process(once[:-1], tmp_path, MODERATION_ALLOWED_NETWORKS=LOCAL) as delivering:
            first_line(delivering)
            checked(port, key, "c-2")
            deadline = time.monotonic() + 20
            while len(receiver.sent) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
            delivering.send_signal(signal.SIGTERM)
            assert delivering.wait(timeout=20) == 0
    assert len(receiver.sent) == 2


def test_private_endpoint_needs_the_operators_word(tmp_path: Path) -> None:
    key = site_key(tmp_path)
    with receiving() as receiver, serving(tmp_path) as started:
        run(tmp_path, "site", "set", "gazette", "--endpoint", receiver.url)
        checked(port_of(first_line(started)), key, "c-1")
        subprocess.run(
            [sys.executable, "-m", "moderation", "deliver", "--once"],
            cwd=tmp_path,
            env=environ(tmp_path),
            check=True,
            timeout=60,
        )
        assert receiver.connections == 0


def test_first_start_gives_the_administrators_link(tmp_path: Path) -> None:
    with serving(tmp_path) as started:
        port = port_of(first_line(started))
        assert f"http://127.0.0.1:{port}/review/" in first_line(started)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_cleanly(tmp_path: Path, stop: signal.Signals) -> None:
    with serving(tmp_path, "--workers", "2") as started:
        first_line(started)
        started.send_signal(stop)
        _, told = started.communicate(timeout=30)
        assert started.returncode == 0
        assert "Traceback" not in told


def test_body_too_large_gets_its_answer(tmp_path: Path) -> None:
    key = site_key(tmp_path)
    with serving(tmp_path) as started:
        port = port_of(first_line(started))
        for caller, status in ((key, 413), ("wrong", 401)):
            answer = ask(port, "POST", "/v1/score", caller, b"x" * 10_000_000)
            assert answer[0] == status
        assert ask(port, "POST", "/v1/score", key, SPAM)[0] == 200


def test_chunked_bodies_are_read_and_bounded(tmp_path: Path) -> None:
    key = site_key(tmp_path)
    with serving(tmp_path) as started:
        port = port_of(first_line(started))
        for chunks, status in (([SPAM[:10], SPAM[10:]], 200), ([b"x" * 1_000_000] * 10, 413)):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            headers = {"Authorization": f"Bearer {key}"}
            connection.request("POST", "/v1/score", iter(chunks), headers, encode_chunked=True)
            assert connection.getresponse().status == status
            connection.close()


def test_metrics_add_up_all_workers(tmp_path: Path) -> None:
    key = site_key(tmp_path)
    with serving(tmp_path, "--workers", "2") as started:
        port = port_of(first_line(started))
        for _ in range(40):
            assert ask(port, "POST", "/v1/score", key, SPAM)[0] == 200
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
    assert 'moderation_requests_total{route="/v1/score",status="200"} 40.0' in text


def test_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with serving(tmp_path, "--port", str(taken.getsockname()[1])) as started:
            assert "cannot listen on 127.0.0.1" in refused(started)


def test_second_service_on_a_port_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        port = port_of(first_line(first))
        with serving(tmp_path, "--port", str(port)) as second:
            assert "cannot listen on 127.0.0.1" in refused(second)


def test_damaged_release_stops_the_start(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(Settings().models, models)
    name = (models / "current").read_text().strip()
    damaged = max(
        (path for path in (models / name).iterdir() if path.suffix != ".md"), key=lambda path: path.stat().st_size
    )
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    with serving(tmp_path, MODERATION_MODELS=str(models)) as started:
        assert damaged.name in refused(started)


def test_newer_database_stops_the_start(tmp_path: Path) -> None:
    site_key(tmp_path)
    with sqlite3.connect(tmp_path / "records.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'f' || version_num")
    with serving(tmp_path) as started:
        refused(started)


def refused(started: subprocess.Popen[str]) -> str:
    """The one line of a start that was refused."""
    said, told = started.communicate(timeout=60)
    assert started.returncode == 1
    assert said == ""
    assert len(told.strip().splitlines()) == 1
    return told


def test_gunicorn_serves_the_same_application(tmp_path: Path) -> None:
    key = site_key(tmp_path)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "2", "api:create_app()"]
    with process(command, tmp_path):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                assert ask(port, "POST", "/v1/score", key, SPAM)[0] == 200
                break
            except ConnectionError:
                time.sleep(0.1)
        assert ask(port, "POST", "/v1/score", key, b"x" * 10_000_000)[0] == 413
