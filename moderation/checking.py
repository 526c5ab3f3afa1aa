"""How a comment is checked: scored with its article, treated by its site's policy, stored, later scored again.

Knows the detector and the store; neither who asks nor what moderators do afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.adaptation import Adaptation
from moderation.comment import Action, Article, Comment, Pair, Score, Status
from moderation.decisions import make_findable, words_of
from moderation.detection.campaigns import all_traces, plain_traces
from moderation.detection.languages import language_of
from moderation.gathering import Gathering
from moderation.rules import REMEMBERED, Rules
from moderation.storage import arrivals, articles, campaigns, comments, outbox, sites, tallies
from moderation.storage.arrivals import Arrival, Stored
from moderation.storage.articles import Known
from moderation.storage.columns import storable
from moderation.storage.comments import Judged, comment_of
from moderation.storage.database import Database
from moderation.storage.errors import Invalid, Unavailable
from moderation.storage.fetches import Errand
from moderation.storage.records import Site

CHANGED_AFTER_REJECTION = "changed after it was rejected"
_BATCH = 500
_LONGEST_NAME = 1020
_MOST_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class Advice:
    """A score, the action that a site's policy takes on it, and the name of the rule that matched."""

    score: Score
    action: Action
    rule: str


@dataclass(frozen=True, slots=True)
class Arriving:
    """A comment that may be new, and the article that it stands under as ``arrivals.Arrival`` has it."""

    site: Site
    comment: Comment
    known: Known | None


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

    def __init__(self, adaptation: Adaptation, database: Database, rules: Rules, clock: Callable[[], datetime]) -> None:
        self._adaptation = adaptation
        self._database = database
        self._rules = rules
        self._clock = clock
        self._articles: dict[tuple[int, str], tuple[datetime, Known]] = {}
        self._arrivals = Gathering(self._take, of_all=(Unavailable,))

    def check(self, site: Site, comment: Comment, article: Article | None) -> Checked:
        """See ``Moderator.check``."""
        expect_name(comment.id, "comment")
        asked = self._known(site, article)
        [(judged, stored)] = self._arrivals.do([Arriving(site, comment, asked)])
        if stored.number is None:
            checked = self._check_again(site, comment, judged, stored.article)
        else:
            checked = _checked(comment, stored.number, judged, created=True)
        if stored.article is not None and stored.article is not asked:
            self._remember(site, stored.article.article, stored.article)
        if stored.article is not None and (stored.is_news or stored.number is None or stored.article.version == 0):
            self._settle(site, stored.article)
        return checked

    def put_article(self, site: Site, article: Article) -> bool:
        """See ``Moderator.put_article``."""
        expect_name(article.id or "none", "article")
        if articles.is_named_only(article):
            raise Invalid("an article needs a title or a body")
        with self._database.writing() as connection:
            [(known, is_news)] = articles.place(connection, [(site.id, article)])
        self._remember(site, article, known)
        self._settle(site, known)
        return is_news and known.version == 1

    def put_fetched(self, site_id: int, article: Article, errand: Errand) -> int | None:
        """Store an article that was fetched, and score the comments that waited for it; gives its version.

        Where the publication sent it meanwhile nothing is stored, and None given.
        """
        with self._database.writing() as connection:
            if not articles.is_at(connection, errand.number, errand.version):
                return None
            site = sites.numbered(connection, site_id)
            [(known, _is_news)] = articles.place(connection, [(site_id, article)])
        self._remember(site, article, known)
        self._settle(site, known)
        return known.version

    def advise(self, site: Site, pairs: Sequence[Pair]) -> list[Advice]:
        """See ``Moderator.score_many``."""
        whole = [(comment, self._whole(site, article)) for comment, article in pairs]
        scores = self._adaptation.score_many(site, whole)
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
        known = self._remembered(site, article) or self._find(site, article)
        return _text_of(known)

    # --- The article ---------------------------------------------------------------------------------------------

    def _known(self, site: Site, article: Article | None) -> Known | None:
        """The article that is meant; its number is 0 where its text or its name has to be stored."""
        if article is None or not articles.says_something(article):
            return None
        expect_name(article.id or "none", "article")
        known = self._remembered(site, article)
        if articles.is_named_only(article):
            known = known or self._find(site, article)
            return known if known and known.version else Known(known.number if known else 0, 0, article)
        if known is not None and not _is_same(known.article, article):
            known = None
        return known or Known(0, 0, article)

    def _remembered(self, site: Site, article: Article) -> Known | None:
        until, known = self._articles.get((site.id, articles.name_of(article)), (None, None))
        return known if until is not None and self._clock() < until else None

    def _find(self, site: Site, article: Article) -> Known | None:
        with self._database.reading() as connection:
            known = articles.find(connection, site.id, article)
        if known is not None:
            self._remember(site, article, known)
        return known

    def _remember(self, site: Site, article: Article, known: Known) -> None:
        if known.version == 0:
            return
        if len(self._articles) >= _MOST_REMEMBERED:
            self._articles.clear()
        self._articles[site.id, articles.name_of(article)] = (self._clock() + REMEMBERED, known)

    # --- Score and store -----------------------------------------------------------------------------------------

    def _take(self, arriving: Sequence[Arriving]) -> list[tuple[Judged, Stored]]:
        """Score comments that came together, and store them in one transaction."""
        judged, now = self._judge(arriving), self._clock()
        rows = [_arrival(one, how, now) for one, how in zip(arriving, judged, strict=True)]
        with self._database.writing() as connection:
            stored = arrivals.store(connection, rows, now)
        return list(zip(judged, stored, strict=True))

    def _judge(self, arriving: Sequence[Arriving]) -> list[Judged]:
        pairs = [(one.comment, _text_of(one.known)) for one in arriving]
        scores = self._adaptation.score_each([one.site for one in arriving], pairs)
        return [
            self._judged(one.site, one.comment, score, one.known) for one, score in zip(arriving, scores, strict=True)
        ]

    def _judged(self, site: Site, comment: Comment, score: Score, known: Known | None) -> Judged:
        action, status, rule = self._rules.verdict(site, comment, score, self._rules.policy(site, score.release))
        language = "" if status is Status.PUBLISHED else language_of(comment.body)
        return Judged(score, action, status, rule, 0 if known is None else known.version, language)

    def _check_again(self, site: Site, comment: Comment, judged: Judged, known: Known | None) -> Checked:
        """Answer as before where the text is the stored one, else store a new revision of it."""
        with self._database.reading() as connection:
            row = comments.named(connection, site.id, comment.id)
        if row.body == storable(comment.body):
            return _as_before(comment, row)
        with self._database.writing() as connection:
            row = comments.named(connection, site.id, comment.id, lock=True)
            if row.body == storable(comment.body):
                return _as_before(comment, row)
            if known is None and row.article_id is not None:
                known = articles.of_comment(connection, row.id)
                [judged] = self._judge([Arriving(site, comment, known)])
            self._revise(connection, comment, row, _after(row, judged), known)
        return _checked(comment, row.id, _after(row, judged), created=False)

    def _revise(
        self, connection: Connection, comment: Comment, row: sa.Row[Any], judged: Judged, known: Known | None
    ) -> None:
        number, version = (None, 0) if known is None else (known.number, known.version)
        judged = replace(judged, article_version=version)
        comments.revise(connection, row, comment, judged, article_number=number, now=self._clock())
        campaigns.forget(connection, [row.id])
        campaigns.add(connection, [(row.site_id, row.id, trace) for trace in plain_traces(comment)])
        make_findable(connection, [(row.id, row.site_id, comment)])
        outbox.add_checked(connection, [(row.site_id, row.id, row.name, judged.status)], self._clock())

    # --- Comments that came before their article -----------------------------------------------------------------

    def _settle(self, site: Site, stored: Known) -> None:
        """Score again what waited for an article: whoever stores a comment or its article last sees the other."""
        known = self._find(site, stored.article) if stored.version == 0 else stored
        if known is None or known.version == 0:
            return
        self._adopt(site, known)
        self._score_all_waiting(site, known, stored.number)

    def _adopt(self, site: Site, known: Known) -> None:
        """Give an article the comments that named it by its address alone."""
        with self._database.reading() as connection:
            number = articles.number_by_address(connection, site.id, known)
            if number is None or not comments.stands_under(connection, number):
                return
        with self._database.writing() as connection:
            articles.adopt(connection, number, known)

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
        scores = self._adaptation.score_many(site, [(comment, known.article) for comment in waiting])
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


