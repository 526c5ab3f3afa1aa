"""A real HTTP server of the tests, on a port of its own, that remembers what it was sent."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

LOCAL = "127.0.0.0/8"


@dataclass(frozen=True)
class Sent:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What the server answers; ``raw`` in place of any HTTP, after which it closes the connection."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes | None = None


@dataclass
class Receiver:
    """The server as a test sees it. ``answer`` is asked for each request, on the server's own threads."""

    answer: Callable[[Sent], Reply]
    host: str = "127.0.0.1"
    port: int = 0
    sent: list[Sent] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@contextmanager
def receiving(answer: Callable[[Sent], Reply] = lambda _sent: Reply(), host: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver while the block lasts."""
    receiver = Receiver(answer, host)
    server = _Server((host, 0), type("Bound", (_Handler,), {"receiver": receiver}))
    server.receiver = receiver
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    receiver: Receiver

    def get_request(self) -> tuple[socket.socket, Any]:
        self.receiver.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    receiver: ClassVar[Receiver]

    def do_GET(self) -> None:  # the server calls it by the method's name
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = Sent(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.receiver.sent.append(sent)
        reply = self.receiver.answer(sent)
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""
