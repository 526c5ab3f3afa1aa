"""What the service does beside its requests: events, articles, what Coral told. Threads that look for work.

The one place that knows every target. ``moderation serve`` starts it in each of its processes, ``moderation deliver``
runs nothing else; since work is leased, any number may run beside each other.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from moderation import akismet_callbacks, coral_calls, webhooks
from moderation.comment import Article
from moderation.coral_calls import Listener
from moderation.delivery import MOST_ANSWER_BYTES, TIMEOUT_S, Deliverer
from moderation.fetching import MOST_PAGE_BYTES, Fetcher, Store
from moderation.guarded_http import Client
from moderation.moderator import Moderator
from moderation.release import Release
from moderation.settings import Settings
from moderation.shelf import Shelf
from moderation.storage.database import Database
from moderation.storage.errors import StoreError
from moderation.storage.fetches import Errand
from moderation.storage.records import utc_now
from moderation.switching import Switch

logger = logging.getLogger(__name__)

TARGETS = (webhooks.TARGET, akismet_callbacks.TARGET, coral_calls.TARGET)
LOOK_S = 0.5
"""How often a thread that found nothing looks again."""

REST_S = 5
"""How long a thread rests where the database does not answer."""

THREADS_BESIDE_REQUESTS = 2


class Background:
    """Threads that do work until they are told to stop. ``works`` are tried in turn; each says whether it did any."""

    def __init__(self, works: Sequence[Callable[[], bool]], threads: int) -> None:
        self._works = works
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        """Begin, beside the caller."""
        for thread in self._threads:
            thread.start()

    def ask_to_stop(self) -> None:
        """Take no new work. Fit for a signal's handler."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until the threads have ended. A signal's handler runs meanwhile."""
        for thread in self._threads:
            while thread.is_alive():
                thread.join(LOOK_S)

    def work_off(self) -> None:
        """Do what there is to do now, in this thread. Raises StoreError."""
        while self._try_each():
            pass

    def _try_each(self) -> bool:
        done = [work() for work in self._works]
        return any(done)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(0 if self._work() else LOOK_S)

    def _work(self) -> bool:
        try:
            return self._try_each()
        except StoreError as error:
            logger.warning("%s; events and articles wait", error)
        except Exception:  # a thread that ends silently would leave its work waiting for ever
            logger.exception("events and articles wait")
        self._stopping.wait(REST_S)
        return False


def prepare(settings: Settings, release: Release, threads: int) -> Background:
    """The background of a process, with connections of its own. Raises StoreError."""
    database = Database.open(settings.database_url, connections=threads)
    client = Client(settings.allowed_networks, TIMEOUT_S, MOST_ANSWER_BYTES)
    pages = replace(client, most_bytes=MOST_PAGE_BYTES)
    fetcher = Fetcher(database, pages, _storing(settings, release, database))
    listener = Listener(database, client, utc_now)
    return Background([Deliverer(database, client, TARGETS).work, fetcher.work, listener.work], threads)


def _storing(settings: Settings, release: Release, database: Database) -> Store:
    """Stores a fetched article; the comments that waited for it are scored by the release that is current then."""
    moderator = Moderator(release, database)
    switch = Switch(Shelf(settings.models), release, moderator)

    def put_fetched(site_id: int, article: Article, errand: Errand) -> int | None:
        switch.look()
        return moderator.put_fetched(site_id, article, errand)

    return put_fetched
