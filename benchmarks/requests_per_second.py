"""How many requests a second does ``POST /v1/score`` answer, beside a bare Flask JSON endpoint under the same server?

    python -m benchmarks.requests_per_second [--data DIR] [--path /v1/comments] [--on postgresql] [--server URL] \
        [--rounds 7] [--seconds 3] [--connections 64] [--workers 1] [--threads 64]

Both run under Granian with the same workers and threads and get the same bodies from one load generator in a process
of its own, in alternating rounds: real comments of ``--data`` under their articles, else the project's own written
ones. Prints requests a second and the 99th percentile of both, and the median ratio. ``--path /v1/comments`` measures
comments that are kept: each gets an id of its own, and is answered once it is on the disk of SQLite or PostgreSQL.
"""

import argparse
import asyncio
import gzip
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.running import SERVER, scratch, started

ROOT = Path(__file__).resolve().parent.parent
THIS = [sys.executable, "-m", "benchmarks.requests_per_second"]
BODIES = 2000
ANY_ID = b"c-000000000000"
"""Stands for an id of its own in each request."""

Row = dict[Any, Any]
"""A line of a data set."""


class Connection(asyncio.Protocol):
    """One keep-alive connection that always has one request under way."""

    ids = itertools.count(time.time_ns() // 1000 % 10**11)

    def __init__(self, requests: list[bytes], latencies_ms: list[float], deadline: float) -> None:
        self.requests, self.latencies_ms, self.deadline = requests, latencies_ms, deadline
        self.received, self.next = bytearray(), random.randrange(len(requests))
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport: Any = transport
        self.send()

    def send(self) -> None:
        """Send the next request."""
        self.sent_at = time.perf_counter()
        self.transport.write(self.requests[self.next].replace(ANY_ID, b"c-%012d" % next(self.ids), 1))
        self.next = (self.next + 1) % len(self.requests)

    def data_received(self, data: bytes) -> None:
        """Take the time of a whole answer, and go on."""
        self.received += data
        head = self.received.find(b"\r\n\r\n")
        if head < 0 or len(self.received) < head + 4 + self.length(head):
            return
        now = time.perf_counter()
        self.latencies_ms.append((now - self.sent_at) * 1000)
        if not self.received.startswith(b"HTTP/1.1 200"):
            self.fail(bytes(self.received[:500]))
        elif now > self.deadline:
            self.transport.close()
            self.done.set_result(None)
        else:
            self.received.clear()
            self.send()

    def length(self, head: int) -> int:
        """What the answer's Content-Length says."""
        at = self.received.find(b"content-length: ", 0, head)
        return int(self.received[at + 16 : self.received.find(b"\r", at)])

    def fail(self, answer: bytes) -> None:
        """End the round: only answers with 200 are measured."""
        self.transport.close()
        self.done.set_exception(RuntimeError(f"not answered with 200: {answer!r}"))

    def connection_lost(self, error: Exception | None) -> None:
        """End the round where the server left."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("the server closed the connection"))


async def load(port: int, requests: list[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Requests a second and the 99th percentile in milliseconds."""
    latencies_ms: list[float] = []
    started = time.perf_counter()
    made = [
        await asyncio.get_running_loop().create_connection(
            lambda: Connection(requests, latencies_ms, started + seconds), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for _, connection in made))
    elapsed = time.perf_counter() - started
    return {"per_second": len(latencies_ms) / elapsed, "p99_ms": statistics.quantiles(latencies_ms, n=100)[98]}


def requests_from(bodies: list[bytes], path: str, key: str) -> list[bytes]:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
    head += "Content-Type: application/json\r\n"
    return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]


def bodies_from(directory: Path | None) -> list[bytes]:
    """Comments, each with its article where that is known."""
    comments, articles = written() if directory is None else collected(directory)
    chosen = [row for row in random.Random(0).sample(comments, min(BODIES, len(comments))) if row["body"]]
    return [json.dumps(request(row, articles.get(str(row.get("article_id"))))).encode() for row in chosen]


def written() -> tuple[list[Row], dict[str, Row]]:
    """Comments of the project's own corpus, and its articles by id."""
    from training.corpus import write_corpus

    comments, articles = write_corpus(seed=0, per_language=200)
    named = {article["id"]: {**article} for article in articles.to_dict("records")}
    return [{**row} for row in comments.to_dict("records")], named


def collected(directory: Path) -> tuple[list[Row], dict[str, Row]]:
    """Comments of a folder, and its articles by id."""
    tables: list[list[Row]] = []
    for name in ("comments.jsonl.gz", "articles.jsonl.gz"):
        if not (directory / name).exists():
            tables.append([])
            continue
        with gzip.open(directory / name, "rt", encoding="utf-8") as lines:
            tables.append([json.loads(line) for line in lines])
    comments, articles = tables
    return comments, {article["id"]: article for article in articles}


