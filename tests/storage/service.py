"""A service process of the tests: it opens a database of its own, as one of several on a machine does."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from typing import NoReturn

from moderation import release as releases
from moderation.comment import Comment, Decision
from moderation.detection.languages import language_of
from moderation.moderator import Filter, Moderator, Order, User
from moderation.release import Release
from moderation.settings import Settings
from moderation.storage.database import Database
from tests.conftest import SPAM

WRITERS = 4


def main(use: str, url: str, *given: str) -> None:
    """Do one of the uses below and print what came of it, a line each as it happens."""
    release = releases.load(releases.current(Settings().models))
    if use == "write":
        _write_in_children(release, url)
        return
    moderator = Moderator(release, Database.open(url))
    print("ready", flush=True)
    sys.stdin.readline()  # the test lets all processes go at the same moment
    uses = {"check": _check, "decide": _decide}
    for line in uses[use](moderator, *given):
        print(json.dumps(line), flush=True)


def _check(moderator: Moderator, count: str) -> Iterator[object]:
    """Check the same comments as every other process."""
    site = moderator.site("gazette")
    for number in range(int(count)):
        checked = moderator.check(site, Comment(f"{SPAM} {number}", f"c-{number}"))
        yield checked.number, checked.created, checked.score.promotional


def _decide(moderator: Moderator, users: str) -> Iterator[object]:
    """Take and decide items until there are none, as several users at once."""
    decided: list[tuple[str, int]] = []
    everybody = {user.email: user for user in moderator.accounts.users()}
    threads = [
        threading.Thread(target=_work_off, args=(moderator, everybody[email], decided)) for email in users.split(",")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield from decided


def _work_off(moderator: Moderator, user: User, decided: list[tuple[str, int]]) -> None:
    while True:
        page = moderator.review.take(Filter(), Order.CERTAIN, user, limit=2)
        if not page.items:
            return
        for item in page.items:
            done = moderator.review.decide_many([item.seen], Decision.REJECT_PROMOTIONAL, user)
            decided += [(user.email, number) for number in done.numbers]


def _write_in_children(release: Release, url: str) -> None:
    """For each line of the standard input a child that writes until it is killed; the line begins its comments' ids."""
    language_of("What takes long the first time is done before the children are made.")
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _write(Moderator(release, Database.open(url)), line.strip())
        print(json.dumps(["child", child]), flush=True)
        os.waitpid(child, 0)
        print(json.dumps(["dead", child]), flush=True)


def _write(moderator: Moderator, prefix: str) -> NoReturn:
    """Write in several threads, so that transactions hold several comments."""
    others = [threading.Thread(target=_write_on, args=(moderator, f"{prefix}-{seat}")) for seat in range(WRITERS)]
    for one in others:
        one.start()
    for one in others:
        one.join()
    raise AssertionError("writers go on until they are killed")


def _write_on(moderator: Moderator, prefix: str) -> None:
    site = moderator.site("gazette")
    number = 0
    while True:
        name = f"{prefix}-{number}"
        moderator.check(site, Comment(f"{SPAM} {name}", name))
        _acknowledge("comment", name)
        moderator.decide(site, name, Decision.APPROVE, prefix)
        _acknowledge("decision", name)
        number += 1


def _acknowledge(kind: str, name: str) -> None:
    os.write(sys.stdout.fileno(), f"{json.dumps([kind, name])}\n".encode())  # one write: lines of threads stay whole


if __name__ == "__main__":
    main(*sys.argv[1:])
