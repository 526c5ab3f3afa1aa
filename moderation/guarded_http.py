"""HTTP to addresses that strangers name: what a publication typed, what a page redirects to.

Each socket is judged by the address that it is about to connect to, after every look-up of a name, so that a name that
turns to this machine or its neighbours reaches nothing. Follows no redirect: whoever asks judges the next address.
Knows neither events nor articles.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import cast

import certifi
import pycurl

from moderation.addresses import AddressError, Network, expect_url, refusal


class CallError(Exception):
    """No answer came, or not all of it. Its text is one short line."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. A body makes it a POST."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case; ``location`` is absolute, empty where nothing redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    location: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests to public addresses, and to those in ``allowed``. May be used by many threads.

    ``timeout_s`` bounds a whole call, the look-up of the name included.
    """

    allowed: tuple[Network, ...] = ()
    timeout_s: float = 15
    most_bytes: int = 5_000_000
    agent: str = "comment-moderation"

    def send(self, request: Request) -> Answer:
        """The answer, with at most ``most_bytes`` of body. Raises AddressError, CallError."""
        expect_url(request.url)
        call = _Call(self)
        call.perform(request)
        return call.answer()


class _Call:
    """One request on its way, with what has come of its answer."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._refusal = ""
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._too_long = False
        self._status, self._location = 0, ""

    def perform(self, request: Request) -> None:
        """Send and read. Raises AddressError, CallError."""
        curl = pycurl.Curl()
        try:
            self._prepare(curl, request)
            curl.perform()
            self._status = curl.getinfo(pycurl.RESPONSE_CODE)
            self._location = curl.getinfo(pycurl.REDIRECT_URL) or ""
        except pycurl.error as error:
            raise self._failure(error) from None
        finally:
            curl.close()

    def answer(self) -> Answer:
        """What came."""
        return Answer(self._status, self._headers, bytes(self._body), self._location)

    def _prepare(self, curl: pycurl.Curl, request: Request) -> None:
        options: dict[int, object] = {
            pycurl.URL: request.url,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            pycurl.FOLLOWLOCATION: False,
            pycurl.PROXY: "",  # one that the environment names would connect in our place, unjudged
            pycurl.NOSIGNAL: True,
            pycurl.TIMEOUT_MS: int(self._client.timeout_s * 1000),
            pycurl.CAINFO: certifi.where(),
            pycurl.USERAGENT: self._client.agent,
            pycurl.ACCEPT_ENCODING: "",
            pycurl.HTTPHEADER: [f"{name}: {value}" for name, value in request.headers.items()],
            pycurl.OPENSOCKETFUNCTION: self._open,
            pycurl.HEADERFUNCTION: self._read_header,
            pycurl.WRITEFUNCTION: self._read_body,
        }
        if request.body is not None:
            options[pycurl.POSTFIELDS] = request.body
        for option, value in options.items():
            curl.setopt(option, value)

    def _open(self, _purpose: int, to: "pycurl.CurlSockAddr") -> "socket.socket | int":
        host, port = to.addr[0], to.addr[1]
        self._refusal = refusal(ip_address(host), port, self._client.allowed)
        return pycurl.SOCKET_BAD if self._refusal else socket.socket(to.family, to.socktype, to.protocol)

    def _read_header(self, line: bytes) -> None:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            self._headers[name.strip().lower()] = value.strip()

    def _read_body(self, part: bytes) -> int | None:
        self._too_long = len(self._body) + len(part) > self._client.most_bytes
        if self._too_long:
            return 0  # less than was given: the call ends
        self._body += part
        return None

    def _failure(self, error: pycurl.error) -> Exception:
        if self._refusal:
            return AddressError(self._refusal)
        if self._too_long:
            return CallError(f"the answer is longer than {self._client.most_bytes:,} bytes")
        code, text = cast("tuple[int, str]", error.args)
        return CallError(_KNOWN.get(code, text[:200]))


_KNOWN = {
    pycurl.E_OPERATION_TIMEDOUT: "no whole answer in time",
    pycurl.E_COULDNT_RESOLVE_HOST: "the host's name is not known",
    pycurl.E_COULDNT_CONNECT: "the host takes no connection",
    pycurl.E_GOT_NOTHING: "the host closed the connection without an answer",
    pycurl.E_PARTIAL_FILE: "the host closed the connection in the middle of its answer",
}
