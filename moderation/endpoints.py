"""Where a publication hears of its comments: its endpoint, the secret that signs, the log of what was sent.

Knows the store; neither how an event is sent nor who asks.
"""

import base64
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from moderation.addresses import AddressError, expect_url
from moderation.storage import endpoints, fetches, outbox
from moderation.storage.database import Database
from moderation.storage.endpoints import WEBHOOK, Endpoint
from moderation.storage.errors import Invalid, NotFound
from moderation.storage.fetches import Fetch
from moderation.storage.outbox import Sent
from moderation.storage.records import Page, Site

SECRET_BYTES = 32
LONGEST_HOST, MOST_HOSTS = 253, 100
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Events delivered and attempts failed by target, and for how long the oldest undelivered event waits."""

    delivered: dict[str, int]
    failed: dict[str, int]
    oldest_s: float


class Endpoints:
    """The sites' endpoints. May be used by many threads."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def find(self, site: Site) -> Endpoint | None:
        """Where a site's events go, or None."""
        with self._database.reading() as connection:
            return endpoints.find(connection, site.id)

    def set(self, site: Site, url: str) -> str | None:
        """Send a site's events there from now on. Gives the secret that signs them, once: None where it stays.

        Raises ``Invalid``.
        """
        try:
            expect_url(url)
        except AddressError as error:
            raise Invalid(str(error)) from None
        with self._database.writing() as connection:
            known = endpoints.find(connection, site.id)
            secret = new_secret() if known is None else known.secret
            endpoints.put(connection, site.id, url=url, secret=secret, now=self._clock())
        return secret if known is None else None

    def rotate(self, site: Site, keep_former: timedelta = timedelta(days=1)) -> str:
        """Give an endpoint a new secret; the former one signs beside it for a while. Raises ``NotFound``."""
        secret = new_secret()
        with self._database.writing() as connection:
            endpoints.rotate(connection, _known(connection, site), secret, self._clock() + keep_former)
        return secret

    def switch(self, site: Site, on: bool) -> None:
        """Let a site's events go out, or wait. Raises ``NotFound``."""
        new = {"active": on, "trouble": "", "failures": 0, "paused_until": None}
        with self._database.writing() as connection:
            endpoints.change(connection, _known(connection, site), new)

    def remove(self, site: Site) -> None:
        """Tell a site nothing any more, and forget what it was told."""
        with self._database.writing() as connection:
            endpoints.remove(connection, site.id)

    def log(
        self,
        site: Site,
        *,
        undelivered: bool = False,
        cursor: str | None = None,
        limit: int = 50,
        target: str = WEBHOOK,
    ) -> Page[Sent]:
        """A page of a site's events with the attempts to deliver each, newest first. ``Invalid``: a foreign cursor."""
        if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise Invalid("this cursor is not one that the log gave")
        before = None if cursor is None else int(cursor)
        with self._database.reading() as connection:
            found = outbox.log(connection, site.id, target, undelivered=undelivered, before=before, limit=limit + 1)
        more, found = len(found) > limit, found[:limit]
        return Page(found, str(found[-1].number) if more else None)

    def send_again(self, site: Site, number: int) -> None:
        """Let an event of a site be delivered once more, under the id that it has. Raises ``NotFound``."""
        with self._database.writing() as connection:
            if not outbox.send_again(connection, site.id, number, self._clock()):
                raise NotFound("there is no such event")

    def pending(self, site: Site) -> int:
        """How many of a site's events are still to be delivered."""
        with self._database.reading() as connection:
            return outbox.pending(connection, site.id, WEBHOOK)

    def hosts(self, site: Site) -> tuple[str, ...]:
        """The hosts from which a site's articles may be fetched."""
        with self._database.reading() as connection:
            return fetches.hosts(connection, site.id)

    def set_hosts(self, site: Site, hosts: Iterable[str]) -> None:
        """List hosts in place of the former ones; ``*.gazette.example`` is all below it. Raises ``Invalid``."""
        listed = [host.strip().lower() for host in hosts if host.strip()]
        wrong = [host for host in listed if len(host) > LONGEST_HOST or not _HOST.fullmatch(host)]
        if wrong:
            raise Invalid(f"a host is a name like gazette.example or *.gazette.example, not {wrong[0][:80]!r}")
        if len(listed) > MOST_HOSTS:
            raise Invalid(f"a site lists up to {MOST_HOSTS} hosts")
        with self._database.writing() as connection:
            fetches.set_hosts(connection, site.id, listed, self._clock())

    def fetched(self, site: Site, limit: int = 100) -> tuple[Fetch, ...]:
        """What became of a site's articles that are known by their address."""
        with self._database.reading() as connection:
            return fetches.log(connection, site.id, limit)

    def fetch_again(self, site: Site, url: str) -> None:
        """Fetch an article of a site once more. Raises ``NotFound``."""
        with self._database.writing() as connection:
            if not fetches.try_again(connection, site.id, url, self._clock()):
                raise NotFound("this article is not one that is fetched, or it is being fetched now")

    def outgoing(self) -> Outgoing:
        """Figures of all sites."""
        with self._database.reading() as connection:
            sums, oldest = endpoints.sums(connection), outbox.oldest_pending(connection)
        oldest_s = 0.0 if oldest is None else max(0.0, (self._clock() - oldest).total_seconds())
        delivered = {target: done for target, (done, _failed) in sums.items()}
        return Outgoing(delivered, {target: failed for target, (_done, failed) in sums.items()}, oldest_s)


def _known(connection: Connection, site: Site) -> Endpoint:
    found = endpoints.find(connection, site.id)
    if found is None:
        raise NotFound("this site has no endpoint")
    return found


def new_secret() -> str:
    """A secret of the form that Standard Webhooks gives them."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
