"""The keys of sites: made, exchanged for new ones, and known again when a caller shows one.

Knows the store; neither what a key opens nor how it was sent.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.engine import Connection

from moderation.storage import sites
from moderation.storage.database import Database
from moderation.storage.records import KeyKind, Site

REMEMBERED = timedelta(seconds=5)
_MOST_REMEMBERED = 10_000


class _Known(NamedTuple):
    until: datetime
    site: Site
    kind: KeyKind


class Keys:
    """The keys of all sites. May be used by many threads."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[bytes, _Known] = {}

    def renew(self, name: str, kind: KeyKind = KeyKind.SITE, keep_old: timedelta = timedelta(0)) -> str:
        """Give a site a new key of a kind; the old ones of it end after ``keep_old``. Raises ``NotFound``."""
        with self._database.writing() as connection:
            site = sites.named(connection, name)
            sites.end_keys(connection, site.id, kind, self._clock() + keep_old)
            key = self.add(connection, site.id, kind)
        self.forget()
        return key

    def add(self, connection: Connection, site_id: int, kind: KeyKind) -> str:
        """Give a site a key of a kind besides those that it has."""
        key = _new_key(kind)
        sites.add_key(connection, site_id, key, kind, self._clock())
        return key

    def site_of(self, key: str, *kinds: KeyKind) -> Site | None:
        """Whose key this is, where it is of one of these kinds. Remembered for 5 seconds: a request costs no query."""
        known = self._known.get(sites.hash_of(key))
        if known is None or self._clock() >= known.until:
            known = self._find(key)
        return known.site if known is not None and known.kind in kinds else None

    def forget(self) -> None:
        """Look every key up anew."""
        self._known.clear()

    def _find(self, key: str) -> _Known | None:
        with self._database.reading() as connection:
            found = sites.of_key(connection, key, self._clock())
        if found is None:
            return None
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        known = self._known[sites.hash_of(key)] = _Known(self._clock() + REMEMBERED, *found)
        return known


def _new_key(kind: KeyKind) -> str:
    """WordPress takes an Akismet key of 12 characters out of 0-9 and a-f, and no other."""
    return secrets.token_hex(6) if kind is KeyKind.AKISMET else f"mod_{secrets.token_urlsafe(32)}"
