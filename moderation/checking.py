"""How a comment is checked: scored with its article, treated by its site's policy, stored, later scored again.

Knows the detector and the store; neither who asks nor what moderators do afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Action, Article, Comment, Pair, Score, Status, Thresholds
from moderation.decisions import keep_traces, make_findable
from moderation.detection.campaigns import plain_traces
from moderation.detection.languages import language_of
from moderation.rules import REMEMBERED, Rules
from moderation.storage import articles, campaigns, comments, fetches, outbox, sites, tallies
from moderation.storage.articles import Known
from moderation.storage.columns import storable
from moderation.storage.comments import Judged, comment_of
from moderation.storage.database import Database
from moderation.storage.errors import Invalid
from moderation.storage.fetches import Errand
from moderation.storage.records import Site

CHANGED_AFTER_REJECTION = "changed after it was rejected"
_BATCH = 500
_LONGEST_NAME = 500
_MOST_REMEMBERED = 2_000


class Scorer(Protocol):
    """What the detector gives: scores in the order of the pairs."""

    def score_many(self, pairs: Sequence[Pair]) -> list[Score]:
        """Score pairs of a comment and its article."""


class Release(Protocol):
    """A loaded release, as ``moderation.release.load`` gives it."""

    @property
    def version(self) -> str:
        """Which release it is."""

    @property
    def thresholds(self) -> Thresholds:
        """From where on it would hold and reject."""

    @property
    def classifier(self) -> Scorer:
        """Its detector."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A score, the action that a site's policy takes on it, and the name of the rule that matched."""

    score: Score
    action: Action
    rule: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a publication is told of a comment that is now stored. ``created`` is false where it was stored already."""

    comment_id: str
    number: int
    action: Action
    status: Status
    score: Score
    rule: str
    created: bool


class Checker:
    """Checks comments of any site. May be used by many threads."""

    def __init__(
        self, release: Callable[[], Release], database: Database, rules: Rules, clock: Callable[[], datetime]
    ) -> None:
        self._release = release
        self._database = database
        self._rules = rules
        self._clock = clock
        self._articles: dict[tuple[int, str], tuple[datetime, Known]] = {}

    def check(self, site: Site, comment: Comment, article: Article | None) -> Checked:
        """See ``Moderator.check``."""
        expect_name(comment.id, "comment")
        article = article if article is not None and articles.says_something(article) else None
        known = self._known(site, article)
        judged = self._judge(site, comment, known)
        row, traces = comments.new_row(site.id, comment, judged, now=self._clock()), plain_traces(comment)
        with self._database.writing() as connection:  # nothing in here but SQL: other writers wait
            number = row["article_id"] = self._number(connection, site, article, known)
            added = comments.add(connection, row)
            if added is None:
                checked = self._store_again(connection, site, comment, judged, number)
            else:
                checked = _checked(comment, added, judged, created=True)
                keep_traces(connection, added, site.id, traces)
                if judged.status is not Status.PUBLISHED:
                    make_findable(connection, [(added, site.id, comment)])
                self._tell(connection, site, checked)
        if number is not None and known is None and article is not None:
            self._look_again(site, article, number)
        return checked

    def put_article(self, site: Site, article: Article) -> bool:
        """See ``Moderator.put_article``."""
        expect_name(article.id or "none", "article")
        if articles.is_named_only(article):
            raise Invalid("an article needs a title or a body")
        with self._database.writing() as connection:
            known, is_new = articles.put(connection, site.id, article)
            self._score_waiting(connection, site, known, known.number)
        self._remember(site, article, known)
        self._score_all_waiting(site, known, known.number)
        return is_new

    def put_fetched(self, site_id: int, article: Article, errand: Errand) -> int | None:
        """Store an article that was fetched, and score the comments that waited for it; gives its version.

        Where the publication sent it meanwhile nothing is stored, and None given.
        """
        with self._database.writing() as connection:
            if not articles.is_at(connection, errand.number, errand.version):
                return None
            site = sites.numbered(connection, site_id)
            known, _is_new = articles.put(connection, site_id, article)
            self._score_waiting(connection, site, known, known.number)
        self._remember(site, article, known)
        self._score_all_waiting(site, known, known.number)
        return known.version

    def want_article(self, site: Site, article: Article) -> None:
        """See ``Moderator.want_article``."""
        if article.url and articles.is_named_only(article) and self._known(site, article) is None:
            with self._database.writing() as connection:
                self._number(connection, site, article, None)

    def advise(self, site: Site, pairs: Sequence[Pair]) -> list[Advice]:
        """See ``Moderator.score_many``."""
        whole = [(comment, self._whole(site, article)) for comment, article in pairs]
        scores = self._release().classifier.score_many(whole)
        in_force = self._rules.policy(site, scores[0].release if scores else "")
        verdicts = [
            self._rules.verdict(site, comment, score, in_force)
            for (comment, _article), score in zip(whole, scores, strict=True)
        ]
        return [Advice(score, one.action, one.rule) for score, one in zip(scores, verdicts, strict=True)]

    def _whole(self, site: Site, article: Article | None) -> Article | None:
        """An article with its text where the site has sent it before."""
        if article is None or not articles.is_named_only(article):
            return article
        known = self._known(site, article)
        return None if known is None else known.article

    # --- The article ---------------------------------------------------------------------------------------------

    def _known(self, site: Site, article: Article | None) -> Known | None:
        """The article as it is stored; one that is given whole is stored first. None where it was not sent yet."""
        if article is None:
            return None
        name = articles.name_of(article)
        until, known = self._articles.get((site.id, name), (None, None))
        fresh = until is not None and self._clock() < until
        if articles.is_named_only(article):
            return known if fresh else self._find(site, article)
        if not fresh or known is None or not _is_same(known.article, article):
            self.put_article(site, article)
            known = self._articles[site.id, name][1]
        return known

    def _find(self, site: Site, article: Article) -> Known | None:
        with self._database.reading() as connection:
            known = articles.find(connection, site.id, article)
        if known is None or known.version == 0:
            return None
        self._remember(site, article, known)
        return known

    def _remember(self, site: Site, article: Article, known: Known) -> None:
        if len(self._articles) >= _MOST_REMEMBERED:
            self._articles.clear()
        self._articles[site.id, articles.name_of(article)] = (self._clock() + REMEMBERED, known)

    def _number(self, connection: Connection, site: Site, article: Article | None, known: Known | None) -> int | None:
        if known is not None:
            return known.number
        if article is None:
            return None
        number = articles.name(connection, site.id, article)
        if article.url:
            fetches.want(connection, site.id, number, article.url, self._clock())
        return number

    # --- Score and store -----------------------------------------------------------------------------------------

    def _judge(self, site: Site, comment: Comment, known: Known | None) -> Judged:
        [score] = self._release().classifier.score_many([(comment, None if known is None else known.article)])
        return self._judged(site, comment, score, known)

    def _judged(self, site: Site, comment: Comment, score: Score, known: Known | None) -> Judged:
        action, status, rule = self._rules.verdict(site, comment, score, self._rules.policy(site, score.release))
        language = "" if status is Status.PUBLISHED else language_of(comment.body)
        return Judged(score, action, status, rule, 0 if known is None else known.version, language)

    def _store_again(
        self, connection: Connection, site: Site, comment: Comment, judged: Judged, article_number: int | None
    ) -> Checked:
        """Answer as before where the text is the stored one, else store a new revision of it."""
        row = comments.lock_named(connection, site.id, comment.id)
        if row.body == storable(comment.body):
            stored = Judged(comments.score_of(row), Action(row.action), Status(row.status), row.rule)
            return _checked(comment, row.id, stored, created=False)
        if article_number is None and row.article_id is not None:
            judged = self._judge(site, comment, articles.of_comment(connection, row.id))
        if row.status == Status.REJECTED and row.decision is not None and judged.status is Status.PUBLISHED:
            judged = replace(judged, action=Action.HOLD, status=Status.HELD, rule=CHANGED_AFTER_REJECTION)
        now = self._clock()
        comments.revise(connection, row, comment, judged, article_number=article_number or row.article_id, now=now)
        campaigns.forget(connection, [row.id])
        keep_traces(connection, row.id, site.id, plain_traces(comment))
        make_findable(connection, [(row.id, site.id, comment)])
        checked = _checked(comment, row.id, judged, created=False)
        self._tell(connection, site, checked)
        return checked

    def _tell(self, connection: Connection, site: Site, checked: Checked) -> None:
        outbox.add_checked(
            connection, site.id, checked.number, comment_id=checked.comment_id, status=checked.status, now=self._clock()
        )

    # --- Comments that came before their article -----------------------------------------------------------------

    def _look_again(self, site: Site, article: Article, number: int) -> None:
        """Score again where the article came while the comment was being stored: whoever is last sees the other."""
        known = self._find(site, article)
        if known is not None:
            self._score_all_waiting(site, known, number)

    def _score_all_waiting(self, site: Site, known: Known, number: int) -> None:
        with self._database.reading() as connection:
            left = comments.is_waited_for(connection, number)
        while left:
            with self._database.writing() as connection:
                left = self._score_waiting(connection, site, known, number)

    def _score_waiting(self, connection: Connection, site: Site, known: Known, number: int) -> bool:
        """Score a batch of those that wait for an article under this number, and say whether more may be left."""
        rows = comments.waiting(connection, number, _BATCH)
        waiting = [comment_of(row) for row in rows]
        scores = self._release().classifier.score_many([(comment, known.article) for comment in waiting])
        moves = [
            self._rescore(connection, site, row, self._judged(site, comment, score, known), known)
            for row, comment, score in zip(rows, waiting, scores, strict=True)
        ]
        tallies.move(connection, moves)
        return len(rows) == _BATCH

    def _rescore(
        self, connection: Connection, site: Site, row: sa.Row[Any], judged: Judged, known: Known
    ) -> tallies.Move:
        """A new score moves a comment only where no person decided on it."""
        if row.decision is not None or row.rule == CHANGED_AFTER_REJECTION:
            judged = replace(judged, action=Action(row.action), status=Status(row.status), rule=row.rule)
        judged = replace(judged, language=judged.language or row.language)
        now = self._clock()
        move = comments.rescore(connection, row, judged, article_number=known.number, now=now)
        if judged.status != row.status:
            outbox.add(connection, [(row, judged.status)], decision=None, by="", now=now)
            if judged.status is not Status.PUBLISHED:
                make_findable(connection, [(row.id, site.id, comment_of(row))])
        return move


def expect_name(name: str, of_what: str) -> None:
    """Refuse an id that is empty or too long for an index."""
    if not name.strip() or len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise Invalid(f"the id of a {of_what} that is stored has 1 to {_LONGEST_NAME} bytes")


def _checked(comment: Comment, number: int, judged: Judged, *, created: bool) -> Checked:
    return Checked(comment.id, number, judged.action, judged.status, judged.score, judged.rule, created)


def _is_same(stored: Article, given: Article) -> bool:
    return replace(stored, id="") == replace(given, id="")
