"""Named signals: what a moderator would point at. Values for a whole batch, and the places where they were seen.

Values are small numbers, mostly between 0 and 3, so that one weight each can say what they are worth. They come from
the comment and its article alone; what they are worth is learned elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, auto

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Author, Pair
from moderation.detection.links import Domains, find_links, find_long_codes, find_phones
from moderation.detection.ngrams import Hashes
from moderation.detection.text import Folded, Kind

Place = tuple[str, int, int]
"""A field and where in it, in code points as sent, end excluded."""


class Signal(IntEnum):
    """The signals, in the order of their columns. ``phrase`` is how a reason names one."""

    LINK = 0
    MORE_LINKS = auto()
    BARE_DOMAIN = auto()
    BROKEN_LINK = auto()
    EMAIL = auto()
    PHONE = auto()
    LONG_CODE = auto()
    MENTION = auto()
    LINK_MARKUP = auto()
    LINK_SHARE = auto()
    LINK_AT_END = auto()
    AUTHOR_URL = auto()
    AUTHOR_DEEP_URL = auto()
    AUTHOR_KEYWORDS = auto()
    AUTHOR_NAME_IN_URL = auto()
    AUTHOR_NAME_DIGITS = auto()
    AUTHOR_NAME_SCRIPT = auto()
    AUTHOR_DOMAIN_NAME = auto()
    OWN_LINK = auto()
    LOOK_ALIKES = auto()
    STYLED = auto()
    SPACED = auto()
    LEET = auto()
    INVISIBLE = auto()
    CAPITALS = auto()
    EXCLAMATION = auto()
    SYMBOLS = auto()
    CURRENCY = auto()
    DIGITS = auto()
    LENGTH = auto()
    SHORTNESS = auto()
    LINES = auto()
    LATENESS = auto()
    SCRIPT_MISMATCH = auto()

    @property
    def phrase(self) -> str:
        """How a reason names this signal."""
        return _PHRASES[self]


_PHRASES = {
    Signal.LINK: "link in the comment",
    Signal.MORE_LINKS: "several links",
    Signal.BARE_DOMAIN: "web address without a link",
    Signal.BROKEN_LINK: "link broken on purpose",
    Signal.EMAIL: "e-mail address in the comment",
    Signal.PHONE: "number to call or message",
    Signal.LONG_CODE: "long code, like a wallet's address",
    Signal.MENTION: "account name in the comment",
    Signal.LINK_MARKUP: "link written as mark-up",
    Signal.LINK_SHARE: "little but links",
    Signal.LINK_AT_END: "link at the end",
    Signal.AUTHOR_URL: "author gives a web address",
    Signal.AUTHOR_DEEP_URL: "author's address is a page deep in a site",
    Signal.AUTHOR_KEYWORDS: "author's name reads like search words",
    Signal.AUTHOR_NAME_IN_URL: "search words of the name stand in the address",
    Signal.AUTHOR_NAME_DIGITS: "digits in the author's name",
    Signal.AUTHOR_NAME_SCRIPT: "author's name in another script",
    Signal.AUTHOR_DOMAIN_NAME: "author's name is a web address",
    Signal.OWN_LINK: "link to the author's own site",
    Signal.LOOK_ALIKES: "letters of another script inside words",
    Signal.STYLED: "fancy letters",
    Signal.SPACED: "letters spaced out",
    Signal.LEET: "digits in place of letters",
    Signal.INVISIBLE: "invisible characters inside the text",
    Signal.CAPITALS: "capital letters",
    Signal.EXCLAMATION: "exclamation marks",
    Signal.SYMBOLS: "emoji and symbols",
    Signal.CURRENCY: "amounts of money",
    Signal.DIGITS: "many digits",
    Signal.LENGTH: "length of the comment",
    Signal.SHORTNESS: "very short comment",
    Signal.LINES: "line breaks",
    Signal.LATENESS: "long after the article",
    Signal.SCRIPT_MISMATCH: "another script than the article's",
}
_SCRIPTS = (Kind.LOWER, Kind.CYRILLIC, Kind.GREEK, Kind.LETTER, Kind.IDEOGRAPH)
_EXCLAMATION, _AT, _LESS, _BRACKET, _HYPHEN, _SLASH = (ord(sign) for sign in "!@<[-/")
_MARKUP = (("<", "a "), ("[", "url"), ("[", "link"), ("]", "(http"))


@dataclass(slots=True)
class Signals:
    """``values`` has a row a comment, a column a Signal; ``places`` where the first of one was seen."""

    values: NDArray[np.float32]
    places: dict[tuple[int, int], Place]


def read_signals(pairs: Sequence[Pair], folded: Folded, words: Hashes, domains: Domains) -> Signals:
    """Read the signals of a batch. ``folded`` holds all bodies, then all authors' names, then all their addresses."""
    count = len(pairs)
    signals = Signals(np.zeros((count, len(Signal)), np.float32), {})
    _read_links(signals, pairs, folded, words, domains)
    _read_contacts(signals, folded, count)
    _read_shape(signals, folded, count)
    _read_disguise(signals, folded, count)
    _read_authors(signals, pairs, folded, count)
    _read_article(signals, pairs, folded, count)
    return signals


