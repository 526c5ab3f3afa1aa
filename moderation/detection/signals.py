"""Named signals: what a moderator would point at. Most are read in signals.c; here are those that compare texts.

Values are small numbers, mostly between 0 and 3, so that one weight each can say what they are worth. They come from
the comment and its article alone; what they are worth is learned elsewhere.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum, auto
from math import log2
from typing import Any

from moderation.comment import Author, Comment, Pair
from moderation.detection.kernels import library
from moderation.detection.links import Link, link_of
from moderation.detection.text import Folded, Kind


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
    DRESSED_NAME = auto()
    NUMBERED_NAME = auto()


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
    Signal.DRESSED_NAME: "a name in fancy letters in a plain text",
    Signal.NUMBERED_NAME: "a name with digits behind, like a brand's",
}
SIGNAL_PHRASES = tuple(_PHRASES[signal] for signal in Signal)
"""How a reason names each signal."""
SCRIPTS = [Kind.LOWER, Kind.CYRILLIC, Kind.GREEK, Kind.LETTER, Kind.IDEOGRAPH]
_NAME_LOOKED_AT, _URL_LOOKED_AT = 200, 2_000  # code points that are compared: nobody's real ones are longer
_LEAST_HOST = 4  # code points; so short a host stands in too many addresses by chance
_HOST = re.compile(r"(?:[A-Za-z]+://)?+([^\s/?#\\@:]++)(?::\d*+)?+(?=[/?#]|\Z)")


def add_signals(pairs: Sequence[Pair], folded: Folded, batch: Any) -> None:
    """Add the signals that compare a comment with its author and article to those that C read of a batch.

    ``folded`` holds all bodies, then all authors' names, then all their addresses.
    """
    values, begin = batch.signals, 0
    for comment, article in pairs:
        author = comment.author
        if author.url and not (article and article.url and is_same_site(host(author.url), host(article.url))):
            _read_author_url(values, begin, author)
        if "." in author.name and ("://" in author.name or author.name.casefold().endswith((".com", ".net", ".org"))):
            values[begin + Signal.AUTHOR_DOMAIN_NAME] = 1
        if article is not None and comment.created_at is not None and article.published_at is not None:
            days = (_utc(comment.created_at) - _utc(article.published_at)).total_seconds() / 86_400
            if days > 1:
                values[begin + Signal.LATENESS] = min(log2(days) / 10, 1.5)
        begin += len(Signal)
    _look_at_links(pairs, folded, batch)


def _look_at_links(pairs: Sequence[Pair], folded: Folded, batch: Any) -> None:
    """Mark links to the author's site, and take out those to the article's: who refers to it promotes nothing."""
    kept = 0
    for number in range(batch.links):
        found = batch.found[number]
        comment, article = pairs[found.text]
        home, own = article.url if article else "", comment.author.url
        if home or own:
            link = link_of(found)
            to = _host_of(comment, folded, link)
            if is_same_site(to, host(home)):
                continue
            if len(to) > _LEAST_HOST and to.removeprefix("www.") in own.casefold():
                _see_own_link(folded, link, batch)
        batch.found[kept] = found
        kept += 1
    if kept < batch.links:
        batch.links = kept
        library.see_links(folded.c, batch)


def host(url: str) -> str:
    """The host that a web address names, in small letters; empty where it names none, or a reader may see another."""
    found = _HOST.match(url[:_URL_LOOKED_AT])
    return found[1].casefold() if found else ""


def is_same_site(one: str, other: str) -> bool:
    """Whether two hosts are the same, or one is below the other."""
    one, other = one.removeprefix("www."), other.removeprefix("www.")
    return bool(one and other) and (
        one == other or one.endswith("." + other) or ("." in one and other.endswith("." + one))
    )


def _host_of(comment: Comment, folded: Folded, link: Link) -> str:
    """The host of a link in a body as it was sent, but for its case; empty where it is but the name before an "@"."""
    first, last = sorted((int(folded.source[link.host_begin]), int(folded.source[link.host_end - 1])))
    return "" if comment.body.startswith("@", last + 1) else comment.body[first : last + 1].casefold()


def _see_own_link(folded: Folded, link: Link, batch: Any) -> None:
    at = link.text * len(Signal) + Signal.OWN_LINK
    batch.signals[at] = 1
    if batch.places[2 * at] < 0:
        first, last = sorted((int(folded.source[link.begin]), int(folded.source[link.end - 1])))  # as C does
        batch.places[2 * at], batch.places[2 * at + 1] = max(first, 0), last + 1


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


def _read_author_url(values: Any, begin: int, author: Author) -> None:
    values[begin + Signal.AUTHOR_URL] = 1
    _, _, behind = author.url.rstrip("/").rpartition("://")
    _, _, path = behind.partition("/")
    deep = min(path.count("/") + path.count("-") + path.count("?") + bool(path), 4) / 4
    values[begin + Signal.AUTHOR_DEEP_URL] = deep
    if not values[begin + Signal.AUTHOR_KEYWORDS]:
        return
    url = author.url[:_URL_LOOKED_AT].casefold()
    tokens = [token for token in author.name[:_NAME_LOOKED_AT].casefold().split() if len(token) > 2]
    if tokens:
        values[begin + Signal.AUTHOR_NAME_IN_URL] = sum(token in url for token in tokens) / len(tokens)


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