def request(row: Row, article: Row | None) -> dict[str, Any]:
    author = {"name": row.get("author_name", ""), "url": row.get("author_url", "")}
    made: dict[str, Any] = {"comment": {"id": ANY_ID.decode(), "body": row["body"], "author": author}}
    if article is not None:
        made["article"] = {name: article.get(name, "") for name in ("id", "title", "body", "url")}
    return made


@contextmanager
def ours(options: argparse.Namespace) -> Iterator[tuple[int, str]]:
    """``moderation serve`` on a fresh database: its port and a site's key."""
    workers, threads = options.workers, options.threads
    with scratch(options.on, options.server) as url:
        environ = {**os.environ, "MODERATION_DATABASE_URL": url, "MODERATION_THREADS": str(threads)}
        command = [sys.executable, "-m", "moderation"]
        subprocess.run([*command, "db", "upgrade"], env=environ, capture_output=True, check=True)
        added = subprocess.run(
            [*command, "site", "add", "load", "--json"], env=environ, capture_output=True, check=True
        )
        serve = [*command, "serve", "--port", "0", "--workers", str(workers)]
        with started(serve, environ) as first_line:
            yield int(first_line.split("http://127.0.0.1:")[1].split()[0]), json.loads(added.stdout)["key"]


@contextmanager
def bare(workers: int, threads: int) -> Iterator[tuple[int, str]]:
    """Granian with a Flask endpoint that reads JSON and answers JSON."""
    with started([*THIS, "--bare", "--workers", str(workers), "--threads", str(threads)]) as line:
        yield int(line), ""


def bare_app() -> Any:
    from flask import Flask, jsonify, request

    app = Flask("bare")

    @app.post("/v1/score")
    @app.post("/v1/comments")
    def score() -> Any:
        comment = request.get_json()["comment"]
        return jsonify(comment_id=comment["id"], length=len(comment["body"]))

    @app.get("/healthz")
    def healthz() -> Any:
        return jsonify(status="ok")

    return app


def serve_bare(workers: int, threads: int) -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from moderation import server

    ip, port = server.listenable("127.0.0.1", 0)
    bare = server.Server("bare", address=ip, port=port, interface=Interfaces.WSGI, workers=workers,
                         blocking_threads=threads, websockets=False, log_level=LogLevels.error)  # fmt: skip
    bare.announce = lambda: print(port, flush=True)
    bare.serve(target_loader=bare_app, wrap_loader=False)


def measure(options: argparse.Namespace) -> None:
    bodies = bodies_from(options.data)
    with ours(options) as service, bare(options.workers, options.threads) as peer:
        rounds = [{name: one_round(bodies, *end, options) for name, end in (("ours", service), ("bare", peer))}
                  for _ in range(options.rounds)]  # fmt: skip
    for name in ("ours", "bare"):
        per_second = statistics.median(figures[name]["per_second"] for figures in rounds)
        p99_ms = statistics.median(figures[name]["p99_ms"] for figures in rounds)
        print(f"{name}: {per_second:,.0f} requests/s, p99 {p99_ms:.1f} ms")
    ratios = [figures["ours"]["per_second"] / figures["bare"]["per_second"] for figures in rounds]
    print(
        f"ratio: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds"
    )


def one_round(bodies: list[bytes], port: int, key: str, options: argparse.Namespace) -> dict[str, float]:
    """The figures of one round, from a process that does nothing else."""
    command = [*THIS, "--load", str(port), "--key", key, "--path", options.path,
               "--connections", str(options.connections), "--seconds", str(options.seconds)]  # fmt: skip
    made = subprocess.run(command, input=b"\n".join(bodies), capture_output=True, check=True, cwd=ROOT)
    figures: dict[str, float] = json.loads(made.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder of comments.jsonl.gz and articles.jsonl.gz")
    parser.add_argument("--path", choices=["/v1/score", "/v1/comments"], default="/v1/score")
    parser.add_argument("--on", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--server", default=SERVER, help="the PostgreSQL server on which a database is made")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--load", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--key", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        serve_bare(options.workers, options.threads)
    elif options.load:
        requests = requests_from(sys.stdin.buffer.read().split(b"\n"), options.path, options.key)
        print(json.dumps(asyncio.run(load(options.load, requests, options.connections, options.seconds))))
    else:
        measure(options)


if __name__ == "__main__":
    main()
