"""Does the review queue stay as fast when a hundred times as much is stored?

    python -m benchmarks.review_queue [--large 1000000] [--on sqlite] [--on postgresql] [--server URL]

Fills a database with 10,000 comments and another with 1,000,000 (a tenth of each held), times what a moderator does
through the same ``Review`` that the pages call, by turns on both, and prints the medians and their ratio. Then it
presses keys on the page itself, in Chromium before ``moderation serve``. Exit status 1 where one of the four uses that
must stay under 2.0 does not, or the next comment is not shown within 100 ms. The databases are removed afterwards.
"""

import argparse
import random
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from benchmarks.review_page import MOST_MS, Waited, next_comment
from benchmarks.running import SERVER, scratch
from moderation.comment import Action, Article, Author, Comment, Decision, Reason, Score, Status, Thresholds
from moderation.decisions import words_of
from moderation.detection.campaigns import plain_traces, text_traces
from moderation.moderator import Filter, Moderator, Order, Role, User
from moderation.review import Review
from moderation.storage import arrivals, articles, comments
from moderation.storage.arrivals import Arrival
from moderation.storage.articles import Known
from moderation.storage.comments import Judged
from moderation.storage.database import Database

SMALL, LARGE, HELD_IN, ARTICLES = 10_000, 1_000_000, 10, 200
PER_AUTHOR, LINK_IN, CHUNK, WARM_UP, RUNS = 20, 4, 5_000, 3, 60
BOUND = 2.0
BOUND_USES = ("first page", "next page", "search by author", "decide")
SIGNALS = ("wording", "link in the comment", "contact", "author gives a web address", "praise", "obfuscation")
LANGUAGES = ("en", "de", "es", "fr", "id", "pt", "ru", "tr")
HEADS, TAILS = "ba de fi go lu ma ne po ra su ti vo", "n r st ll t nd"
WORDS = tuple(f"{head}{tail}" for head in HEADS.split() for tail in TAILS.split())


class _NoScorer:
    def score_many(self, pairs: object) -> list[Score]:
        raise AssertionError("the queue scores nothing")

    def with_reason(self, score: Score, signal: str, weight: float) -> Score:
        return score


class _NoRelease:
    version = "none"
    thresholds = Thresholds(0.4, 0.99)
    classifier = _NoScorer()


def fill(database: Database, count: int) -> Moderator:
    """Store so many comments of one site, as ``check`` would have, and give the moderator of it."""
    chance = random.Random(count)
    moderator = Moderator(_NoRelease(), database)
    moderator.add_site("paper")
    site_id = moderator.site("paper").id
    with database.writing() as connection:
        named = [Article(f"a-{number}", f"Article {number}", _text(chance, 300)) for number in range(ARTICLES)]
        known = [one for one, _is_news in articles.place(connection, [(site_id, one) for one in named])]
    start = datetime.now(UTC) - timedelta(seconds=count)
    for first in range(0, count, CHUNK):
        rows = [
            _row(chance, place, count, site_id=site_id, article=chance.choice(known), start=start)
            for place in range(first, min(first + CHUNK, count))
        ]
        with database.writing() as connection:
            arrivals.store(connection, rows, datetime.now(UTC))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        on_postgresql = connection.dialect.name == "postgresql"  # whose daemon does this by itself after a while
        connection.execute(sa.text("VACUUM ANALYZE" if on_postgresql else "PRAGMA optimize"))
    return moderator


def _row(chance: random.Random, place: int, count: int, *, site_id: int, article: Known, start: datetime) -> Arrival:
    held = place % HELD_IN == 0
    authors = count // PER_AUTHOR
    author = f"reader{chance.randrange(authors)}"
    link = f" https://shop{chance.randrange(authors)}.com/" if place % LINK_IN == 0 else ""
    body = _text(chance, chance.randrange(60, 500)) + link
    comment = Comment(
        body, f"c-{place}", author=Author(author, "", f"{author}@example.org", "192.0.2.1", "Mozilla/5.0")
    )
    reason = Reason(chance.choice(SIGNALS), "body", (0, 5), body[:5], chance.uniform(0.1, 3))
    score = Score(chance.uniform(0.4, 0.99) if held else chance.uniform(0, 0.4), 0.5, (reason,), "none")
    action, status = (Action.HOLD, Status.HELD) if held else (Action.PUBLISH, Status.PUBLISHED)
    judged = Judged(score, action, status, "promotional", 1, chance.choice(LANGUAGES) if held else "")
    now = start + timedelta(seconds=place)
    return _arrival(comments.new_row(site_id, comment, judged, now=now), comment, article)


def _arrival(row: dict[str, Any], comment: Comment, article: Known) -> Arrival:
    if row["status"] != Status.HELD.value:
        return Arrival(row, article, plain_traces(comment))
    return Arrival(row, article, (*plain_traces(comment), *text_traces(comment)), words_of(comment))


