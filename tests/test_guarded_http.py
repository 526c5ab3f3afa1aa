"""Which addresses are called, and what bounds a call: against real sockets of this machine."""

import gzip
import time
from ipaddress import ip_network

import pytest

from moderation.addresses import AddressError
from moderation.guarded_http import CallError, Client, Request
from tests.receiver import LOCAL, Reply, Sent, receiving

HERE = (ip_network(LOCAL),)


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


def test_what_is_no_web_address_is_not_called() -> None:
    with pytest.raises(AddressError):
        Client().send(Request("file:///etc/passwd"))


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
