"""What a moderator does: see the queue, have an item to themselves, decide one or many at once, and take it back.

Knows the store and the detector's traces of campaigns; neither how a score is made nor how a page looks.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.engine import Connection

from moderation import decisions
from moderation.comment import Article, Decision, Status
from moderation.detection.campaigns import NEAR_SHARED, domains_of, text_traces, traces_of
from moderation.storage import articles, comments, review_queue, sites, tallies
from moderation.storage import decisions as log
from moderation.storage.database import Database
from moderation.storage.decisions import Maker
from moderation.storage.errors import NotFound
from moderation.storage.records import (
    AuthorHistory,
    Counts,
    Decided,
    DecidedComment,
    Event,
    Filter,
    Order,
    Page,
    Seen,
    Selection,
    StoredComment,
    User,
)
from moderation.storage.review_queue import Where
from moderation.storage.tables import comments as table

_MOST_SELECTED = 100_000
_AT_ONCE = 500  # comments decided in one transaction: others write between two of them
_LONGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a comment: its whole article and the comment that it answers, where they are known.

    ``author`` is what its author did on its site before, of the last 1,000 comments; ``domains`` are those that it
    promotes, for ``Filter.domain``.
    """

    article: Article | None
    parent: StoredComment | None
    author: AuthorHistory
    domains: tuple[str, ...]


