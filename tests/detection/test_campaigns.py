"""What comments of one campaign share, and what they do not."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.comment import Author, Comment
from moderation.detection.campaigns import NEAR_SHARED, domains_of, hosts_of, text_traces, traces_of

TEXT = "the quick brown fox jumps over lazy dog while many people read news about money games music every day"
WORDS = TEXT.split()


@pytest.mark.parametrize(
    ("body", "domains"),
    [
        ("see https://shop.evil.co.uk/x?y=1.", ("evil.co.uk",)),
        ("see www.evil.com and EVIL.COM", ("evil.com",)),
        ("see evil.com/path here", ("evil.com",)),
        ("my page a.blogspot.com", ("a.blogspot.com",)),
        ("write a.b@mail.example.com", ()),
        ("read main.py and notes.md", ()),
        ("version 1.2.3 ends here.Yes it does", ()),
        ("http://2001:db8::1 and http://10.0.0.1/", ("10.0.0.1",)),
        ("пиши на казино.рф", ()),
        ("пиши на https://казино.рф/вход", ("казино.рф",)),
    ],
)
def test_domains_are_the_registered_ones(body: str, domains: tuple[str, ...]) -> None:
    assert domains_of(Comment(body)) == domains


def test_authors_link_counts() -> None:
    comment = Comment("nice", author=Author(url="https://www.shop.example.com/"))
    assert hosts_of(comment) == ("www.shop.example.com",)
    assert domains_of(comment) == ("example.com",)


def test_platform_is_told_by_its_page() -> None:
    traces = traces_of(Comment("join t.me/winbig and youtube.com/@spam"))
    assert ("page", "t.me/winbig") in traces
    assert ("domain", "t.me") not in traces


def test_contacts_are_folded() -> None:
    one = traces_of(Comment("call +1 (202) 555-0100 or Mail.Me@Example.com"))
    other = traces_of(Comment("call 12025550100, mail.me@example.com"))
    shared = {trace for trace in set(one) & set(other) if trace[0] != "near"}
    assert shared == {("contact", "12025550100"), ("contact", "mail.me@example.com")}


def test_same_letters_are_the_same_text() -> None:
    one = Comment("Buy now, great shoes - free shipping!")
    other = Comment("buy NOW   great shoes... free ｓｈｉｐｐｉｎｇ")
    assert set(text_traces(one)) == set(text_traces(other))
    assert text_traces(Comment("thanks!")) == ()


def test_near_duplicates_share_traces() -> None:
    chance = random.Random(3)
    near = unlike = 0
    for _ in range(100):
        words = chance.choices(WORDS, k=40)
        changed = list(words)
        changed[chance.randrange(40)] = "instead"
        near += _is_near(words, changed)
        unlike += _is_near(words, chance.choices(WORDS, k=40))
    assert near >= 90
    assert unlike <= 2


@pytest.mark.parametrize("part", ["a-", "a.", "@", "1 ", "www.", "http://", "a@a.", "\u0e01", "(((", "t.me/"])
def test_hostile_text_takes_no_time(part: str) -> None:
    comment = Comment(part * 50_000, author=Author(url=part * 50_000))
    begin = time.process_time()
    traces_of(comment)
    assert time.process_time() - begin < 0.5


@given(st.text(max_size=200))
def test_any_text_can_be_traced(body: str) -> None:
    comment = Comment(body, author=Author(url=body))
    assert traces_of(comment) == traces_of(comment)


def _is_near(one: list[str], other: list[str]) -> bool:
    shared = set(text_traces(Comment(" ".join(one)))) & set(text_traces(Comment(" ".join(other))))
    return len(shared) >= NEAR_SHARED
