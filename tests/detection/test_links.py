"""Addresses, numbers and long codes: found where a reader would see one, whole or broken, and nowhere else."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.comment import Comment
from moderation.detection.features import Batch, FeatureReader
from moderation.detection.links import MOST_LINKS
from moderation.detection.signals import Signal
from tests.detection.conftest import TEXTS, Sketch, shown

READER = FeatureReader(Sketch().tables())

PIECES = (
    "dot com", "a.com", "www.b.net/x", "x @ y. com", ".", "com", "evil[.]com", "(dot)", " .com", "0812-3456-7890",
    "+1 202", " 192.168.1.1 ", "2024-01-15", "саsinо", "c a s i n o", "cas1no", "[url=x]", "<a href", "](http",
    " @bob_1", "a1" * 20, "https://evil.co.uk/x?y=1", "co.", " ", "\n", "!", "very nice article ", "casino ",
)  # fmt: skip
"""Pieces of addresses, numbers and codes, and what stands beside them."""


class Seen(NamedTuple):
    text: int
    sent: str
    """The link as it was sent."""
    host: str
    marks: str


def read(*texts: str) -> Batch:
    return READER.read([(Comment(text), None) for text in texts])


def seen(*texts: str) -> list[Seen]:
    """The links of some texts; marks: full, broken, email."""
    batch = read(*texts)
    source, found = batch.folded.source, []
    for link in batch.links:
        marks = [name for name in ("full", "broken", "email") if getattr(link, f"is_{name}")]
        first, last = int(source[link.begin]), int(source[link.end - 1])
        host = shown(batch.folded.codes[link.host_begin : link.host_end])
        found.append(Seen(link.text, texts[link.text][first : last + 1], host, " ".join(marks)))
    return found


def phones(*texts: str) -> list[str]:
    return _sent(texts, Signal.PHONE)


def codes(*texts: str) -> list[str]:
    return _sent(texts, Signal.LONG_CODE)


def _sent(texts: Sequence[str], signal: Signal) -> list[str]:
    """What shows a signal first in each text that has it, as it was sent."""
    places = read(*texts).places[:, signal].tolist()
    return [text[begin:end] for text, (begin, end) in zip(texts, places, strict=True) if begin >= 0]


@pytest.mark.parametrize(
    ("text", "sent", "host", "marks"),
    [
        ("see https://shop.evil.co.uk/x?y=1 now", "https://shop.evil.co.uk/x?y=1", "shop.evil.co.uk", "full"),
        ("HTTP://EVIL.COM", "HTTP://EVIL.COM", "evil.com", "full"),
        ("see www.evil.com", "www.evil.com", "www.evil.com", "full"),
        ("on bit.ly/x1", "bit.ly/x1", "bit.ly", "full"),
        ("http://evil.com:8080/x y", "http://evil.com:8080/x", "evil.com", "full"),
        ("https://main.py", "https://main.py", "main.py", "full"),
        ("go to evil.com!", "evil.com", "evil.com", ""),
        ("my-evil-shop.com", "my-evil-shop.com", "my-evil-shop.com", ""),
        ("ｅｖｉｌ．ｃｏｍ", "ｅｖｉｌ．ｃｏｍ", "evil.com", ""),
        ("еvil\u200b.com", "еvil\u200b.com", "evil.com", ""),
        ("evil . com", "evil . com", "evil . com", "broken"),
        ("evil. com", "evil. com", "evil. com", "broken"),
        ("evil[.]com", "evil[.]com", "evil[.]com", "broken"),
        ("evil(dot)com", "evil(dot)com", "evil(dot)com", "broken"),
        ("evil (dot) com", "evil (dot) com", "evil (dot) com", "broken"),
        ("evil dot com", "evil dot com", "evil dot com", "broken"),
        ("buy at evilshop .com", "evilshop .com", "evilshop .com", "broken"),
        ("evilshop ,com", "evilshop ,com", "evilshop ,com", "broken"),
        ("evilshop,com", "evilshop,com", "evilshop,com", "broken"),
        ("evilshop*com", "evilshop*com", "evilshop*com", "broken"),
        ("evil(.)com", "evil(.)com", "evil(.)com", "broken"),
        ("evil [.] ly", "evil [.] ly", "evil [.] ly", "broken"),
        ("write a@mail.com", "a@mail.com", "mail.com", "email"),
        ("me @ gmail. com", "me @ gmail. com", "gmail. com", "broken email"),
    ],
)  # fmt: skip
def test_addresses_are_found_whole(text: str, sent: str, host: str, marks: str) -> None:
    found = seen(text)
    assert [(link.sent, link.marks) for link in found] == [(sent, marks)]
    assert found[0].host == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It ends here.It goes on, me too.",
        "Read main.py, notes.md and e.g. this.",
        "It costs 3.50, or 1.000.000 at most... really",
        "The dot was red",
        "he said .com and .net",
        "version 2.0.1 of ASP",
        "I like it. Me too, it works. It was cold",
        "on yahoo, com and others; we use ASP .NET",
    ],
)
def test_ordinary_dots_are_no_addresses(text: str) -> None:
    assert seen(text) == []


def test_links_come_in_the_order_of_texts() -> None:
    found = seen("a.com b.com", "none", "c.com")
    assert [(link.text, link.host) for link in found] == [(0, "a.com"), (0, "b.com"), (2, "c.com")]


@pytest.mark.parametrize(
    ("first", "second"), [("it ends.", "com is here"), ("evil", ".com"), ("evil dot", "com"), ("evil", "dot com")]
)
def test_no_address_spans_two_texts(first: str, second: str) -> None:
    assert seen(first, second) == [*seen(first), *(link._replace(text=1) for link in seen(second))]


@given(st.lists(TEXTS | st.sampled_from(["dot com", "a.com", "www.b.net/x", "x @ y. com", ".", "com"]), max_size=6))
def test_links_ignore_the_neighbours(texts: list[str]) -> None:
    alone = [link._replace(text=place) for place, text in enumerate(texts) for link in seen(text)]
    assert seen(*texts) == alone


def test_flood_of_links_is_cut_by_text() -> None:
    found = seen("a.com " * (MOST_LINKS + 50), "b.com", "c.com")
    assert [link.text for link in found] == [0] * MOST_LINKS + [1, 2]


@pytest.mark.parametrize(
    "number",
    [
        "+1 202 555 0100",
        "+62 812-3456-7890",
        "0812-3456-7890",
        "2025550100",
        "(0)30 901820 44",
        "0812 3456 7890",
        "06.12.34.56.78",
        "0812-34-56-78",
        "＋１ ２０２ ５５５ ０１００",
    ],
)
def test_numbers_to_call_are_found(number: str) -> None:
    text = f"Write to me on WhatsApp {number} now"
    assert [found.strip("(＋+") for found in phones(text)] == [number.strip("(＋+")]


@pytest.mark.parametrize(
    "text",
    [
        "In 2024, 300 of 1,200 voted",
        "at 10:30 11:45 12:50",
        "12/24/2024",
        "call 911",
        "page 12345678",
        "1" * 20,
        "15.01.2024 15.01.2025",
        "on 2024-01-15 2024-01-16",
        "2024-01-15 12:30",
        "at 192.168.10.254",
        "1,200,000,000 of them",
    ],
)
def test_other_numbers_are_not_called(text: str) -> None:
    assert phones(text) == []


def test_no_number_spans_two_texts() -> None:
    assert phones("0812-3456", "7890-1234") == []
    assert phones("first 0812-3456", "0812-3456-7890") == ["0812-3456-7890"]


@pytest.mark.parametrize(
    "code",
    ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "0x52908400098527886E0F7030069857D2E4169EE7"],
    ids=["bitcoin", "ether"],
)
def test_wallet_addresses_are_long_codes(code: str) -> None:
    assert codes(f"send it to {code} today") == [code]


@pytest.mark.parametrize("text", ["Donaudampfschifffahrtsgesellschaft", "1" * 40, "a1b2c3", "a1" * 60])
def test_long_words_are_no_codes(text: str) -> None:
    assert codes(text) == []
