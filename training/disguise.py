"""Disguises promotional comments as their senders do: dressed-up letters, broken words, padding. Seeded.

It knows no detector. Its look-alikes are those that a sender types, on purpose not the Unicode lists that detection
is built from: an attack that shares its table with the defence measures nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from string import ascii_letters

from moderation.comment import Article, Comment, Pair

Change = Callable[[str, Random], str]

_MATHEMATICAL = ("BOLD", "SANS-SERIF BOLD", "MONOSPACE", "BOLD SCRIPT", "BOLD FRAKTUR", "DOUBLE-STRUCK")
_CYRILLIC = dict(zip("aceijopsxyhdqwABCEHIJKMOPSTXY", "асеіјорѕхуһԁԛԝАВСЕНІЈКМОРЅТХУ", strict=True))
_GREEK = dict(zip("aeiknoptuvwxyABEHIKMNOPTXYZ", "αεικηορτυνωχγΑΒΕΗΙΚΜΝΟΡΤΧΥΖ", strict=True))
_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "b": "8", "g": "9"}
_MARKS = [chr(code) for code in (*range(0x300, 0x30D), *range(0x323, 0x334), 0x336)]
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\u00ad\ufeff"
_OVERRIDE, _END_OF_OVERRIDE, _ISOLATE, _END_OF_ISOLATE = "\u202e", "\u202c", "\u2066", "\u2069"
_MARK_LEFT, _MARK_RIGHT = "\u200e", "\u200f"
_EMOJI = "🔥💰🎰⭐✅💎🚀❤"
_BREAKS = ".-_*'|~"
_DOTS = (" . ", ". ", " .", " dot ", "(dot)", "[.]", " ,")
_LINK = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w.+-])(?:[\w.+-]+@[\w.-]+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b(?:/\S*)?)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+")
_LONGEST_PADDING = 600  # code points
_SENTENCES = 5


def disguise(attack: str, pairs: Sequence[Pair], ordinary: Sequence[str], seed: int) -> list[Pair | None]:
    """The comments after an attack of ``ATTACKS``, in their order; None where it would change nothing.

    Letters are disguised in body and author's name. ``ordinary``: bodies of good comments, to pad with. A comment's
    disguise depends on itself, its place and the seed.
    """
    randoms = [Random(f"{seed}:{attack}:{place}") for place in range(len(pairs))]  # noqa: S311  # no secret
    changed = [_disguised(attack, pair, ordinary, random) for pair, random in zip(pairs, randoms, strict=True)]
    return [new if new[0] != old[0] else None for new, old in zip(changed, pairs, strict=True)]


def _disguised(attack: str, pair: Pair, ordinary: Sequence[str], random: Random) -> Pair:
    comment, article = pair
    if attack in _LETTERS:
        change = _LETTERS[attack]
        author = replace(comment.author, name=change(comment.author.name, random))
        return replace(comment, body=change(comment.body, random), author=author), article
    source, place = _PADDINGS[attack]
    return _padded(comment, source(article, ordinary, random), place), article


def _padded(comment: Comment, padding: str, place: str) -> Comment:
    if not padding:
        return comment
    body = comment.body
    texts = {"before": (padding, body), "after": (body, padding)}[place]
    return replace(comment, body="\n".join(texts))


def _article_sentences(article: Article | None, ordinary: Sequence[str], random: Random) -> str:
    """Neighbouring sentences of the article, or its title; empty where none is known."""
    if article is None:
        return ""
    sentences = [sentence.strip() for sentence in _SENTENCE.split(article.body[:20_000]) if len(sentence) > 20]
    first = random.randrange(max(len(sentences) - _SENTENCES + 1, 1))
    return " ".join(sentences[first : first + _SENTENCES])[:_LONGEST_PADDING] or article.title


def _good_comments(article: Article | None, ordinary: Sequence[str], random: Random) -> str:
    chosen = random.sample(ordinary, min(3, len(ordinary)))
    return "\n".join(text[: _LONGEST_PADDING // 3] for text in chosen)


def _by_table(*tables: dict[str, str]) -> Change:
    """Every letter by one of the tables, the same for a whole text."""
    prepared = [str.maketrans(table) for table in tables]
    return lambda text, random: text.translate(random.choice(prepared))


def _named(pattern: str) -> dict[str, str]:
    """Each letter by the character that Unicode names so, where there is one."""
    found = {}
    for letter in ascii_letters:
        case = "SMALL" if letter.islower() else "CAPITAL"
        try:
            found[letter] = unicodedata.lookup(pattern.format(case=case, letter=letter.upper()))
        except KeyError:
            continue
    return found


def _after_letters(additions: str | Sequence[str], share: float) -> Change:
    """Put one of the additions behind the given share of letters."""

    def change(text: str, random: Random) -> str:
        return "".join(
            char + random.choice(additions) if char.isalpha() and random.random() < share else char for char in text
        )

    return change


def _outside_links(change: Change) -> Change:
    """Leave links as they are: who disguises the words of an advertisement wants its link to work."""

    def outside(text: str, random: Random) -> str:
        parts, end = [], 0
        for link in _LINK.finditer(text):
            parts += [change(text[end : link.start()], random), link[0]]
            end = link.end()
        return "".join([*parts, change(text[end:], random)])

    return outside


def _in_words(change: Change, share: float = 1.0) -> Change:
    """Change the given share of words of four letters and more, outside of links."""
    return _outside_links(
        lambda text, random: _WORD.sub(
            lambda word: change(word[0], random) if random.random() < share else word[0], text
        )
    )


def _isolated(text: str, random: Random) -> str:
    marked = _after_letters(_MARK_LEFT + _MARK_RIGHT, 0.3)(text, random)
    return re.sub(r"\S+", lambda word: f"{_ISOLATE}{word[0]}{_END_OF_ISOLATE}", marked)


def _overridden(text: str, random: Random) -> str:
    """Each line backwards under an override, so that it reads forwards on the screen."""
    return "\n".join(f"{_OVERRIDE}{line[::-1]}{_END_OF_OVERRIDE}" if line else "" for line in text.split("\n"))


def _spaced(text: str, random: Random) -> str:
    return re.sub(r"[^\W\d_]{2,}", lambda word: " ".join(word[0]) + " ", text)


def _leet(text: str, random: Random) -> str:
    return "".join(
        random.choice(_LEET[char.lower()]) if char.lower() in _LEET and random.random() < 0.7 else char for char in text
    )


def _with_emoji(word: str, random: Random) -> str:
    return random.choice(_EMOJI).join(word)


def _broken(word: str, random: Random) -> str:
    place = random.randrange(1, len(word))
    return word[:place] + random.choice(_BREAKS) + word[place:]


def _mistyped(word: str, random: Random) -> str:
    """Two letters swapped, one left out or one doubled; the first stays."""
    place = random.randrange(1, len(word) - 1)
    before, here, next_, after = word[:place], word[place], word[place + 1], word[place + 2 :]
    middle = random.choice((next_ + here, next_, here + here + next_))
    return before + middle + after


def _broken_links(text: str, random: Random) -> str:
    dot = random.choice(_DOTS)

    def change(link: re.Match[str]) -> str:
        bare = re.sub(r"^https?://(?:www\.)?", "", link[0])
        return bare.replace("@", " @ ").replace(".", dot)

    return _LINK.sub(change, text)


_LETTERS: dict[str, Change] = {
    "full-width letters": _by_table({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}),
    "mathematical letters": _by_table(
        *(_named(f"MATHEMATICAL {style} {{case}} {{letter}}") for style in _MATHEMATICAL)
    ),
    "small capitals": _by_table(_named("LATIN LETTER SMALL CAPITAL {letter}")),
    "enclosed letters": _by_table(
        _named("CIRCLED LATIN {case} LETTER {letter}"), _named("NEGATIVE SQUARED LATIN CAPITAL LETTER {letter}")
    ),
    "Cyrillic look-alikes": _by_table(_CYRILLIC),
    "Greek look-alikes": _by_table(_GREEK),
    "combining marks": _after_letters(_MARKS, 0.8),
    "zero-width characters": _after_letters(_ZERO_WIDTH, 0.5),
    "bidi marks": _isolated,
    "bidi override": _overridden,
    "spaced letters": _outside_links(_spaced),
    "leetspeak": _outside_links(_leet),
    "emoji between letters": _in_words(_with_emoji),
    "words broken by punctuation": _in_words(_broken),
    "links broken": _broken_links,
    "typos": _in_words(_mistyped, 0.4),
}
_PADDINGS: dict[str, tuple[Callable[[Article | None, Sequence[str], Random], str], str]] = {
    "article before": (_article_sentences, "before"),
    "article after": (_article_sentences, "after"),
    "good comments before": (_good_comments, "before"),
    "good comments after": (_good_comments, "after"),
}
ATTACKS = (*_LETTERS, *_PADDINGS)
"""The names of all attacks."""
