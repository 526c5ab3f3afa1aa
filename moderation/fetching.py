"""Fetches articles of which only the address is known: from hosts that their site lists, again after failures, cached.

Any number of processes may do so. Knows neither how an address is guarded nor how an article is found in a page.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from moderation.addresses import AddressError, expect_url
from moderation.comment import Article
from moderation.delivery import asked_to_wait
from moderation.extraction import ExtractionError, extract
from moderation.guarded_http import Answer, CallError, Client, Request
from moderation.storage import fetches
from moderation.storage.database import Database
from moderation.storage.errors import StoreError
from moderation.storage.fetches import Errand
from moderation.storage.records import utc_now

logger = logging.getLogger(__name__)

RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""How long each further attempt waits after one that failed. After the last the failure is remembered."""

LOOKED_AT_AGAIN = timedelta(hours=24)
"""Articles are corrected in their first day: so long after it was fetched one is fetched once more, and never after."""

LEASE = timedelta(minutes=3)
WHOLE_TIME_S = 60
"""Of all redirects together; with the time of an extraction well within the lease."""

MOST_REDIRECTS = 5
MOST_PAGE_BYTES = 3_000_000
PAGES = ("text/html", "application/xhtml+xml")
_REDIRECTS = (301, 302, 303, 307, 308)
_ADDRESS_SIGNS = "%/:=&?~#+!$,;'@()*[]"
_LONGEST_ERROR = 200

Store = Callable[[int, Article, Errand], int | None]
"""Stores an article of a site that an errand brought and gives its version; None where it was sent meanwhile."""


class GoneError(Exception):
    """It is of no use to try again. Its text is one short line."""


class BusyError(Exception):
    """The host asks to be left in peace for a while."""

    def __init__(self, status: int, wait: timedelta) -> None:
        super().__init__(f"answered {status}")
        self.wait = wait


class Fetcher:
    """Fetches articles, one at a time in a process, however many threads ask it to."""

    def __init__(
        self, database: Database, client: Client, store: Store, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._client = client
        self._store = store
        self._clock = clock
        self._turn = threading.Lock()

    def work(self) -> bool:
        """Fetch the next article that is due; False where none is, or another thread is at it. Raises Unavailable."""
        if not self._turn.acquire(blocking=False):
            return False
        try:
            errand = self._lease()
            if errand is not None:
                self._run(errand)
            return errand is not None
        finally:
            self._turn.release()

    def _lease(self) -> Errand | None:
        now = self._clock()
        with self._database.reading() as connection:
            if not fetches.is_waiting(connection, now):
                return None
        with self._database.writing() as connection:
            return fetches.lease(connection, now, LEASE)

    def _run(self, errand: Errand) -> None:
        new = self._outcome(errand)
        with self._database.writing() as connection:
            fetches.settle(connection, errand, new | {"tried_at": self._clock()})

    def _outcome(self, errand: Errand) -> dict[str, Any]:
        """What an errand comes to, as columns."""
        try:
            version = self._store(errand.site_id, self._article(errand), errand)
        except (GoneError, AddressError) as error:
            return {"error": str(error)[:_LONGEST_ERROR], "due_at": None}
        except BusyError as error:
            return self._later(errand, str(error), error.wait)
        except (CallError, ExtractionError) as error:
            return self._later(errand, str(error))
        except StoreError:  # says nothing of the page
            raise
        except Exception:  # one page must not be fetched for ever
            logger.exception("article %d could not be taken", errand.number)
            return self._later(errand, "the article could not be taken: see the service's log")
        now = self._clock()
        if version is None:
            return {"error": "the publication sent this article itself", "due_at": None}
        again = None if errand.version else now + LOOKED_AT_AGAIN
        return {"error": "", "fetched_at": now, "due_at": again, "attempts": 0, "version": version}

    def _later(self, errand: Errand, error: str, wait: timedelta = timedelta(0)) -> dict[str, Any]:
        """One that was fetched before is not worth more attempts."""
        is_last = errand.attempts >= len(RETRIES) or errand.version > 0
        due_at = None if is_last else self._clock() + max(RETRIES[errand.attempts], wait)
        return {"error": error[:_LONGEST_ERROR], "due_at": due_at, "attempts": errand.attempts + 1}

    def _article(self, errand: Errand) -> Article:
        answer, url = self._page(errand)
        found = extract(answer.body, url)
        published_at = found.published_at if found.published_at and found.published_at <= self._clock() else None
        return replace(errand.article, title=found.title, body=found.text, published_at=published_at)

    def _page(self, errand: Errand) -> tuple[Answer, str]:
        """The page at the end of all redirects, each to a host that is listed, and its address."""
        with self._database.reading() as connection:
            listed = fetches.hosts(connection, errand.site_id)
        url, until_s = quote(errand.url, safe=_ADDRESS_SIGNS), time.monotonic() + WHOLE_TIME_S
        for _ in range(MOST_REDIRECTS + 1):
            host = expect_url(url)
            if not fetches.covers(listed, host):
                raise GoneError(f"{host} is not on the site's list")
            left_s = max(0.1, min(self._client.timeout_s, until_s - time.monotonic()))
            answer = replace(self._client, timeout_s=left_s).send(Request(url, {"Accept": ", ".join(PAGES)}))
            if answer.status not in _REDIRECTS or not answer.location:
                return _expect_page(answer, self._clock()), url
            url = answer.location
        raise GoneError(f"redirected more than {MOST_REDIRECTS} times")


def _expect_page(answer: Answer, now: datetime) -> Answer:
    if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise GoneError(f"answered {answer.status}")
    if not answer.ok:
        raise BusyError(answer.status, asked_to_wait(answer, now))
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in PAGES:
        raise GoneError(f"{kind or 'an unnamed kind of file'} is no web page")
    return answer
