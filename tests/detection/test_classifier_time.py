"""No text makes scoring take more than linear time: hostile ones at one size and at four times that size."""

import time
from collections.abc import Callable

import pytest

from moderation.comment import Article, Author, Comment, Pair
from moderation.detection.classifier import Classifier

FERRY = Article(title="Night ferry to the islands returns", body="The night ferry will sail again, at other fares.")


def _comment(text: str) -> Pair:
    return Comment(text), None


HOSTILE: dict[str, Callable[[int], Pair]] = {
    "no space": lambda n: _comment("x" * n),
    "letters without a space": lambda n: _comment("qwertyuiopasdfghjklzxcvbnm"[: n % 26 + 1] + "lorem" * (n // 5)),
    "links": lambda n: _comment("https://a.example.com/x " * (n // 40)),
    "bare domains": lambda n: _comment("a.com " * (n // 6)),
    "labels": lambda n: _comment("a." * (n // 2) + "com"),
    "at signs": lambda n: _comment("@" * n),
    "accounts": lambda n: _comment("@a " * (n // 3)),
    "mark-up": lambda n: _comment("[url" * (n // 4)),
    "open tags": lambda n: _comment("<a " * (n // 3)),
    "digits": lambda n: _comment("5" * n),
    "groups of digits": lambda n: _comment("555 12 " * (n // 7)),
    "many numbers": lambda n: _comment("0812-3456-7890 x " * (n // 17)),
    "long codes": lambda n: _comment("1a2b3c4d5e6f7g8h9i0j1k2l3m4n5o " * (n // 31)),
    "spaced letters": lambda n: _comment("a b c d e f g " * (n // 14)),
    "single letters": lambda n: _comment("a b c dd " * (n // 9)),
    "look-alikes": lambda n: _comment("саsinо " * (n // 7)),
    "half look-alikes": lambda n: _comment("жcж " * (n // 4)),
    "digits for letters": lambda n: _comment("c4s1n0 " * (n // 7)),
    "right-to-left marks": lambda n: _comment("\u202e\u200f\u2067a" * (n // 4)),
    "invisible": lambda n: _comment("\u200b" * n),
    "nul": lambda n: _comment("\0" * n),
    "blanks": lambda n: _comment(" " * n),
    "newlines": lambda n: _comment("\n" * n),
    "accents": lambda n: _comment("e\u0301\u0323" * (n // 3)),
    "one letter, many accents": lambda n: _comment("e" + "\u0301" * n),
    "letters of many": lambda n: _comment("ﷺ" * (n // 10)),
    "ideographs": lambda n: _comment("金" * n),
    "emoji": lambda n: _comment("😀🎰" * (n // 2)),
    "surrogates": lambda n: _comment("\ud800" * n),
    "exclamations": lambda n: _comment("!" * n),
    "brackets": lambda n: _comment("(" * n),
    "dots": lambda n: _comment("." * n),
    "author's name": lambda n: (Comment("x", author=Author(name="buy cheap " * (n // 10))), None),
    "author's address": lambda n: (Comment("x", author=Author("a b c", "https://a.com/" + "-/?" * (n // 3))), None),
    "names of an address": lambda n: (Comment("x", author=Author("abc " * (n // 40), f"a.com/{'b' * n}")), None),
    "own links": lambda n: (Comment("b.a.com " * (n // 8), author=Author("a", "https://a.com/" + "b" * n)), None),
    "article": lambda n: (Comment("The ferry sails again."), Article(body="ferry fares rise " * (n // 3))),
    "title": lambda n: (Comment("The ferry sails again."), Article(title="ferry fares rise " * (n // 17))),
    "shared words": lambda n: (Comment("ferry fares rise again " * (n // 23)), FERRY),
}  # fmt: skip
SIZE, TIMES, BOUND = 50_000, 4, 12
"""Code points; a quadratic step would make ``TIMES`` as many take 16 times as long."""


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_linear_in_size(classifier: Classifier, name: str) -> None:
    def seconds(pair: Pair) -> float:
        begun = time.process_time()
        classifier.score(*pair)
        return time.process_time() - begun

    small, large = HOSTILE[name](SIZE), HOSTILE[name](TIMES * SIZE)
    classifier.score(*large)  # what is kept for later is not counted
    least = min(seconds(small) for _ in range(3))
    assert min(seconds(large) for _ in range(3)) < BOUND * max(least, 0.002)


@pytest.mark.parametrize("part", ["a", "ab ", "a.com ", "@a ", "ﷺ"], ids=ascii)
def test_many_comments_take_linear_time(classifier: Classifier, part: str) -> None:
    def seconds(count: int) -> float:
        pairs: list[Pair] = [(Comment(part * 10 + str(number)), FERRY) for number in range(count)]
        begun = time.process_time()
        classifier.score_many(pairs)
        return time.process_time() - begun

    seconds(10)
    assert min(seconds(2_000) for _ in range(2)) < BOUND * min(seconds(500) for _ in range(3))