def _mark(signals: Signals, row: int, signal: Signal, place: Place) -> None:
    signals.places.setdefault((row, signal), place)


def sent_place(folded: Folded, field: str, begin: int, end: int) -> Place:
    """The place as sent of the folded codes from ``begin`` to before ``end``."""
    return (field, max(int(folded.source[begin]), 0), int(folded.source[end - 1]) + 1)


def _read_links(signals: Signals, pairs: Sequence[Pair], folded: Folded, words: Hashes, domains: Domains) -> None:
    count = len(pairs)
    values = signals.values
    sizes = np.diff(folded.starts)
    for link in find_links(folded, words, domains, count):
        row = link.text
        kind = Signal.EMAIL if link.is_email else Signal.LINK if link.is_full else Signal.BARE_DOMAIN
        place = sent_place(folded, "body", link.begin, link.end)
        if link.is_broken:
            values[row, Signal.BROKEN_LINK] = 1
            _mark(signals, row, Signal.BROKEN_LINK, place)
        values[row, kind] += 1
        _mark(signals, row, kind, place)
        values[row, Signal.LINK_SHARE] += (link.end - link.begin) / sizes[row]
        if folded.starts[row + 1] - link.end <= 3 and not link.is_email:
            values[row, Signal.LINK_AT_END] = 1
            _mark(signals, row, Signal.LINK_AT_END, place)
        author_url = pairs[row][0].author.url
        if author_url and link.host_end - link.host_begin > 4:
            host = "".join(map(chr, folded.codes[link.host_begin : link.host_end].tolist()))
            if host.removeprefix("www.") in author_url.casefold():
                values[row, Signal.OWN_LINK] = 1
                _mark(signals, row, Signal.OWN_LINK, place)
    links = values[:, Signal.LINK] + values[:, Signal.BARE_DOMAIN]
    values[:, Signal.MORE_LINKS] = np.log1p(np.maximum(links - 1, 0))
    for kind in (Signal.LINK, Signal.BARE_DOMAIN, Signal.EMAIL, Signal.LINK_SHARE):
        np.minimum(values[:, kind], 1, out=values[:, kind])


def _read_contacts(signals: Signals, folded: Folded, count: int) -> None:
    finders = ((Signal.PHONE, find_phones), (Signal.LONG_CODE, find_long_codes))
    for signal, find in finders:
        for row, begin, end in find(folded, count):
            signals.values[row, signal] = 1
            _mark(signals, row, signal, sent_place(folded, "body", begin, end))
    codes = folded.codes[: folded.starts[count]]
    ats = np.flatnonzero(codes == _AT)
    ats = ats[(ats > 0) & (folded.codes[ats - 1] == 32)]
    for place in ats[:10_000].tolist():
        row = int(np.searchsorted(folded.starts, place, "right") - 1)
        word = int(np.searchsorted(folded.word_start, place))
        if word < len(folded.word_start) and folded.word_start[word] == place + 1:
            signals.values[row, Signal.MENTION] = 1
            _mark(signals, row, Signal.MENTION, sent_place(folded, "body", place, int(folded.word_end[word])))
    for place in np.flatnonzero((codes == _LESS) | (codes == _BRACKET) | (codes == ord("]")))[:10_000].tolist():
        head = "".join(map(chr, folded.codes[place : place + 6].tolist()))
        if any(head.startswith(first + rest) for first, rest in _MARKUP):
            row = int(np.searchsorted(folded.starts, place, "right") - 1)
            signals.values[row, Signal.LINK_MARKUP] = 1
            _mark(signals, row, Signal.LINK_MARKUP, sent_place(folded, "body", place, place + len(head)))


def _read_shape(signals: Signals, folded: Folded, count: int) -> None:
    values, kinds = signals.values, folded.raw_kinds[:count].astype(np.float32)
    letters = kinds[:, list(_SCRIPTS)].sum(1) + kinds[:, Kind.UPPER]
    size = kinds.sum(1)
    words = np.diff(folded.first_word[: count + 1])
    exclaimed = np.add.reduceat(folded.codes == _EXCLAMATION, folded.starts[:count], dtype=np.int64)
    values[:, Signal.CAPITALS] = np.where(letters >= 8, kinds[:, Kind.UPPER] / (letters + 8), 0)
    values[:, Signal.EXCLAMATION] = np.log1p(exclaimed)
    values[:, Signal.SYMBOLS] = np.log1p(kinds[:, Kind.SYMBOL])
    values[:, Signal.CURRENCY] = np.minimum(kinds[:, Kind.CURRENCY], 3) / 3
    values[:, Signal.DIGITS] = kinds[:, Kind.DIGIT] / (size + 10)
    values[:, Signal.LENGTH] = np.log1p(words) / 3
    values[:, Signal.SHORTNESS] = np.maximum(1 - words / 8, 0)
    values[:, Signal.LINES] = np.log1p(kinds[:, Kind.NEWLINE]) / 2


