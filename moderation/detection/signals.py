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
from moderation.detection.kernels import library, pointer
from moderation.detection.links import Contacts, Link, LinkFinder, find_contacts
from moderation.detection.ngrams import Hashes
from moderation.detection.text import Folded, Kind, Places

Place = tuple[str, int, int]
"""A field and where in it, in code points as sent, end excluded."""


class Signal(IntEnum):
    """The signals, in the order of their columns."""

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
    AUTHOR_SMALL_LETTERS = auto()
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
    Signal.AUTHOR_SMALL_LETTERS: "author's name is words in small letters",
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
SIGNAL_PHRASES = tuple(_PHRASES[signal] for signal in Signal)
"""How a reason names each signal."""
SCRIPTS = [Kind.LOWER, Kind.CYRILLIC, Kind.GREEK, Kind.LETTER, Kind.IDEOGRAPH]
_SHAPE = np.array(  # what signals.c reads, in its order
    [Signal.EXCLAMATION, Signal.SYMBOLS, Signal.LENGTH, Signal.LINES, Signal.STYLED, Signal.INVISIBLE,
     Signal.LOOK_ALIKES, Signal.LEET, Signal.CAPITALS, Signal.CURRENCY, Signal.DIGITS, Signal.SHORTNESS, Signal.SPACED,
     Signal.SCRIPT_MISMATCH, Signal.AUTHOR_KEYWORDS, Signal.AUTHOR_NAME_DIGITS, Signal.AUTHOR_NAME_SCRIPT,
     Signal.AUTHOR_SMALL_LETTERS], np.int64
)  # fmt: skip
_NAME_LOOKED_AT, _URL_LOOKED_AT = 200, 2_000  # code points that are compared: nobody's real ones are longer


@dataclass(slots=True)
class Signals:
    """``values`` has a row a comment, a column a Signal; ``places`` tell where the first of each was seen.

    ``links`` are those of the bodies in order, and ``found`` the same as C wrote them.
    """

    values: NDArray[np.float32]
    places: dict[tuple[int, int], Place]
    links: list[Link]
    found: Places


def read_signals(
    pairs: Sequence[Pair], folded: Folded, words: Hashes, finder: LinkFinder, scripts: NDArray[np.int64]
) -> Signals:
    """Read the signals of a batch. ``folded`` holds all bodies, then all authors' names, then all their addresses.

    ``scripts`` are those of the articles, places in SCRIPTS, or -1.
    """
    count = len(pairs)
    values = np.zeros((count, len(Signal)), np.float32)
    found, links = finder.find(folded, words, count)
    signals = Signals(values, {}, links, found)
    contacts = find_contacts(folded, count)
    library.read_shape(
        folded.view, pointer(contacts.exclamations), pointer(scripts), count, pointer(_SHAPE), len(Signal),
        pointer(values),
    )  # fmt: skip
    _read_links(signals, pairs, folded)
    _read_contacts(signals, contacts, folded)
    _read_authors(signals, pairs)
    _read_article(signals, pairs)
    return signals


def _mark(signals: Signals, row: int, signal: Signal, place: Place) -> None:
    signals.places.setdefault((row, signal), place)


def sent_place(folded: Folded, field: str, begin: int, end: int) -> Place:
    """The place as sent of the folded codes from ``begin`` to before ``end``."""
    first, last = sorted((int(folded.source[begin]), int(folded.source[end - 1])))  # turned round by an override
    return (field, max(first, 0), last + 1)


