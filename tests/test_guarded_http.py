"""Which addresses are called, and what bounds a call: against real sockets of this machine."""

import gzip
import time
from ipaddress import ip_address, ip_network

import pytest

from moderation.guarded_http import AddressError, CallError, Client, Request, expect_url, is_public
from tests.receiver import LOCAL, Reply, Sent, receiving

HERE = (ip_network(LOCAL),)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "0.0.0.0", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.0.192",
        "192.0.2.1", "198.18.0.1", "203.0.113.7", "168.63.129.16", "192.88.99.1",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "ff02::1", "2001:db8::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
        "100::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)  # fmt: skip
def test_inner_address_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))
    assert "is not a public address" in Client().refusal(ip_address(text), 443)


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::808:808"]
)
def test_open_address_is_public(text: str) -> None:
    assert is_public(ip_address(text))
    assert Client().refusal(ip_address(text), 443) == ""


@pytest.mark.parametrize(("port", "allowed"), [(80, True), (443, True), (8080, True), (25, False), (22, False)])
def test_only_web_ports_are_called(port: int, allowed: bool) -> None:
    assert (Client().refusal(ip_address("1.1.1.1"), port) == "") is allowed


def test_listed_network_is_allowed_alone() -> None:
    client = Client((ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    assert client.refusal(ip_address("10.1.2.3"), 25) == ""
    assert client.refusal(ip_address("::ffff:10.1.2.3"), 443) == ""
    assert client.refusal(ip_address("fd00::1"), 443) == ""
    assert client.refusal(ip_address("10.2.0.1"), 443) != ""


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"],
)
def test_no_spelling_of_here_is_connected_to(host: str) -> None:
    with receiving() as receiver:
        with pytest.raises((AddressError, CallError)):
            Client().send(Request(f"http://{host}:{receiver.port}/"))
        time.sleep(0.05)
        assert receiver.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "", "file:///etc/passwd", "gopher://h/", "ftp://h/", "//h/", "http://", "http:///x", "http://user:pass@h/",
        "http://h:99999/", "http://h/ x", "http://h/\r\nX: y", "http://ä.example/", "http://[::1",
        "http://h/" + "x" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        expect_url(url)
    with pytest.raises(AddressError):
        Client().send(Request(url))


def test_answer_is_what_came() -> None:
    with receiving(lambda _sent: Reply(200, {"X-Word": "yes"}, b"hello")) as receiver:
        answer = Client(HERE).send(Request(f"{receiver.url}/a?b", {"X-Id": "1"}, b"body"))
    assert (answer.status, answer.headers["x-word"], answer.body, answer.ok) == (200, "yes", b"hello", True)
    [sent] = receiver.sent
    assert (sent.path, sent.headers["x-id"], sent.body) == ("/a?b", "1", b"body")


def test_redirect_is_told_not_followed() -> None:
    with receiving(lambda _sent: Reply(302, {"Location": "/next"})) as receiver:
        answer = Client(HERE).send(Request(f"{receiver.url}/"))
    assert (answer.ok, answer.location) == (False, f"{receiver.url}/next")
    assert len(receiver.sent) == 1


@pytest.mark.parametrize(
    "reply", [Reply(200, body=b"x" * 2000), Reply(200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 10**7))]
)
def test_long_answer_is_cut_off(reply: Reply) -> None:
    with receiving(lambda _sent: reply) as receiver, pytest.raises(CallError, match="longer than 1,000 bytes"):
        Client(HERE, most_bytes=1000).send(Request(receiver.url))


def test_hanging_server_costs_its_time_only() -> None:
    begun_s = time.monotonic()
    with receiving(_hang) as receiver, pytest.raises(CallError, match="in time"):
        Client(HERE, timeout_s=0.3).send(Request(receiver.url))
    assert time.monotonic() - begun_s < 2


def _hang(_sent: Sent) -> Reply:
    time.sleep(3)
    return Reply()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "middle"),
        (b"\xff\xfe nonsense", "HTTP/0.9"),
    ],
)
def test_broken_answer_is_one_line(raw: bytes, said: str) -> None:
    with receiving(lambda _sent: Reply(raw=raw)) as receiver, pytest.raises(CallError, match=said) as caught:
        Client(HERE).send(Request(receiver.url))
    assert "\n" not in str(caught.value)


def test_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert Client(HERE).send(Request(receiver.url)).ok
        assert proxy.connections == 0


def test_unknown_host_is_said() -> None:
    with pytest.raises(CallError, match="name is not known"):
        Client().send(Request("https://nowhere.invalid/"))
