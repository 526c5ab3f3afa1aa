"""How bytes come and go: bounded bodies of requests, JSON answers, the headers of every answer.

Must not know what the bytes mean.
"""

from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask import Response
from pydantic_core import to_json
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

CHUNK_BYTES = 1 << 16
MAX_DRAIN_BYTES = 64_000_000
"""A refused body of at most this length is read and forgotten: a client that still sends would otherwise see its
connection cut, and not the answer that says why."""


JSON = "application/json"
TEXT = "text/plain"
SECURITY_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


def answer(value: object, status: int = 200) -> Response:
    """``value`` as JSON."""
    return Response(to_json(value), status, content_type=JSON)


def say(text: str, status: int = 200, headers: Mapping[str, str] | None = None, content_type: str = TEXT) -> Response:
    """``text`` as it is."""
    return Response(text, status, headers, content_type=f"{content_type}; charset=utf-8")


class SecureHeaders:
    """A WSGI application whose every answer has the headers that keep a browser from doing more with it than is meant.

    Headers that the answer brings itself stay. Done here, where a header is a pair in a list and costs nothing.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self.application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as the application does."""

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Callable[[bytes], object]:
            given = {name.lower() for name, _ in headers}
            more = [header for header in SECURITY_HEADERS if header[0].lower() not in given]
            return start_response(status, headers + more, *failure)

        return self.application(environ, start)


def behind_proxies(application: "WSGIApplication", proxies: int) -> "WSGIApplication":
    """The application with the address of the client in place of the nearest proxy's, and the scheme that he used.

    So many entries from the right of ``X-Forwarded-For`` were written by our own proxies; what stands further left
    anybody may have sent. ``X-Forwarded-Proto`` is one value, which the nearest proxy wrote.
    """
    return ProxyFix(application, x_for=proxies, x_proto=1, x_host=0) if proxies else application


def body(environ: "WSGIEnvironment", max_bytes: int) -> bytes:
    """All of the request's body, by its Content-Length or by its chunks. Raises RequestEntityTooLarge."""
    length, stream = _declared_length(environ), environ["wsgi.input"]
    if length is None:
        length = max_bytes + 1 if environ.get("wsgi.input_terminated") else 0
    elif length > max_bytes:
        raise _too_large(max_bytes)
    data: bytes = stream.read(length)
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    environ["wsgi.input"] = BytesIO()
    return data


def _too_large(max_bytes: int) -> RequestEntityTooLarge:
    return RequestEntityTooLarge(
        f"the body is longer than the {max_bytes} bytes that this service reads; send fewer comments at a time"
    )


def drain(environ: "WSGIEnvironment") -> None:
    """Reads what is left of the body, up to ``MAX_DRAIN_BYTES``."""
    length = _declared_length(environ)
    if length is None and not environ.get("wsgi.input_terminated"):
        return
    left = MAX_DRAIN_BYTES if length is None else min(length, MAX_DRAIN_BYTES)
    while left > 0 and (chunk := environ["wsgi.input"].read(min(left, CHUNK_BYTES))):
        left -= len(chunk)


def _declared_length(environ: "WSGIEnvironment") -> int | None:
    text = environ.get("CONTENT_LENGTH", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