def _text(chance: random.Random, length: int) -> str:
    return " ".join(chance.choices(WORDS, k=max(1, length // 5)))


def uses_of(moderator: Moderator, count: int) -> dict[str, Callable[[], object]]:
    """What a moderator does, each as one call."""
    chance = random.Random(1)
    token = moderator.accounts.add_user("bench@example.org", Role.MODERATOR)
    user = moderator.accounts.accept(token, secrets.token_hex(16))
    review, queue = moderator.review, Filter(site="paper")
    cursors: list[str | None] = []
    for _ in range(5):
        cursors.append(review.page(queue, cursor=cursors[-1] if cursors else None, limit=50).cursor)
    like = review.page(queue, limit=1).items[0].number

    def author() -> str:
        return f"reader{chance.randrange(count // PER_AUTHOR)}@example.org"

    return {
        "first page": lambda: review.page(queue, limit=50, user=user),
        "next page": lambda: review.page(queue, cursor=chance.choice(cursors), limit=50, user=user),
        "search by author": lambda: review.page(Filter(site="paper", author=author(), status=None), Order.NEWEST),
        "decide": lambda: _decide(review, user),
        "first page, doubtful": lambda: review.page(queue, Order.DOUBTFUL, limit=50, user=user),
        "first page, oldest": lambda: review.page(queue, Order.OLDEST, limit=50, user=user),
        "first page, all sites": lambda: review.page(Filter(), limit=50, user=user),
        "first page, one signal": lambda: review.page(Filter(site="paper", signal=SIGNALS[0]), limit=50, user=user),
        "published, newest": lambda: review.page(Filter(site="paper", status=Status.PUBLISHED), Order.NEWEST, limit=50),
        "all of a domain": lambda: review.page(Filter(site="paper", domain="shop7.com", status=None)),
        "near-duplicates": lambda: review.page(Filter(like=like, status=None)),
        "counts": lambda: review.counts("paper"),
        "figures": lambda: moderator.reports.figures("paper"),
    }


def _decide(review: Review, user: User) -> None:
    item = review.take(Filter(site="paper"), Order.CERTAIN, user).items[0]
    if review.decide_many([item.seen], Decision.APPROVE, user).skipped:
        raise AssertionError("an item that was taken could not be decided")


def by_turns_ms(uses: Sequence[Callable[[], object]]) -> list[float]:
    """The median time of each in milliseconds; they take turns, so that what else the machine does meets all alike."""
    times: list[list[float]] = [[] for _ in uses]
    for run in range(-WARM_UP, RUNS):
        for use, taken in zip(uses, times, strict=True):
            begin = time.perf_counter()
            use()
            if run >= 0:
                taken.append((time.perf_counter() - begin) * 1000)
    return [statistics.median(taken) for taken in times]


def compare(kind: str, server: str, large: int) -> bool:
    """Fill both sizes and print what each use takes; true where all stay within their bounds."""
    with ExitStack() as stack:
        urls, uses = [], []
        for count in (SMALL, large):
            urls.append(stack.enter_context(scratch(kind, server)))
            Database.upgrade(urls[-1])
            database = Database.open(urls[-1])
            stack.callback(database.close)
            begin = time.perf_counter()
            moderator = fill(database, count)
            print(f"{kind}: {count:,} comments stored in {time.perf_counter() - begin:.0f} s", flush=True)
            uses.append(uses_of(moderator, count))
        print(f"{'median ms on ' + kind:<28}{SMALL:>12,}{large:>12,}{'ratio':>8}")
        stays = [_compare_use(name, [of_size[name] for of_size in uses]) for name in uses[0]]
        pages = next_comment(urls)
    print(f"{'next comment in Chromium':<28}{'median ms':>12}{'95th':>12}{'opens':>8}{'sent':>8}")
    stays += [_show_page(count, waited) for count, waited in zip((SMALL, large), pages, strict=True)]
    return all(stays)


def _compare_use(name: str, of_sizes: Sequence[Callable[[], object]]) -> bool:
    few, many = by_turns_ms(of_sizes)
    is_bound = name in BOUND_USES
    bound = f"  at most {BOUND}" if is_bound else ""
    print(f"{name:<28}{few:>12.2f}{many:>12.2f}{many / few:>8.2f}{bound}", flush=True)
    return many <= BOUND * few or not is_bound


def _show_page(count: int, waited: Waited) -> bool:
    median, last = statistics.median(waited.next_ms), statistics.quantiles(waited.next_ms, n=20)[-1]
    figures = f"{median:>12.1f}{last:>12.1f}{waited.opened_ms:>8.0f}{statistics.median(waited.sent_ms):>8.0f}"
    print(f"{f'{count:,} stored':<28}{figures}  at most {MOST_MS}")
    return last < MOST_MS


def main() -> int:
    """Compare on each database that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--on", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--server", default=SERVER)
    given = parser.parse_args()
    results = [compare(kind, given.server, given.large) for kind in given.on or ("sqlite", "postgresql")]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
