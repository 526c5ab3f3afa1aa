"""Bodies arrive whole or are refused, by length and by chunks."""

from io import BytesIO
from typing import Any

import pytest
from werkzeug.exceptions import RequestEntityTooLarge

from moderation.web.transport import MAX_DRAIN_BYTES, behind_proxies, body, drain


class Endless(BytesIO):
    """A client that never stops sending."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0
        self.taken += size
        return b"x" * size


def environ(stream: BytesIO, **more: Any) -> dict[str, Any]:
    return {"wsgi.input": stream, **more}


def test_declared_length_is_what_is_read() -> None:
    assert body(environ(BytesIO(b"abcdef"), CONTENT_LENGTH="4"), 10) == b"abcd"


def test_chunks_are_read_to_their_end() -> None:
    assert body(environ(BytesIO(b"abcdef"), **{"wsgi.input_terminated": True}), 6) == b"abcdef"


def test_no_length_and_no_end_is_no_body() -> None:
    stream = Endless()
    assert body(environ(stream), 10) == b""
    assert stream.taken == 0


@pytest.mark.parametrize("length", ["", "-1", "x", "²", "9" * 30])
def test_nonsense_length_counts_as_none(length: str) -> None:
    assert body(environ(BytesIO(b"abc"), CONTENT_LENGTH=length), 10) == b""


def test_declared_excess_is_refused_unread() -> None:
    stream = Endless()
    with pytest.raises(RequestEntityTooLarge):
        body(environ(stream, CONTENT_LENGTH="11"), 10)
    assert stream.taken == 0


def test_undeclared_excess_is_refused_early() -> None:
    stream = Endless()
    with pytest.raises(RequestEntityTooLarge):
        body(environ(stream, **{"wsgi.input_terminated": True}), 10)
    assert stream.taken == 11


def test_drain_ends_with_an_endless_client() -> None:
    stream = Endless()
    drain(environ(stream, **{"wsgi.input_terminated": True}))
    assert stream.taken == MAX_DRAIN_BYTES


def test_drain_after_body_reads_nothing() -> None:
    stream = Endless()
    given = environ(stream, CONTENT_LENGTH="10")
    body(given, 10)
    drain(given)
    assert stream.taken == 10


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.66, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_client_is_whom_our_proxy_saw(proxies: int, forwarded: str, seen: str) -> None:
    told: list[str] = []

    def application(environ: dict[str, Any], _start: object) -> list[bytes]:
        told.append(environ["REMOTE_ADDR"])
        return []

    asked = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded, "HTTP_X_FORWARDED_HOST": "evil.example"}
    behind_proxies(application, proxies)(asked, lambda *_: lambda _: None)
    assert told == [seen]
