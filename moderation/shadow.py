"""A candidate scores what the service stored, beside the release that serves, and differences are kept.

It reads stored comments, some at a time and with rests, and is no part of any request: it can neither slow nor fail an
answer. Calls that store nothing leave nothing to score.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moderation import release as releases
from moderation.comment import Action
from moderation.release import Release
from moderation.rules import Rules
from moderation.shelf import Shelf
from moderation.storage import shadows
from moderation.storage.database import Database
from moderation.storage.shadows import Difference

AT_ONCE = 64
"""Comments that are scored in one go, in some 20 ms."""

REST = 4
"""A process rests so many times as long as it scored, so that a fifth of a core is the most that a shadow takes."""

LEAST_GAP = 0.25
"""Probabilities that differ by this are kept also where the action is the same."""


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """Where a release in the shadow differs: comments by both actions, and the widest differences as examples."""

    release: str
    since: datetime | None
    counts: dict[tuple[Action, Action], int]
    examples: tuple[Difference, ...]

    @property
    def scored(self) -> int:
        """How many comments it scored."""
        return sum(self.counts.values())

    @property
    def differ(self) -> int:
        """On how many of them it would advise another action."""
        return sum(n for (before, after), n in self.counts.items() if before is not after)

    def as_dict(self) -> dict[str, Any]:
        """The values for JSON."""
        return {
            "release": self.release,
            "since": None if self.since is None else self.since.isoformat(),
            "scored": self.scored,
            "differ": self.differ,
            "actions": [{"current": b, "shadow": a, "comments": n} for (b, a), n in sorted(self.counts.items())],
            "examples": [_told(one) for one in self.examples],
        }


class Shadow:
    """The shadow of one process."""

    def __init__(self, shelf: Shelf, database: Database, clock: Callable[[], datetime]) -> None:
        self._shelf = shelf
        self._database = database
        self._clock = clock
        self._release: Release | None = None
        self._rest_until_s = 0.0

    def work(self) -> bool:
        """Let the shadow score some comments, and say whether there may be more. Raises ReleaseError, StoreError."""
        name = self._shelf.shadow()
        if name is None or time.monotonic() < self._rest_until_s:
            return name is not None
        begun_s = time.monotonic()
        scored = self._score(self._loaded(name))
        self._rest_until_s = time.monotonic() + REST * (time.monotonic() - begun_s)
        return scored == AT_ONCE

    def _score(self, release: Release) -> int:
        with self._database.writing() as connection:
            given = shadows.take(connection, release.version, AT_ONCE, self._clock())
        if not given:
            return 0
        scores = release.classifier.score_many([(one.comment, one.article) for one in given])
        rules = Rules(self._database, lambda: release, self._clock)
        told = [
            (one, score.promotional, rules.verdict(one.site, one.comment, score, rules.policy(one.site)).action)
            for one, score in zip(given, scores, strict=True)
        ]
        with self._database.writing() as connection:
            shadows.record(connection, release.version, told, LEAST_GAP)
        return len(given)

    def _loaded(self, name: str) -> Release:
        if self._release is None or self._release.version != name:
            self._release = releases.load(self._shelf.models / name)
        return self._release


def report(database: Database, release: str, examples: int = 20) -> ShadowReport:
    """Where a release differs from those that served while it stood in the shadow."""
    with database.reading() as connection:
        return ShadowReport(
            release,
            shadows.since(connection, release),
            shadows.counts(connection, release),
            tuple(shadows.differences(connection, release, examples)),
        )


def _told(one: Difference) -> dict[str, Any]:
    return {
        "site": one.site,
        "comment_id": one.comment.id,
        "body": one.comment.body,
        "author_name": one.comment.author.name,
        "current": {"release": one.current, "promotional": one.promotional_before, "action": one.before},
        "shadow": {"promotional": one.promotional_after, "action": one.after},
    }
