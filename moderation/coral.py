"""What Coral needs of the service: an answer while a comment is written, and an ear for what its moderators decide.

Coral gives no id with a comment: it gets one made from its author, its story and its text, so that the same call is the
same comment. Nor does it say which comment was edited: the author's own under that story with most words in common is.
Knows the store; neither HTTP nor how Coral is called.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from moderation.addresses import AddressError, expect_url
from moderation.checking import Checked, Checker
from moderation.comment import Action, Article, Author, Comment, Status
from moderation.html_text import text_of
from moderation.storage import campaigns, coral, endpoints
from moderation.storage.database import Database
from moderation.storage.endpoints import Endpoint
from moderation.storage.errors import Invalid
from moderation.storage.records import Site

TARGET = "coral"
EDITED_WITHIN = timedelta(hours=24)
ALIKE = 0.5
"""From this share of common words on, two texts of an author under a story are one comment."""

_MOST_LOOKED_AT = 50
_LONGEST_TOKEN = 4_000
_NAMES = "coral.invalid"


class Advised(StrEnum):
    """What Coral is to do with a comment."""

    NOTHING = "nothing"
    WITHHOLD = "withhold"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Written:
    """A comment as Coral sends it before it is stored there. ``body`` is HTML or text."""

    body: str
    author_id: str
    story_id: str
    story_url: str
    parent_id: str | None = None
    is_edit: bool = False


class Coral:
    """The uses of Coral. May be used by many threads."""

    def __init__(self, database: Database, checker: Checker, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._checker = checker
        self._clock = clock

    def check(self, site: Site, written: Written) -> tuple[Checked, Advised]:
        """Score and store a comment that is being written, or the new text of one, and say what Coral is to do."""
        text, author = text_of(written.body), author_of(written.author_id)
        name = self._edited(site, written, text) if written.is_edit else None
        comment = Comment(text, name or _name(written, text), parent_id=written.parent_id, author=author)
        checked = self._checker.check(site, comment, Article(id=written.story_id, url=written.story_url))
        return checked, advised(checked)

    def hear(self, site: Site, coral_id: str) -> None:
        """Keep that Coral told of a comment; it is looked up there by whoever delivers events."""
        with self._database.writing() as connection:
            if endpoints.find(connection, site.id, TARGET) is not None:
                coral.hear(connection, site.id, coral_id, self._clock())

    def connection(self, site: Site) -> Endpoint | None:
        """Where a site's Coral is, or None."""
        with self._database.reading() as connection:
            return endpoints.find(connection, site.id, TARGET)

    def connect(self, site: Site, url: str, token: str) -> None:
        """Say where a site's Coral is, with the token of a moderator there. Raises ``Invalid``."""
        try:
            expect_url(url)
        except AddressError as error:
            raise Invalid(str(error)) from None
        if not (0 < len(token) <= _LONGEST_TOKEN and token.isascii() and token.isprintable() and " " not in token):
            raise Invalid("an access token has only visible signs: make one in Coral, under an account that moderates")
        with self._database.writing() as connection:
            endpoints.put(connection, site.id, TARGET, url=url.rstrip("/"), secret=token, now=self._clock())

    def disconnect(self, site: Site) -> None:
        """Tell a site's Coral nothing any more."""
        with self._database.writing() as connection:
            endpoints.remove(connection, site.id, TARGET)

    def _edited(self, site: Site, written: Written, text: str) -> str | None:
        key = campaigns.author_key(author_of(written.author_id))
        if key is None:
            return None
        since = self._clock() - EDITED_WITHIN
        with self._database.reading() as connection:
            rows = coral.written(
                connection, site.id, author_key=key, story=written.story_id, since=since, most=_MOST_LOOKED_AT
            )
        found = most_alike(text, (row for row in rows if row.parent == written.parent_id), longer=True)
        return None if found is None else str(found.name)


def author_of(author_id: str) -> Author:
    """Coral gives an author's id alone; it stands where an e-mail address would, so that rules and history find it."""
    return Author(email=f"{author_id}@{_NAMES}" if author_id else "")


def advised(checked: Checked) -> Advised:
    """A person's rejection counts also where the service only watches."""
    if checked.status is Status.REJECTED:
        return Advised.REJECT
    waits = checked.status is Status.HELD and checked.action is not Action.PUBLISH
    return Advised.WITHHOLD if waits else Advised.NOTHING


def most_alike(text: str, rows: Iterable[sa.Row[Any]], *, longer: bool = False) -> sa.Row[Any] | None:
    """The row whose body has most words in common with a text, None where none has enough.

    With ``longer`` one also counts whose words are half of a text's that much was added to, or taken from.
    """
    words = set(text.split())
    alike = [(_shared(words, other), _contained(words, other), row) for row in rows if (other := set(row.body.split()))]
    enough = [(shared, row) for shared, contained, row in alike if (contained if longer else shared) >= ALIKE]
    return max(enough, key=lambda pair: pair[0], default=(0.0, None))[1]


def _shared(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


def _contained(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(min(len(one), len(other)), 1)


def _name(written: Written, text: str) -> str:
    facts = "\0".join((written.author_id, written.story_id, written.parent_id or "", text))
    return f"coral-{hashlib.sha256(facts.encode('utf-8', 'replace')).hexdigest()[:32]}"
