"""What Akismet's protocol asks: is this comment spam, people say it was or was not, and how much was asked.

The protocol has no id of a comment. What has the same author, text and page is the same comment, so that one that is
asked again, or reported later, is found by a key of these; the key is also the guid that the caller is told. Knows how
comments are checked and decided; not how a call is written.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy.engine import Connection

from moderation import decisions
from moderation.addresses import expect_url
from moderation.checking import Checker
from moderation.comment import Action, Article, Author, Comment, Decision, Manner, Status
from moderation.html_text import unescaped
from moderation.spam import is_spam
from moderation.storage import activity, callbacks, comments, endpoints
from moderation.storage.activity import Activity, Counted
from moderation.storage.database import Database
from moderation.storage.decisions import Maker
from moderation.storage.endpoints import AKISMET
from moderation.storage.records import Site, StoredComment
from moderation.storage.tables import comments as table

TEST_AUTHORS = ("viagra-test-123", "akismet-guaranteed-spam@example.com")
"""A name and an e-mail address that are always spam: https://akismet.com/developers/detailed-docs/comment-check/."""

_LONGEST_REPORTER = 200
_STATUS = {Action.PUBLISH: Status.PUBLISHED, Action.HOLD: Status.HELD, Action.REJECT: Status.REJECTED}
_ADDED_BY_WORDPRESS = re.compile(r'\srel="(?:\s*(?:nofollow|ugc|noopener|noreferrer|external))+\s*"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AkismetCall:
    """One comment as a CMS tells of it, without an id.

    ``blog`` is the address that asks, as it is counted. ``guid`` was told by an earlier answer, where the CMS kept it;
    ``reporter`` is who decided there. ``is_test`` asks for an answer without a trace. ``callback`` is an address of the
    blog at which it wants to hear what is no longer so, in calls that carry ``key``; both empty where it does not.
    """

    comment: Comment
    article: Article | None = None
    blog: str = ""
    guid: str = ""
    reporter: str = ""
    is_test: bool = False
    callback: str = ""
    key: str = ""


class AkismetAnswer(NamedTuple):
    """Whether to treat a comment as spam, the guid that names it from now on, and whether it may be dropped unseen."""

    is_spam: bool
    guid: str
    may_discard: bool
    action: Action


class Akismet:
    """The uses of Akismet's protocol. May be called from many threads."""

    def __init__(self, database: Database, checker: Checker, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._checker = checker
        self._clock = clock

    def check(self, site: Site, call: AkismetCall) -> AkismetAnswer:
        """Check a comment, store it and queue it where a person must decide; asked again, tell where it stands."""
        guid, number = guid_of(call), None
        if call.is_test or _is_test_author(call.comment.author):
            answer = self._try(site, call, guid)
        else:
            stored = self._stored(site, guid) or self._checker.check(site, replace(call.comment, id=guid), call.article)
            number, answer = stored.number, _answer(site, guid, stored.action, stored.status)
        if call.comment.manner is Manner.BY_STAFF:
            answer = answer._replace(is_spam=False, may_discard=False)
        self._note(site, call, number, answer)
        return answer

    def report(self, site: Site, call: AkismetCall, decision: Decision) -> None:
        """Take what a person decided in the CMS, on the comment as it is stored, else on a new one. The last counts."""
        if call.is_test or _is_test_author(call.comment.author):
            return
        number = self._number(site, call)
        now, maker = self._clock(), Maker((call.reporter or site.name)[:_LONGEST_REPORTER])
        counted = Counted.FALSE_POSITIVES if decision is Decision.APPROVE else Counted.MISSED_SPAM
        with self._database.writing() as connection:
            rows = comments.lock(connection, [number])
            callbacks.say(connection, number, decision is not Decision.APPROVE)  # the CMS need not hear what it told
            made = decisions.decide(connection, rows, decision, maker=maker, batch=decisions.new_batch(), now=now)
            if made.numbers:
                activity.count(connection, site.id, self._month(), call.blog, counted)

    def used(self, site: Site) -> int:
        """How many checks of a site were answered this month."""
        with self._database.reading() as connection:
            return activity.totals(connection, site.id, [self._month()]).api_calls

    def totals(self, site: Site, half_a_year: bool = False) -> Activity:
        """What a site asked and reported in this month and the five before it, or ever since it is one."""
        last = _in_months(self._clock())
        first = last - 5 if half_a_year or site.created_at is None else _in_months(site.created_at)
        months = [f"{number // 12}-{number % 12 + 1:02}" for number in range(first, last + 1)]
        with self._database.reading() as connection:
            return activity.totals(connection, site.id, months)

    def addresses(
        self,
        site: Site,
        month: str | None = None,
        *,
        containing: str = "",
        order: Counted | None = None,
        limit: int,
        offset: int = 0,
    ) -> tuple[str, list[Activity], int]:
        """The month (this one by default), what each address asked in it, most active first, and how many did."""
        month = month or self._month()
        with self._database.reading() as connection:
            rows, total = activity.page(
                connection, site.id, month, containing=containing, order=order, limit=limit, offset=offset
            )
        return month, rows, total

    def _try(self, site: Site, call: AkismetCall, guid: str) -> AkismetAnswer:
        [advice] = self._checker.advise(site, [(call.comment, call.article)])
        answer = _answer(site, guid, advice.action, _STATUS[advice.action])
        return answer._replace(is_spam=True) if _is_test_author(call.comment.author) else answer

    def _stored(self, site: Site, guid: str) -> StoredComment | None:
        with self._database.reading() as connection:
            named = (table.c.site_id == site.id, table.c.name == guid)
            found = comments.find(connection, *named, now=self._clock())
        return None if found is None or found.purged else found

    def _number(self, site: Site, call: AkismetCall) -> int:
        guid = guid_of(call)
        for name in filter(None, (call.guid, guid)):
            found = self._stored(site, name)
            if found is not None:
                return found.number
        return self._checker.check(site, replace(call.comment, id=guid), call.article).number

    def _note(self, site: Site, call: AkismetCall, number: int | None, answer: AkismetAnswer) -> None:
        """Count an answer, and keep where to tell when it is no longer so."""
        with self._database.writing() as connection:
            counted = Counted.SPAM if answer.is_spam else Counted.HAM
            activity.count(connection, site.id, self._month(), call.blog, counted)
            if number is not None and _is_own(call):
                callbacks.keep(connection, number, call.callback, answer.is_spam)
                self._keep_key(connection, site, call.key)

    def _keep_key(self, connection: Connection, site: Site, key: str) -> None:
        """Keep the key as it is, which calls back must carry: a new one in place of the one before."""
        known = endpoints.find(connection, site.id, AKISMET)
        if known is None or known.secret != key:
            endpoints.put(connection, site.id, AKISMET, secret=key, now=self._clock())

    def _month(self) -> str:
        return self._clock().strftime("%Y-%m")


def _in_months(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def guid_of(call: AkismetCall) -> str:
    """The key under which a comment is found again: 32 signs of a hash of its author, text and page."""
    author, article = call.comment.author, call.article
    url = author.url.rpartition("://")[2].rstrip("/")
    said = (author.name, author.email, url, call.comment.body, "" if article is None else article.url)
    return sha256("\0".join(map(_as_compared, said)).encode("utf-8", "replace")).hexdigest()[:32]


def _as_compared(text: str) -> str:
    """A text without what WordPress changes between its check of a comment and its copy of it in the database."""
    plain = _ADDED_BY_WORDPRESS.sub("", unescaped(text).replace("\\", ""))
    return " ".join(plain.casefold().split())


def _answer(site: Site, guid: str, action: Action, status: Status) -> AkismetAnswer:
    may_discard = status is Status.REJECTED and site.settings.akismet_discards
    return AkismetAnswer(is_spam(action, status, site.settings), guid, may_discard, action)


def _is_own(call: AkismetCall) -> bool:
    """Whether the address to call back is the blog's own: on another's word nobody is called."""
    try:
        return bool(call.callback) and expect_url(call.callback) == urlsplit(f"http://{call.blog}").hostname
    except ValueError:
        return False


def _is_test_author(author: Author) -> bool:
    return author.name == TEST_AUTHORS[0] or author.email == TEST_AUTHORS[1]