def _read_disguise(signals: Signals, folded: Folded, count: int) -> None:
    values, kinds = signals.values, folded.raw_kinds[:count].astype(np.float32)
    values[:, Signal.LOOK_ALIKES] = np.minimum(np.log1p(folded.mixed[:count]), 2)
    values[:, Signal.STYLED] = np.minimum(np.log1p(kinds[:, Kind.STYLED]), 3) / 2
    values[:, Signal.SPACED] = np.minimum(folded.spaced[:count], 2)
    values[:, Signal.LEET] = np.minimum(np.log1p(folded.leet[:count]), 2)
    european = kinds[:, [Kind.LOWER, Kind.UPPER, Kind.CYRILLIC, Kind.GREEK, Kind.STYLED]].sum(1)
    other = kinds[:, [Kind.LETTER, Kind.IDEOGRAPH, Kind.SYMBOL, Kind.MARK]].sum(1)
    hidden = np.where(european > other * 2, kinds[:, Kind.INVISIBLE] - kinds[:, Kind.SYMBOL], 0)
    values[:, Signal.INVISIBLE] = np.minimum(np.log1p(np.maximum(hidden, 0)), 3) / 2


def _read_authors(signals: Signals, pairs: Sequence[Pair], folded: Folded, count: int) -> None:
    values = signals.values
    name_words = np.diff(folded.first_word[count : 2 * count + 1])
    kinds = folded.raw_kinds
    values[:, Signal.AUTHOR_KEYWORDS] = np.clip(name_words - 2, 0, 3) / 3
    values[:, Signal.AUTHOR_NAME_DIGITS] = kinds[count : 2 * count, Kind.DIGIT] > 0
    scripts = list(_SCRIPTS)
    name_script = kinds[count : 2 * count, scripts]
    other = (name_script.argmax(1) != kinds[:count, scripts].argmax(1)) & (kinds[:count, scripts].sum(1) > 20)
    values[:, Signal.AUTHOR_NAME_SCRIPT] = other & (name_script.sum(1) > 3)
    for row, (comment, _) in enumerate(pairs):
        author = comment.author
        if author.url:
            _read_author_url(values[row], author)
        if "." in author.name and ("://" in author.name or author.name.casefold().endswith((".com", ".net", ".org"))):
            values[row, Signal.AUTHOR_DOMAIN_NAME] = 1
        for signal in AUTHOR_SIGNALS:
            if values[row, signal]:
                field = "author.url" if signal in (Signal.AUTHOR_URL, Signal.AUTHOR_DEEP_URL) else "author.name"
                text = author.url if field == "author.url" else author.name
                _mark(signals, row, signal, (field, 0, len(text)))


AUTHOR_SIGNALS = (
    Signal.AUTHOR_URL,
    Signal.AUTHOR_DEEP_URL,
    Signal.AUTHOR_KEYWORDS,
    Signal.AUTHOR_NAME_IN_URL,
    Signal.AUTHOR_NAME_DIGITS,
    Signal.AUTHOR_NAME_SCRIPT,
    Signal.AUTHOR_DOMAIN_NAME,
)


def _read_author_url(values: NDArray[np.float32], author: Author) -> None:
    values[Signal.AUTHOR_URL] = 1
    _, _, behind = author.url.rstrip("/").rpartition("://")
    _, _, path = behind.partition("/")
    values[Signal.AUTHOR_DEEP_URL] = min(path.count("/") + path.count("-") + path.count("?") + bool(path), 4) / 4
    url = author.url.casefold()
    tokens = [token for token in author.name.casefold().split() if len(token) > 2]
    if tokens and values[Signal.AUTHOR_KEYWORDS]:
        values[Signal.AUTHOR_NAME_IN_URL] = sum(token in url for token in tokens) / len(tokens)


def _read_article(signals: Signals, pairs: Sequence[Pair], folded: Folded, count: int) -> None:
    for row, (comment, article) in enumerate(pairs):
        if article is None or comment.created_at is None or article.published_at is None:
            continue
        days = (_utc(comment.created_at) - _utc(article.published_at)).total_seconds() / 86_400
        if days > 1:
            signals.values[row, Signal.LATENESS] = min(np.log2(days) / 10, 1.5)


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
