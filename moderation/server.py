"""``moderation serve``: Granian with our application, started, announced and stopped as an operator expects.

What can go wrong at a start goes wrong here, in the parent, before a worker exists. Must not know any route but the
one that says that the process answers.
"""

import http.client
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels

from moderation.moderator import Moderator
from moderation.settings import Settings
from moderation.storage.database import Database

if TYPE_CHECKING:
    from granian.server.mp import MPServer as Granian

    from moderation.release import Release
else:
    from granian import Granian  # one class or another, by how Python was built

STOP_TIMEOUT_S = 10
POLL_S = 0.02
LOGS = {
    "handlers": {name: {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"}
                 for name in ("console", "access")},
    "root": {"handlers": ["console"], "level": "WARNING"},
}  # fmt: skip
"""Logs go to the standard error: the standard output has the lines that an operator waits for."""

INVITATION = "/review/invitation/{token}"
"""Where a one-time token is used."""


class AddressError(OSError):
    """The service cannot listen where it should. Its text is one line."""


class Server(Granian):
    """Granian that says when a worker answers."""

    announce: Callable[[], None]

    def startup(self, *arguments: Any) -> None:
        """Start the workers, then wait for the first answer beside them: no thread of ours lives while they fork."""
        super().startup(*arguments)  # type: ignore[no-untyped-call]  # Granian leaves its methods untyped
        threading.Thread(target=self._announce_when_it_answers, daemon=True).start()

    def _announce_when_it_answers(self) -> None:
        while not _answers(self.bind_addr, self.bind_port):
            if self.interrupt_signal:
                return
            time.sleep(POLL_S)
        self.announce()


def serve(settings: Settings, say: Callable[[str], object]) -> None:
    """Run the service until a signal stops it. ``say`` gets each line that the operator should read.

    Raises ReleaseError, StoreError, AddressError before anything runs, and SystemExit where the workers die.
    """
    from moderation import release as releases

    release = releases.load(releases.current(settings.models))
    token = _first_administrator_token(settings, release)
    ip, port = listenable(settings.host, settings.port)
    address = web_address(settings.host, port)

    def announce() -> None:
        say(f"The moderation service answers at {address} (release {release.version})")
        if token is not None:
            say(f"The first administrator signs up here, once: {address}{INVITATION.format(token=token)}")

    server = Server(
        "api:create_app",
        address=ip,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=LOGS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_TIMEOUT_S,
    )
    server.announce = announce
    with _shared_metrics():
        server.serve(target_loader=partial(_application, settings, release), wrap_loader=False)


def _application(settings: Settings, release: "Release") -> Flask:
    """The application of one worker. Until Granian listens for signals there, one that is told to stop just ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to workers too; their parent stops them
    from api import create_app
    from moderation.release import settle

    application = create_app(settings, release)
    settle()
    if settings.deliver:
        from moderation import background

        background.prepare(settings, release, background.THREADS_BESIDE_REQUESTS).start()
    return application


@contextmanager
def _shared_metrics() -> Iterator[None]:
    """A place where workers keep their figures, so that any of them can add all up. One that is set already stays."""
    with tempfile.TemporaryDirectory(prefix="moderation-metrics-") as directory:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", directory)
        yield


def web_address(host: str, port: int) -> str:
    """The service's address for a browser."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _first_administrator_token(settings: Settings, release: "Release") -> str | None:
    database = Database.open(settings.database_url, connections=1)
    try:
        return Moderator(release, database).accounts.first_administrator_token()
    finally:
        database.close()


def listenable(host: str, port: int) -> tuple[str, int]:
    """The IP address and port to listen on. Workers share their port, so a second service on it must be found here."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            ip, bound = probe.getsockname()[:2]
            return str(ip), int(bound)
    except OSError as error:
        raise AddressError(f"cannot listen on {host}, port {port}: {error.strerror}") from None


def _answers(ip: str, port: int) -> bool:
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(ip, ip)  # noqa: S104  # compared, not bound
    connection = http.client.HTTPConnection(here, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
