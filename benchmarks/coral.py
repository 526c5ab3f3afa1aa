"""How fast does Coral's moderation phase hear what it asks, with 100,000 comments waiting in the queue?

    python -m benchmarks.coral [--held 100000] [--rate 50] [--seconds 60]

Fills a SQLite database with ten times as many comments, serves it, and asks for new ones, signed as Coral signs, at a
steady rate: each request is sent when it is due and not when the one before was answered, and its time counts from
then. Prints the median and the 99th percentile. Exit status 1 where the latter is 50 ms or more.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from typing import Any

import httpx

from benchmarks.requests_per_second import bodies_from
from benchmarks.review_queue import HELD_IN, fill
from benchmarks.running import started
from moderation.moderator import Moderator
from moderation.storage.database import Database

BOUND_MS = 50
WARM_UP = 100
SITE = "paper"


def filled(url: str, held: int, secret: str) -> None:
    """A site with so many held comments, whose Coral signs with ``secret``."""
    Database.upgrade(url)
    database = Database.open(url)
    moderator: Moderator = fill(database, held * HELD_IN)
    moderator.signatures.add_secret(moderator.site(SITE), secret)
    database.close()


def phase(number: int, text: str) -> bytes:
    """A request as Coral sends it; each is another comment."""
    asked: dict[str, Any] = {
        "action": "NEW",
        "comment": {"body": f"<div>{text} {number}</div>", "parentID": None},
        "author": {"id": f"author-{number % 997}", "role": "COMMENTER"},
        "story": {"id": f"story-{number % 200}", "url": f"https://gazette.example/{number % 200}"},
    }
    return json.dumps(asked).encode()


async def ask(client: httpx.AsyncClient, secret: str, body: bytes, due: float) -> float:
    """The time of one answer in milliseconds, from when it was due."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Coral-Signature": f"sha256={signature}"}
    answer = await client.post(f"/v1/coral?site={SITE}", content=body, headers=headers)
    if answer.status_code not in (200, 204):
        raise RuntimeError(f"answered {answer.status_code}: {answer.text[:200]}")
    return (time.perf_counter() - due) * 1000


async def measure(address: str, secret: str, rate: int, seconds: int) -> list[float]:
    """The times of all answers but the first ones."""
    texts = [json.loads(body)["comment"]["body"] for body in bodies_from(None)]
    bodies = [phase(number, texts[number % len(texts)]) for number in range(WARM_UP + rate * seconds)]
    async with httpx.AsyncClient(base_url=address, timeout=10) as client:
        begun, tasks = time.perf_counter(), []
        for number, body in enumerate(bodies):
            due = begun + number / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            tasks.append(asyncio.create_task(ask(client, secret, body, due)))
        return (await asyncio.gather(*tasks))[WARM_UP:]


def main() -> int:
    """Fill, serve, ask, and say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    secret = secrets.token_hex(32)
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{directory}/records.sqlite3"
        filled(url, given.held, secret)
        environ = {**os.environ, "MODERATION_DATABASE_URL": url}
        with started([sys.executable, "-m", "moderation", "serve", "--port", "0"], environ) as line:
            address = f"http://127.0.0.1:{line.split('http://127.0.0.1:')[1].split()[0]}"
            times = asyncio.run(measure(address, secret, given.rate, given.seconds))
    p99_ms = statistics.quantiles(times, n=100)[98]
    print(f"{given.held:,} held, {given.rate} requests/s: p50 {statistics.median(times):.1f} ms, p99 {p99_ms:.1f} ms")
    return 0 if p99_ms < BOUND_MS else 1


if __name__ == "__main__":
    sys.exit(main())
