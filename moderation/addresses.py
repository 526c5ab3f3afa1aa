"""Which addresses may be called that strangers name: the text of one, and the host that it turns out to be.

Decides on values only; ``guarded_http`` asks for each socket that it opens.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 2_000
WEB_PORTS = (80, 443)
LOWEST_FREE_PORT = 1024
"""Below it, other than the web's own, listen services that a request must not be written to."""

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
"""Narrow, so that nobody who reads an address finds another host in it."""

_NAT64 = ip_network("64:ff9b::/96")
_REFUSED = tuple(map(ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20")))
"""A cloud's own services under a public address, and blocks that older Pythons call global."""


class AddressError(ValueError):
    """An address that is not called on anybody's word. Its text says why."""


def expect_url(url: str) -> str:
    """Give the host of a http or https address; AddressError where the text is no such address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise AddressError("this is not a web address") from None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
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


def refusal(address: Address, port: int, allowed: Iterable[Network]) -> str:
    """Why nothing connects there, empty where it may: to the web's ports of public hosts, and to what is listed."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    known = mapped or address
    if any(known in network for network in allowed):
        return ""
    if not is_public(known):
        return f"{address} is not a public address"
    return "" if port in WEB_PORTS or port >= LOWEST_FREE_PORT else f"port {port} is not one of the web's"
