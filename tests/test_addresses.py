"""Which addresses strangers may name."""

from ipaddress import ip_address, ip_network

import pytest

from moderation.addresses import AddressError, expect_url, is_public, refusal


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "0.0.0.0", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.0.192",
        "192.0.2.1", "198.18.0.1", "203.0.113.7", "168.63.129.16", "192.88.99.1",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "ff02::1", "2001:db8::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
        "100::1", "fec0::1", "3fff::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)  # fmt: skip
def test_inner_address_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))
    assert "is not a public address" in refusal(ip_address(text), 443, ())


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::808:808"]
)
def test_open_address_is_public(text: str) -> None:
    assert is_public(ip_address(text))
    assert refusal(ip_address(text), 443, ()) == ""


@pytest.mark.parametrize(("port", "allowed"), [(80, True), (443, True), (8080, True), (25, False), (22, False)])
def test_only_web_ports_are_called(port: int, allowed: bool) -> None:
    assert (refusal(ip_address("1.1.1.1"), port, ()) == "") is allowed


def test_listed_network_is_allowed_alone() -> None:
    listed = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert refusal(ip_address("10.1.2.3"), 25, listed) == ""
    assert refusal(ip_address("::ffff:10.1.2.3"), 443, listed) == ""
    assert refusal(ip_address("fd00::1"), 443, listed) == ""
    assert refusal(ip_address("10.2.0.1"), 443, listed) != ""


@pytest.mark.parametrize(
    "url",
    [
        "", "file:///etc/passwd", "http://a.example%2f.b.example/", "http://a.example\\.b.example/",
        "gopher://h/", "ftp://h/", "//h/", "http://", "http:///x", "http://user:pass@h/",
        "http://h:99999/", "http://h/ x", "http://h/\r\nX: y", "http://ä.example/", "http://[::1",
        "http://h/" + "x" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        expect_url(url)
