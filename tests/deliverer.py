"""Deliverer processes of the tests: for each line of the standard input a child that delivers until it is killed."""

import os
import signal
import sys
from datetime import timedelta
from ipaddress import ip_network
from typing import NoReturn

from moderation import webhooks
from moderation.background import Background
from moderation.delivery import Deliverer, Pace
from moderation.guarded_http import Client
from moderation.storage.database import Database

TIMEOUT_S = 0.5
PACE = Pace(
    schedule=(timedelta(0), *[timedelta(milliseconds=50)] * 1_000),
    lease=timedelta(seconds=3),
    longest_pause=timedelta(milliseconds=20),
)
"""Impatient, and never giving up, so that a test sees the end."""


def main(url: str, allowed: str) -> None:
    """Print each child's process id."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            _deliver(url, allowed)
        print(child, flush=True)


def _deliver(url: str, allowed: str) -> NoReturn:
    client = Client((ip_network(allowed),), TIMEOUT_S)
    work = Background([Deliverer(Database.open(url), client, [webhooks.TARGET], PACE).work], threads=2)
    work.start()
    work.join()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
