"""Several processes and many threads on one database: nothing twice, nothing forgotten."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from moderation.comment import Article, Comment, Decision, Status
from moderation.moderator import Filter, Moderator, Order, Role, Site
from moderation.storage.database import Database
from tests.conftest import ORDINARY, SPAM

ROOT = Path(__file__).parent.parent.parent
COUNT = 30


def test_same_calls_at_once_store_once(moderator: Moderator, site: Site, database: Database, database_url: str) -> None:
    answers = run_together(2, "check", database_url, [(str(COUNT),)] * 2)
    for one, other in zip(*answers, strict=True):
        assert one[0] == other[0]
        assert one[2] == other[2]
        assert {one[1], other[1]} == {True, False}
    with database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM comments")).scalar() == COUNT
    assert moderator.review.counts().status[Status.HELD] == COUNT


def test_moderators_share_without_collision(moderator: Moderator, site: Site, database_url: str) -> None:
    for number in range(COUNT):
        moderator.check(site, Comment(f"{SPAM} {number}", f"c-{number}"))
    teams = [[f"m{team}{seat}@example.org" for seat in range(4)] for team in range(2)]
    for team in teams:
        for email in team:
            moderator.accounts.add_user(email, Role.MODERATOR)
    answers = run_together(2, "decide", database_url, [(",".join(team),) for team in teams])
    decided = Counter(number for answer in answers for _user, number in answer)
    assert len(decided) == COUNT
    assert set(decided.values()) == {1}
    assert moderator.review.counts().status == {Status.PUBLISHED: 0, Status.HELD: 0, Status.REJECTED: COUNT}


def test_threads_never_take_the_same(moderator: Moderator, site: Site) -> None:
    for number in range(COUNT):
        moderator.check(site, Comment(f"{SPAM} {number}", f"c-{number}"))
    for seat in range(6):
        moderator.accounts.add_user(f"m{seat}@example.org", Role.MODERATOR)
    users = moderator.accounts.users()
    taken: set[tuple[int, int]] = set()

    def take(seat: int) -> None:
        order, cursor = list(Order)[seat % len(Order)], None
        while True:
            page = moderator.review.take(Filter(), order, users[seat], limit=3, cursor=cursor)
            taken.update((item.number, seat) for item in page.items)
            cursor = page.cursor
            if cursor is None:
                return

    side_by_side([partial(take, seat) for seat in range(len(users))])
    numbers = [number for number, _seat in taken]
    assert sorted(numbers) == sorted(item.number for item in moderator.review.page(Filter()).items)


def test_no_comment_misses_its_article(moderator: Moderator, site: Site) -> None:
    def check(number: int) -> None:
        for place in range(COUNT):
            moderator.check(site, Comment(ORDINARY, f"c-{number}-{place}"), Article(f"a-{place}"))

    def put() -> None:
        for place in range(COUNT):
            moderator.put_article(site, Article(f"a-{place}", "The bridge", "The council pays for a bridge."))

    side_by_side([partial(check, 0), put, partial(check, 1)])
    page = moderator.comments(site, limit=500)
    assert len(page.items) == 2 * COUNT
    assert all(item.score.off_topic is not None for item in page.items)


def test_crossing_bulks_never_fail(moderator: Moderator, site: Site) -> None:
    for number in range(COUNT):
        moderator.check(site, Comment(f"{SPAM} {number}", f"c-{number}"))
    for seat in range(4):
        moderator.accounts.add_user(f"m{seat}@example.org", Role.MODERATOR)
    users = moderator.accounts.users()

    def work(seat: int) -> None:
        user, decision = users[seat], list(Decision)[seat]
        for _ in range(5):
            moderator.review.take(Filter(), list(Order)[seat], user, limit=5)
            chosen = moderator.review.select(Filter(status=None), user)
            moderator.review.decide_selection(chosen.id, decision, user)
            moderator.review.undo_last(user)
            moderator.check(site, Comment(f"{SPAM} {seat}", f"d-{seat}"))

    side_by_side([partial(work, seat) for seat in range(4)])
    counts = moderator.review.counts().status
    assert counts == {status: moderator.review.count(Filter(status=status)) for status in Status}


def side_by_side(uses: Sequence[Callable[[], None]]) -> None:
    """Let each use run in a thread of its own; any failure is the test's."""
    with ThreadPoolExecutor(len(uses)) as threads:
        for done in [threads.submit(use) for use in uses]:
            done.result()


def run_together(processes: int, use: str, url: str, given: list[tuple[str, ...]]) -> list[list[list[object]]]:
    """What each process printed, all let go at the same moment."""
    started = [start(use, url, *given[place]) for place in range(processes)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = []
    for process in started:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        answers.append([json.loads(line) for line in output.splitlines()])
    return answers


def start(use: str, url: str, *given: str) -> "subprocess.Popen[str]":
    """A process of ``tests.storage.service``."""
    command = [sys.executable, "-m", "tests.storage.service", use, url, *given]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