def _read_links(signals: Signals, pairs: Sequence[Pair], folded: Folded) -> None:
    if not signals.links:
        return
    values = signals.values
    sizes = folded.sizes
    for link in signals.links:
        row = link.text
        kind = Signal.EMAIL if link.is_email else Signal.LINK if link.is_full else Signal.BARE_DOMAIN
        place = sent_place(folded, "body", link.begin, link.end)
        values[row, kind] += 1
        values[row, Signal.LINK_SHARE] += (link.end - link.begin) / sizes[row]
        found = [kind, Signal.LINK_SHARE]
        if link.is_broken:
            found.append(Signal.BROKEN_LINK)
        if folded.starts[row + 1] - link.end <= 3 and not link.is_email:
            found.append(Signal.LINK_AT_END)
        if _is_own(pairs[row][0].author.url, folded, link):
            found.append(Signal.OWN_LINK)
        values[row, found[2:]] = 1
        for signal in found:
            _mark(signals, row, signal, place)
    several = values[:, Signal.LINK] + values[:, Signal.BARE_DOMAIN]
    values[:, Signal.MORE_LINKS] = np.log1p(np.maximum(several - 1, 0))
    counted = [Signal.LINK, Signal.BARE_DOMAIN, Signal.EMAIL, Signal.LINK_SHARE]
    values[:, counted] = np.minimum(values[:, counted], 1)


def _is_own(author_url: str, folded: Folded, link: Link) -> bool:
    """Whether a link leads to the site that the author gives as his own."""
    if not author_url or link.host_end - link.host_begin <= 4:
        return False
    host = "".join(map(chr, folded.codes[link.host_begin : link.host_end].tolist()))
    return host.removeprefix("www.") in author_url.casefold()


def _read_contacts(signals: Signals, contacts: Contacts, folded: Folded) -> None:
    kinds = (Signal.PHONE, contacts.phones), (Signal.LONG_CODE, contacts.long_codes), \
            (Signal.MENTION, contacts.mentions), (Signal.LINK_MARKUP, contacts.markup)  # fmt: skip
    for signal, places in kinds:
        begins = places[:, 0]
        if begins.max(initial=-1) < 0:
            continue
        rows = (begins >= 0).nonzero()[0]
        signals.values[rows, signal] = 1
        for row, (begin, end) in zip(rows.tolist(), places[rows].tolist(), strict=True):
            _mark(signals, row, signal, sent_place(folded, "body", begin, end))


def _read_authors(signals: Signals, pairs: Sequence[Pair]) -> None:
    values = signals.values
    for row, (comment, _) in enumerate(pairs):
        author = comment.author
        if author.url:
            _read_author_url(values[row], author)
        if "." in author.name and ("://" in author.name or author.name.casefold().endswith((".com", ".net", ".org"))):
            values[row, Signal.AUTHOR_DOMAIN_NAME] = 1


AUTHOR_FIELDS: dict[int, str] = {
    Signal.AUTHOR_URL: "author.url",
    Signal.AUTHOR_DEEP_URL: "author.url",
    Signal.AUTHOR_KEYWORDS: "author.name",
    Signal.AUTHOR_SMALL_LETTERS: "author.name",
    Signal.AUTHOR_NAME_IN_URL: "author.name",
    Signal.AUTHOR_NAME_DIGITS: "author.name",
    Signal.AUTHOR_NAME_SCRIPT: "author.name",
    Signal.AUTHOR_DOMAIN_NAME: "author.name",
}
"""The field that a signal of the author is about, as a whole."""


def _read_author_url(values: NDArray[np.float32], author: Author) -> None:
    values[Signal.AUTHOR_URL] = 1
    _, _, behind = author.url.rstrip("/").rpartition("://")
    _, _, path = behind.partition("/")
    values[Signal.AUTHOR_DEEP_URL] = min(path.count("/") + path.count("-") + path.count("?") + bool(path), 4) / 4
    url = author.url[:_URL_LOOKED_AT].casefold()
    tokens = [token for token in author.name[:_NAME_LOOKED_AT].casefold().split() if len(token) > 2]
    if tokens and values[Signal.AUTHOR_KEYWORDS]:
        values[Signal.AUTHOR_NAME_IN_URL] = sum(token in url for token in tokens) / len(tokens)


def _read_article(signals: Signals, pairs: Sequence[Pair]) -> None:
    for row, (comment, article) in enumerate(pairs):
        if article is None or comment.created_at is None or article.published_at is None:
            continue
        days = (_utc(comment.created_at) - _utc(article.published_at)).total_seconds() / 86_400
        if days > 1:
            signals.values[row, Signal.LATENESS] = min(np.log2(days) / 10, 1.5)


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