class Review:
    """The queue and its decisions, over all sites. ``number`` is ``StoredComment.number``."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    # --- Look --------------------------------------------------------------------------------------------------------

    def page(
        self,
        filter: Filter,
        order: Order = Order.CERTAIN,
        cursor: str | None = None,
        limit: int = 50,
        user: User | None = None,
    ) -> Page[StoredComment]:
        """A page of comments. With a user, what others have open is left out. ``NotFound`` where no such site is."""
        with self._database.reading() as connection:
            where = self._where(connection, filter)
            if user is not None:
                where.append(review_queue.unclaimed(user.id, self._clock()))
            limit = max(1, min(limit, _LONGEST_PAGE))
            return review_queue.page(
                connection, filter.status, where, order, cursor=cursor, limit=limit, now=self._clock()
            )

    def item(self, number: int) -> StoredComment:
        """One comment of any site and status. Raises ``NotFound``."""
        with self._database.reading() as connection:
            return self._item(connection, number)

    def article(self, number: int) -> Article | None:
        """The whole article of a comment, with its body; None where none is known."""
        with self._database.reading() as connection:
            return articles.of_comments(connection, [number]).get(number)

    def around(self, items: Sequence[StoredComment]) -> list[Around]:
        """What stands around each of these comments."""
        numbers = [item.number for item in items]
        with self._database.reading() as connection:
            known = articles.of_comments(connection, numbers)
            authors = comments.author_histories(connection, numbers)
            answered = {item.number: item.comment.parent_id for item in items if item.comment.parent_id is not None}
            parents = {number: comments.parent(connection, number, self._clock()) for number in answered}
        return [
            Around(known.get(number), parents.get(number), authors[number], domains_of(item.comment))
            for number, item in zip(numbers, items, strict=True)
        ]

    def history(self, number: int) -> tuple[Event, ...]:
        """What happened to a comment, oldest first."""
        with self._database.reading() as connection:
            return log.history(connection, number)

    def count(self, filter: Filter, at_most: int = 1_000) -> int:
        """How many comments a filter finds, counted up to ``at_most``."""
        with self._database.reading() as connection:
            return review_queue.count(connection, filter.status, self._where(connection, filter), at_most)

    def counts(self, site: str | None = None) -> Counts:
        """How many are held by site, article, signal, language and day of arrival; cheap at any size."""
        with self._database.reading() as connection:
            site_id = None if site is None else review_queue.site_id(connection, site)
            status, held = tallies.read(connection, "status", site_id), tallies.held_by_site(connection)
            return Counts(
                status={one: status.get(one.value, 0) for one in Status},
                site={one.name: held.get(one.id, 0) for one in sites.every(connection)},
                article=articles.named(connection, tallies.read(connection, "article", site_id)),
                signal=tallies.read(connection, "signal", site_id),
                language=tallies.read(connection, "language", site_id),
                day=dict(sorted(tallies.read(connection, "day", site_id).items())),
            )

    # --- Have an item to oneself -------------------------------------------------------------------------------------

    def take(
        self, filter: Filter, order: Order, user: User, limit: int = 1, cursor: str | None = None
    ) -> Page[StoredComment]:
        """The next held comments that nobody has open; they are the user's until the lease (5 minutes) ends.

        Never gives one comment to two users, whatever arrives at the same moment. Renew with ``claim``.
        """
        held = replace(filter, status=Status.HELD)
        while True:
            found = self.page(held, order, cursor, limit, user)
            mine = self.claim([item.number for item in found.items], user)
            cursor = found.cursor
            if mine or cursor is None:
                taken = (replace(item, opened_by=user.email) for item in found.items if item.number in mine)
                return Page(tuple(taken), cursor)

    def claim(self, numbers: Collection[int], user: User) -> set[int]:
        """Open held comments, or renew the lease on them; gives all but those that others have or that are not held."""
        if not numbers:
            return set()
        with self._database.writing() as connection:
            return review_queue.claim(connection, numbers, user.id, self._clock())

    def release_claims(self, numbers: Collection[int], user: User) -> None:
        """Give comments back to the queue without a decision; those that are not the user's are left alone."""
        with self._database.writing() as connection:
            review_queue.release_claims(connection, user.id, numbers)

    # --- Decide ------------------------------------------------------------------------------------------------------

    def select(self, filter: Filter, user: User) -> Selection:
        """Keep the comments that a filter finds now (at most 100,000) as a snapshot for ``decide_selection``.

        Those that others have open are left out.
        """
        with self._database.writing() as connection:
            where = [*self._where(connection, filter), review_queue.unclaimed(user.id, self._clock())]
            chosen = review_queue.seen(connection, filter.status, where, _MOST_SELECTED)
            name = review_queue.keep_selection(connection, chosen, user.id, self._clock())
        return Selection(name, len(chosen))

    def decide_many(self, seen: Sequence[Seen], decision: Decision, user: User) -> Decided:
        """Decide comments as they were seen, as one step. One is a batch of one.

        Those that changed since, or that another user has open, are left alone and named in ``skipped``; where that
        is all of them nothing was decided and ``batch`` is empty.
        """
        versions = {one.number: one.version for one in seen}
        batch = decisions.new_batch()
        return decisions.joined(
            self._decide_some(numbers, versions, decision, user, batch) for numbers in _some(sorted(versions))
        )

    def decide_selection(self, selection: str, decision: Decision, user: User) -> Decided:
        """Decide exactly the comments of a snapshot, as one step. ``NotFound`` where it is old or not this user's."""
        with self._database.reading() as connection:
            chosen = review_queue.selection(connection, selection, user.id, self._clock())
        return self.decide_many(chosen, decision, user)

    def undo_batch(self, batch: str, user: User) -> Decided:
        """Take a step back as a whole; what was decided again since is left alone and named in ``skipped``."""
        with self._database.reading() as connection:
            numbers = log.numbers_of_batch(connection, batch)
        undo = decisions.new_batch()
        return decisions.joined(self._undo_some(some, batch, user, undo) for some in _some(numbers))

    def undo_last(self, user: User) -> Decided | None:
        """Take the user's own last step back that still stands; None where there is none. Several calls go further."""
        tried: list[str] = []
        while True:
            with self._database.reading() as connection:
                batch = log.last_batch(connection, user.id, tried)
            if batch is None:
                return None
            undone = self.undo_batch(batch, user)
            if undone.numbers:
                return undone
            tried.append(batch)  # others have decided on all of it since

    def decisions(
        self,
        site: str | None = None,
        by: str | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[DecidedComment]:
        """The log of what was decided and undone, newest first; ``by`` is who, ``text`` words of the comment."""
        with self._database.reading() as connection:
            where = [] if text is None else review_queue.conditions(connection, Filter(status=None, text=text))
            return log.page(
                connection,
                where,
                site_id=None if site is None else review_queue.site_id(connection, site),
                by=by,
                cursor=cursor,
                limit=max(1, min(limit, _LONGEST_PAGE)),
                now=self._clock(),
            )

    # --- Parts of the above ------------------------------------------------------------------------------------------

    def _decide_some(
        self, numbers: Sequence[int], versions: dict[int, int], decision: Decision, user: User, batch: str
    ) -> Decided:
        now = self._clock()
        with self._database.writing() as connection:
            rows = comments.lock(connection, numbers)
            opened = review_queue.opened_by_others(connection, numbers, user.id, now)
            maker = Maker(user.email, user.id)
            return decisions.decide(
                connection, rows, decision, maker=maker, batch=batch, now=now, versions=versions, opened=opened
            )

    def _undo_some(self, numbers: Sequence[int], of_batch: str, user: User, batch: str) -> Decided:
        with self._database.writing() as connection:
            maker = Maker(user.email, user.id)
            return decisions.undo(connection, numbers, maker=maker, now=self._clock(), of_batch=of_batch, batch=batch)

    def _where(self, connection: Connection, filter: Filter) -> Where:
        where = review_queue.conditions(connection, filter)
        if filter.like is not None:
            traces = text_traces(self._item(connection, filter.like).comment)
            where.append(review_queue.alike(filter.like, traces, NEAR_SHARED))
        if filter.campaign is not None:
            item = self._item(connection, filter.campaign)
            where.append(review_queue.of_campaign(connection, item, traces_of(item.comment), NEAR_SHARED))
        return where

    def _item(self, connection: Connection, number: int) -> StoredComment:
        found = comments.find(connection, table.c.id == number, now=self._clock())
        if found is None:
            raise NotFound("there is no such comment")
        return found


def _some(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))