def _arrival(one: Arriving, judged: Judged, now: datetime) -> Arrival:
    row = comments.new_row(one.site.id, one.comment, judged, now=now)
    if judged.status is Status.PUBLISHED:
        return Arrival(row, one.known, plain_traces(one.comment))
    return Arrival(row, one.known, all_traces(one.comment), words_of(one.comment))


def _text_of(known: Known | None) -> Article | None:
    return None if known is None or articles.is_named_only(known.article) else known.article


def _after(row: sa.Row[Any], judged: Judged) -> Judged:
    """What follows from a new text's score where a person had rejected the text before."""
    if row.status == Status.REJECTED and row.decision is not None and judged.status is Status.PUBLISHED:
        return replace(judged, action=Action.HOLD, status=Status.HELD, rule=CHANGED_AFTER_REJECTION)
    return judged


def _as_before(comment: Comment, row: sa.Row[Any]) -> Checked:
    stored = Judged(comments.score_of(row), Action(row.action), Status(row.status), row.rule)
    return _checked(comment, row.id, stored, created=False)


def _checked(comment: Comment, number: int, judged: Judged, *, created: bool) -> Checked:
    return Checked(comment.id, number, judged.action, judged.status, judged.score, judged.rule, created)


def _is_same(stored: Article, given: Article) -> bool:
    return replace(stored, id="") == replace(given, id="")
