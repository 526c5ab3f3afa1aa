"""Tells others what happened to comments: takes an event that is due, sends it, and writes down what came of it.

Any number of processes may do so. Which events there are, and whose turn it is, stands in the outbox; how an event
looks to its receiver is a ``Target``'s matter. Knows neither the detector nor who decides.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy.engine import Connection

from moderation.addresses import AddressError
from moderation.guarded_http import Answer, CallError, Client, Request
from moderation.storage import endpoints, outbox
from moderation.storage.database import Database
from moderation.storage.endpoints import Endpoint
from moderation.storage.errors import StoreError
from moderation.storage.outbox import Attempt, Due
from moderation.storage.records import utc_now

logger = logging.getLogger(__name__)

SCHEDULE = tuple(
    timedelta(**wait)
    for wait in (
        {"seconds": 0},
        {"seconds": 5},
        {"minutes": 5},
        {"minutes": 30},
        {"hours": 2},
        {"hours": 5},
        {"hours": 10},
        {"hours": 10},
    )
)
"""How long each attempt waits after the one before. After the last one an event is given up."""

TIMEOUT_S = 15
MOST_ANSWER_BYTES = 1_000_000
LEASE = timedelta(seconds=60)
"""Well over the timeout: an event that is leased longer belongs to a process that died."""

LONGEST_PAUSE = timedelta(seconds=60)
"""An endpoint that fails again and again is asked once in this time, so that others need not wait for it."""

LONGEST_OBEYED = timedelta(hours=24)
_LONGEST_ERROR = 200


def fault_of_status(answer: Answer) -> str:
    """Why an answer is no success, by its status; empty where it is one."""
    return "" if answer.ok else f"answered {answer.status}"


class UndeliverableError(Exception):
    """An event that no later attempt could bring to its receiver either. Its text is one short line."""


def note_nothing(_connection: Connection, _due: Due) -> None:
    """Where nothing but the event itself is to be kept of a delivery."""


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of receiver. ``name`` is what stands in the outbox.

    ``request`` makes an event's request, anew for each attempt (the time is of now), or gives None where this receiver
    need not be told. It may read the store, and raises UndeliverableError where trying again is of no use. ``fault``
    says why an answer is no success, empty where it is one.
    ``taken`` notes, with the event's end, that this receiver knows.
    """

    name: str
    request: Callable[[Connection, Due, datetime], Request | None]
    fault: Callable[[Answer], str] = fault_of_status
    taken: Callable[[Connection, Due], None] = note_nothing


@dataclass(frozen=True, slots=True)
class Pace:
    """When an event is tried again, and how long a process may keep one."""

    schedule: Sequence[timedelta] = SCHEDULE
    lease: timedelta = LEASE
    longest_pause: timedelta = LONGEST_PAUSE


@dataclass(frozen=True, slots=True)
class _Outcome:
    """An attempt, and the answer where one came. ``final`` where there is to be no other."""

    attempt: Attempt
    answer: Answer | None = None
    final: bool = False


class Deliverer:
    """Delivers events of these targets, one at a time. Many threads may use one."""

    def __init__(
        self,
        database: Database,
        client: Client,
        targets: Sequence[Target],
        pace: Pace | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._client = client
        self._targets = {target.name: target for target in targets}
        self._pace = pace or Pace()
        self._clock = clock

    def work(self) -> bool:
        """Deliver the next event that is due; False where none is. Raises Unavailable."""
        due = self._lease()
        if due is None:
            return False
        outcome = self._send(due)
        with self._database.writing() as connection:
            self._settle(connection, due, outcome)
        return True

    def _lease(self) -> Due | None:
        """Look first without the right to write, which on SQLite only one may have."""
        now = self._clock()
        with self._database.reading() as connection:
            ready = endpoints.ready(connection, list(self._targets), now)
            waiting = [endpoint for endpoint in ready if outbox.is_waiting(connection, endpoint, now)]
        for endpoint in waiting:
            with self._database.writing() as connection:
                due = outbox.lease(connection, endpoint, now, self._pace.lease)
            if due is not None:
                return due
        return None

    def _send(self, due: Due) -> _Outcome | None:
        """Send an event, or give None where its target need not be told."""
        target, made_at, begun_s = self._targets[due.endpoint.target], self._clock(), time.monotonic()
        answer, final = None, False
        try:
            with self._database.reading() as connection:
                request = target.request(connection, due, made_at)
            if request is None:
                return None
            answer = self._client.send(request)
            error = target.fault(answer)
        except (AddressError, CallError) as failure:
            error = str(failure)
        except UndeliverableError as failure:
            error, final = str(failure), True
        except StoreError:  # says nothing of the event
            raise
        except Exception:  # a target's own mistake must not stop the others
            logger.exception("event %s could not be made for %s", due.message_id, target.name)
            error = "the event could not be made: see the service's log"
        status = None if answer is None else answer.status
        return _Outcome(Attempt(made_at, status, error[:_LONGEST_ERROR], time.monotonic() - begun_s), answer, final)

    def _settle(self, connection: Connection, due: Due, outcome: _Outcome | None) -> None:
        now = self._clock()
        attempt = None if outcome is None else outcome.attempt
        if outcome is None or not outcome.attempt.error:
            if outbox.settle(connection, due, attempt, {"delivered_at": now, "attempts": due.attempts + 1}):
                endpoints.succeeded(connection, due.endpoint)
                self._targets[due.endpoint.target].taken(connection, due)
            return
        if outcome.final:
            outbox.settle(connection, due, attempt, {"attempts": due.attempts + 1, "given_up_at": now})
            return
        asked = asked_to_wait(outcome.answer, now)
        if outbox.settle(connection, due, attempt, self._next(due, now, asked)):
            paused_until = self._pause(due, now, asked)
            endpoints.failed(connection, due.endpoint, paused_until, _gone(due.endpoint, outcome.attempt))

    def _next(self, due: Due, now: datetime, asked: timedelta) -> dict[str, Any]:
        """When a failed event is tried again, if ever."""
        made = due.attempts + 1
        if made >= len(self._pace.schedule):
            return {"attempts": made, "given_up_at": now}
        return {"attempts": made, "due_at": now + max(self._pace.schedule[made], asked)}

    def _pause(self, due: Due, now: datetime, asked: timedelta) -> datetime:
        """Until when an endpoint that failed is left in peace."""
        pause = min(timedelta(seconds=2 ** min(due.endpoint.failures, 10)), self._pace.longest_pause)
        return now + max(pause, asked)


def _gone(endpoint: Endpoint, attempt: Attempt) -> str:
    """Why an endpoint is switched off, empty where it is not. Where it has no address the answer is another's word."""
    return "its address answered 410: it is gone" if attempt.status == HTTPStatus.GONE and endpoint.url else ""


def asked_to_wait(answer: Answer | None, now: datetime) -> timedelta:
    """How long ``Retry-After`` of a 429 or 503 asks to wait, in seconds or until a date."""
    if answer is None or answer.status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return timedelta(0)
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_OBEYED)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return timedelta(0)
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), LONGEST_OBEYED)
