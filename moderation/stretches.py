"""Stretches in which a moderator decided against all that is known: found, and taken back as one step.

Knows the store and the statistic; neither who may look nor what a page shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from moderation import decisions
from moderation.comment import Decision
from moderation.detection import doubt
from moderation.detection.doubt import Ruling, Stretch
from moderation.storage import comments, lessons
from moderation.storage import decisions as log
from moderation.storage.database import Database
from moderation.storage.decisions import Maker
from moderation.storage.errors import Invalid
from moderation.storage.records import Decided, Lesson, StoredComment, User
from moderation.storage.tables import comments as table

_AT_ONCE = 500
_SAYS_A_KIND = (Decision.APPROVE, Decision.REJECT_PROMOTIONAL)


@dataclass(frozen=True, slots=True)
class Shown:
    """A doubtful stretch with some of the comments that were decided against what is known."""

    stretch: Stretch
    examples: tuple[StoredComment, ...]


class Stretches:
    """The doubtful stretches of all moderators. May be used by many threads."""

    MOST = 5_000
    """So many of the newest decisions are looked at, however long the log is."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def doubtful(self) -> tuple[Shown, ...]:
        """Stretches among the newest decisions that stand, newest first."""
        newest = islice(lessons.newest(self._database, with_articles=False), self.MOST)
        found = doubt.doubtful([_ruling(lesson) for lesson in newest if _says(lesson)])
        wanted = sorted({number for one in found for number in one.examples})
        with self._database.reading() as connection:
            rows = connection.execute(comments.view(self._clock()).where(table.c.id.in_(wanted)))
            items = {row.id: comments.stored(row) for row in rows}
        return tuple(Shown(one, tuple(items[number] for number in one.examples if number in items)) for one in found)

    def undo(
        self, moderator: str, begins_at: datetime, ends_at: datetime, by: str, user: User | None = None
    ) -> Decided:
        """Take all that a moderator decided in a time back, as one step; both ends are among it.

        What another decided again since is left alone and named in ``skipped``. Nothing is found where the moderator
        decided nothing then: ``numbers`` and ``skipped`` are empty.
        """
        if ends_at < begins_at:
            raise Invalid("the time ends before it begins")
        with self._database.reading() as connection:
            made = log.made(connection, moderator, begins_at, ends_at)
        maker, batch = Maker(by, None if user is None else user.id), decisions.new_batch()
        undone: list[int] = []
        skipped: set[int] = set()
        numbers = sorted(set(made.values()))
        for start in range(0, len(numbers), _AT_ONCE):
            some = tuple(numbers[start : start + _AT_ONCE])
            while some:  # whoever decided twice on a comment has both taken back
                with self._database.writing() as connection:
                    done = decisions.undo(connection, some, maker=maker, now=self._clock(), of=made.keys(), batch=batch)
                undone += done.numbers
                skipped.update(done.skipped)
                some = done.numbers
        taken = tuple(dict.fromkeys(undone))
        return Decided(batch if taken else "", taken, tuple(sorted(skipped - set(taken))))


def moment(text: str) -> datetime:
    """A time as a page or a person writes it, in UTC where it names no zone. ``Invalid`` where it is none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("expected a time such as 2026-12-01T09:30:00Z") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _says(lesson: Lesson) -> bool:
    """Whether a decision was not taken back, is of the text as it stands, and says what kind of comment this is.

    One that another replaced is looked at: it is the plainest disagreement.
    """
    return lesson.stood and lesson.decision in _SAYS_A_KIND


def _ruling(lesson: Lesson) -> Ruling:
    return Ruling(
        number=lesson.number,
        comment=lesson.comment,
        comment_number=lesson.comment_number,
        promotional=lesson.is_promotional,
        score=lesson.promotional,
        made_at=lesson.made_at,
        moderator=lesson.made_by,
    )
