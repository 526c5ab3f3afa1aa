"""What Prometheus reads: requests by route and status with their time, scored comments by action, events that went out.

One registry an application. Where ``PROMETHEUS_MULTIPROC_DIR`` is set, as by ``moderation serve``, the figures of all
worker processes are added up. Must not know what a route does; no label holds anything that a caller wrote.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from moderation.comment import Action
from moderation.moderator import Outgoing, StoreError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ROUTE = "moderation.route"
"""Under this name of a request's environ stands the route that answered it."""


class Metrics:
    """The figures of one process, and of what goes out from all of them."""

    def __init__(self, outgoing: Callable[[], Outgoing]) -> None:
        self._registry = registry = CollectorRegistry()
        told = "Scored comments, by the action that was advised."
        comments = Counter("moderation_comments", told, ["action"], registry=registry)
        self._comments = {action: comments.labels(action) for action in Action}
        told = "Answered requests, by route and status."
        self._requests = Counter("moderation_requests", told, ["route", "status"], registry=registry)
        told = "Time to answer a request, by route."
        self._seconds = Histogram("moderation_request_seconds", told, ["route"], registry=registry)
        self._kept: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self._present = CollectorRegistry()
        self.add(_Sent(outgoing))

    def add(self, collector: Collector) -> None:
        """Tell besides what this finds when it is asked: the state of now, of which no process keeps count."""
        self._present.register(collector)

    def count_comments(self, actions: Iterable[Action]) -> None:
        """Scored comments with what was advised for each."""
        for action in actions:
            self._comments[action].inc()

    def count_request(self, route: str, status: str, seconds: float) -> None:
        """An answered request."""
        kept = self._kept.get((route, status))
        if kept is None:  # to look a figure up by its labels takes longer than to count
            kept = self._kept[route, status] = self._requests.labels(route, status), self._seconds.labels(route)
        kept[0].inc()
        kept[1].observe(seconds)

    def page(self) -> bytes:
        """All figures, in Prometheus's text format."""
        return generate_latest(self._everyone()) + generate_latest(self._present)

    def _everyone(self) -> CollectorRegistry:
        if DIRECTORY not in os.environ:
            return self._registry
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]  # the library leaves it untyped
        return everyone


class _Sent(Collector):
    """What goes out, asked for when it is read: any process may have sent it."""

    def __init__(self, outgoing: Callable[[], Outgoing]) -> None:
        self._outgoing = outgoing

    def collect(self) -> Iterator[Metric]:
        """The figures of now."""
        try:
            found = self._outgoing()
        except StoreError:  # the other figures are told also where the database does not answer
            return
        for name, told, counts in (
            ("moderation_events_delivered", "Delivered events, by target.", found.delivered),
            ("moderation_events_failed", "Failed attempts to deliver, by target.", found.failed),
        ):
            family = CounterMetricFamily(name, told, labels=["target"])
            for target, count in counts.items():
                family.add_metric([target], count)
            yield family
        told = "Age of the oldest event that is still to be delivered, 0 where none is."
        yield GaugeMetricFamily("moderation_events_oldest_undelivered_seconds", told, found.oldest_s)

    def describe(self) -> Iterator[Metric]:
        """Nothing: the library need not ask the database when it begins."""
        return iter(())


class Measured:
    """A WSGI application whose requests are counted."""

    def __init__(self, application: "WSGIApplication", metrics: Metrics) -> None:
        self.application = application
        self.metrics = metrics

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as the application does."""
        begun_s = time.perf_counter()

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Callable[[bytes], object]:
            self.metrics.count_request(_route(environ), status[:3], time.perf_counter() - begun_s)
            return start_response(status, headers, *failure)

        return self.application(environ, start)


def _route(environ: "WSGIEnvironment") -> str:
    """The route's pattern, never the path that was sent."""
    if ROUTE in environ:
        return str(environ[ROUTE])
    request = environ.get("werkzeug.request")
    return request.url_rule.rule if request is not None and request.url_rule is not None else "none"
