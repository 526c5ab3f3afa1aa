"""What is read from the store as a whole: the dashboard's figures, exports, and the end of readers' data.

Knows the store alone.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np

from moderation import drift
from moderation.comment import Decision, Thresholds
from moderation.detection.features import Tables
from moderation.drift import Drift, Reference
from moderation.review import Review
from moderation.storage import decisions, figures, outbox, retention, review_queue, tallies
from moderation.storage.comments import strongest_signal
from moderation.storage.database import Database
from moderation.storage.records import Figures, Filter, Order, StoredComment

_AT_ONCE = 500  # comments purged in one transaction, or read for an export at a time
_LATELY = 5_000  # comments that are held against the training
_REMEMBERED = timedelta(minutes=1)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

_COLUMNS = (
    "site",
    "comment_id",
    "article_id",
    "received_at",
    "status",
    "decision",
    "decided_by",
    "decided_at",
    "action",
    "rule",
    "promotional",
    "off_topic",
    "signal",
    "release",
    "language",
    "author_name",
    "author_email",
    "author_url",
    "author_ip",
    "body",
)


class Trained(Protocol):
    """A loaded release with what its manifest says, as ``moderation.release.load`` gives it."""

    @property
    def version(self) -> str:
        """Its name."""

    @property
    def thresholds(self) -> Thresholds:
        """From where on it holds and rejects."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """All that its file says."""

    @property
    def tables(self) -> Tables:
        """The words that it knows, among others."""


class Reports:
    """Figures, exports, retention."""

    def __init__(self, database: Database, review: Review, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._review = review
        self._clock = clock
        self._drift: tuple[str, datetime, Drift | None] = "", clock(), None

    def figures(self, site: str | None = None, days: int = 30) -> Figures:
        """What the dashboard shows of the last days, of one site or of all."""
        now = self._clock()
        since = (now - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._database.reading() as connection:
            site_id = None if site is None else review_queue.site_id(connection, site)
            oldest = figures.oldest_held(connection, site_id)
            times = figures.times_to_decision(connection, site_id, since)
            return Figures(
                received=tallies.received(connection, site_id, since.date().isoformat()),
                decided=figures.decided(connection, site_id, since),
                disagreement=figures.disagreement(connection, site_id, since),
                oldest_held_s=None if oldest is None else (now - oldest).total_seconds(),
                median_to_decision_s=times.median_s,
                slow_to_decision_s=times.slow_s,
            )

    def drift(self, release: Trained) -> Drift | None:
        """How far the last comments have moved from the release's training; None where it kept no figures of that.

        Counted again once a minute. Undone decisions do not count.
        """
        known = drift.of_manifest(release.manifest)
        if known is None:
            return None
        version, until, found = self._drift
        if found is None or version != release.version or self._clock() >= until:
            found = self._measured(release, known)
            self._drift = release.version, self._clock() + _REMEMBERED, found
        return found

    def _measured(self, release: Trained, known: Reference) -> Drift:
        with self._database.reading() as connection:
            rows = figures.lately(connection, release.version, _LATELY)
        held = [row.decision for row in rows if row.suspected and row.decision is not None]
        live = drift.Live(
            promotional=np.array([row.promotional for row in rows]),
            decided=len(held),
            approved=held.count(Decision.APPROVE.value),
            unseen=drift.unseen_share(release.tables, [row.body for row in rows]),
        )
        return drift.measure(known, live, release.thresholds.hold)

    def export_csv(self, filter: Filter) -> Iterator[str]:
        """Lines of a CSV with a heading, each ended; no cell starts a formula in a spreadsheet."""
        yield _csv_line(_COLUMNS)
        for record in self._records(filter):
            yield _csv_line([spreadsheet_cell(record[column]) for column in _COLUMNS])

    def export_json_lines(self, filter: Filter) -> Iterator[str]:
        """Lines of JSON, one comment each with article id, score, status and standing decision, each ended."""
        for record in self._records(filter):
            yield json.dumps(record, ensure_ascii=False) + "\n"

    def purgeable(self, older_than: timedelta) -> int:
        """How many comments ``purge`` would remove the text of."""
        with self._database.reading() as connection:
            return retention.count_old(connection, self._clock() - older_than)

    def purge(self, older_than: timedelta, tell: Callable[[int], object] = lambda purged: None) -> int:
        """Remove texts, names, addresses and search words of comments received before; keep labels and counts.

        Works in short transactions, so that the service goes on meanwhile, and tells after each how many comments it
        purged. Returns how many they were in all. A comment that is still held loses its text as well and stays in
        the queue.
        """
        now = self._clock()
        purged = 0
        while True:
            with self._database.writing() as connection:
                rows = retention.old(connection, now - older_than, _AT_ONCE)
                retention.purge(connection, rows, now)
            purged += len(rows)
            tell(len(rows))
            if len(rows) < _AT_ONCE:
                break
        self._sweep(now - older_than, now)
        return purged

    def _sweep(self, before: datetime, now: datetime) -> None:
        """Remove events from before that nobody waits for, and what has ended by itself."""
        swept = _AT_ONCE
        while swept == _AT_ONCE:
            with self._database.writing() as connection:
                swept = outbox.sweep(connection, before, _AT_ONCE)
        with self._database.writing() as connection:
            retention.sweep(connection, now)

    def _records(self, filter: Filter) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            page = self._review.page(filter, Order.NEWEST, cursor, _AT_ONCE)
            with self._database.reading() as connection:
                standing = decisions.standing(connection, [item.number for item in page.items])
            for item in page.items:
                yield _record(item, standing.get(item.number, []))
            cursor = page.cursor
            if cursor is None:
                return


def _record(item: StoredComment, standing: list[Any]) -> dict[str, Any]:
    comment, author, last = item.comment, item.comment.author, standing[-1] if standing else None
    return {
        "site": item.site,
        "comment_id": comment.id,
        "article_id": "" if item.article is None else item.article.id or item.article.url,
        "received_at": item.received_at.isoformat(),
        "status": item.status.value,
        "decision": "" if item.decision is None else item.decision.value,
        "decided_by": "" if last is None else last.made_by,
        "decided_at": "" if last is None else last.made_at.isoformat(),
        "action": item.action.value,
        "rule": item.rule,
        "promotional": item.score.promotional,
        "off_topic": item.score.off_topic,
        "signal": strongest_signal(item.score.reasons),
        "release": item.score.release,
        "language": item.language,
        "author_name": author.name,
        "author_email": author.email,
        "author_url": author.url,
        "author_ip": author.ip,
        "body": comment.body,
    }


def spreadsheet_cell(value: object) -> str:
    """A cell that a spreadsheet takes as text: an apostrophe stands before what it would take as a formula."""
    text = "" if value is None else str(value)
    shown = text.lstrip(" \u00a0\u200b\ufeff")
    return f"'{text}" if isinstance(value, str) and shown.startswith(_FORMULA) else text


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()
