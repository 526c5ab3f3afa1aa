"""HTTP to addresses that strangers name: what a publication typed, what a page redirects to.

Each socket is judged by the address that it is about to connect to, after every look-up of a name, so that a name that
turns to this machine or its neighbours reaches nothing. Follows no redirect: whoever asks judges the next address.
Knows neither events nor articles.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import cast
from urllib.parse import urlsplit

import certifi
import pycurl

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 2_000
WEB_PORTS = (80, 443)
LOWEST_FREE_PORT = 1024
"""Below it, other than the web's own, listen services that a request must not be written to."""

_NAT64 = ip_network("64:ff9b::/96")
_REFUSED = tuple(map(ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")))
"""A cloud's own services under a public address, and blocks that older Pythons call global."""


class AddressError(ValueError):
    """An address that is not called on anybody's word. Its text says why."""


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


def expect_url(url: str) -> str:
    """Give the host of a http or https address; AddressError where the text is no such address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise AddressError("this is not a web address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError("an address begins with https:// or http:// and names a host")
    if len(url) > LONGEST_URL or not (url.isascii() and url.isprintable()) or " " in url:
        raise AddressError(f"an address has up to {LONGEST_URL} visible ASCII characters")
    if "@" in parts.netloc:
        raise AddressError("an address holds no user name or password")
    return host


def is_public(address: Address) -> bool:
    """Whether an address is a host's of the open internet, also where IPv6 only carries an IPv4 address."""
    if isinstance(address, IPv6Address):
        carried = _carried(address)
        if carried is not None:
            return is_public(carried)
    unusual = address.is_multicast or address.is_reserved or address.is_link_local or address.is_unspecified
    return address.is_global and not unusual and not any(address in network for network in _REFUSED)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a gateway would make of this one."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = None if address.teredo is None else address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or teredo


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

    def refusal(self, address: Address, port: int) -> str:
        """Why nothing connects there, empty where it may."""
        if any(address in network for network in self.allowed if network.version == address.version):
            return ""
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        if mapped is not None:
            return self.refusal(mapped, port)
        if not is_public(address):
            return f"{address} is not a public address"
        return "" if port in WEB_PORTS or port >= LOWEST_FREE_PORT else f"port {port} is not one of the web's"


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
        self._refusal = self._client.refusal(ip_address(host), port)
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
