"""What comments of one campaign share: the text or most of it, a promoted domain, a page on a platform, a contact.

Values in, values out: where traces are kept and looked up is the store's business.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from publicsuffixlist import PublicSuffixList

from moderation.comment import Comment

Trace = tuple[str, str]
"""What kind of trace and its value: ``text``, ``near``, ``domain``, ``page`` or ``contact``."""

NEAR_SHARED = 2  # so many equal ``near`` traces make near-duplicates: 0.90 of pairs alike by 0.8, 0.02 of those by 0.4
_BANDS, _ROWS, _SHINGLE = 8, 4, 5
_SHORTEST = 20  # letters and digits; a shorter text is anybody's
_LONGEST = 5_000  # code points of a text that are looked at
_MOST = 16  # traces of one kind
_PLATFORMS = (  # where a page, not the domain, belongs to whom it promotes
    "amazon.com bit.ly discord.com discord.gg facebook.com github.com google.com goo.gl instagram.com linkedin.com "
    "linktr.ee medium.com pinterest.com reddit.com t.co t.me telegram.me tinyurl.com tiktok.com twitter.com wa.me "
    "whatsapp.com wikipedia.org x.com youtu.be youtube.com"
)
_LINK = re.compile(
    r"(?i:https?://|www\.)(?P<host>[\w.-]{3,253})(?::\d{1,5})?(?P<path>/[^\s<>\"')\]]{0,200})?"
    r"|\b(?P<bare>(?:[\w-]{1,63}\.){1,4}(?:[a-z]{2,24}|[A-Z]{2,24}))\b(?P<bare_path>/[\w-]{1,100})?"
)
_FILES = frozenset(("cc", "md", "mov", "pl", "py", "rs", "sh", "so", "zip"))  # a file's name, without http:// or www.
_BETWEEN = re.compile(r"[\W_]+")
_DOTTED = re.compile(r"\w\.\w\w|://")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d(?:[ ().-]{0,2}\d){8,14}")


def traces_of(comment: Comment) -> tuple[Trace, ...]:
    """All that makes a campaign where it is shared; a platform's domain does not."""
    return tuple(trace for trace in all_traces(comment) if trace[0] != "domain" or trace[1] not in _PLATFORMS.split())


def all_traces(comment: Comment) -> tuple[Trace, ...]:
    """``text_traces`` and ``plain_traces``, each once."""
    return tuple(dict.fromkeys((*text_traces(comment), *_named_traces(comment))))


def plain_traces(comment: Comment) -> tuple[Trace, ...]:
    """Those that cost next to nothing: the whole text, domains, pages and contacts."""
    return tuple(dict.fromkeys((*_whole_text(_letters(comment.body)), *_named_traces(comment))))


def text_traces(comment: Comment) -> tuple[Trace, ...]:
    """Those by which near-duplicates are found: ``NEAR_SHARED`` of them in common, or the whole text."""
    letters = _letters(comment.body)
    near = [("near", f"{band}:{value}") for band, value in enumerate(_bands(letters))] if letters else []
    return (*_whole_text(letters), *near)


def domains_of(comment: Comment) -> tuple[str, ...]:
    """The registered domains that a comment's text and its author's address link to, in order."""
    return tuple(dict.fromkeys(map(registered_domain, hosts_of(comment))))


def hosts_of(comment: Comment) -> tuple[str, ...]:
    """The full names of the hosts that a comment links to, in order."""
    return tuple(islice(dict.fromkeys(host for host, _path in _links(comment)), _MOST))


@lru_cache(4096)
def registered_domain(host: str) -> str:
    """The part of a host's name that somebody registered: ``shop.example.co.uk`` gives ``example.co.uk``."""
    host = host.strip(".").casefold().removeprefix("www.")
    if host.replace(".", "").isdecimal():
        return host  # an IP address
    return _suffixes().privatesuffix(host) or host


def _links(comment: Comment) -> Iterator[tuple[str, str]]:
    for text in (comment.body[:_LONGEST], comment.author.url[:_LONGEST]):
        if not _DOTTED.search(text):
            continue  # most comments: the long pattern costs ten times this one
        for match in _LINK.finditer(_EMAIL.sub(" ", text) if "@" in text else text):
            if match["host"] and "." in match["host"].strip("."):
                yield match["host"].casefold(), (match["path"] or "").rstrip("/.,!?")
            elif (
                match["bare"]
                and match["bare"].rpartition(".")[2].casefold() not in _FILES
                and _ends_known(match["bare"])
            ):
                yield match["bare"].casefold(), match["bare_path"] or ""


def _named_traces(comment: Comment) -> Iterator[Trace]:
    yield from _link_traces(comment)
    yield from _contact_traces(comment.body[:_LONGEST])


def _link_traces(comment: Comment) -> Iterator[Trace]:
    for host, path in islice(_links(comment), _MOST):
        domain = registered_domain(host)
        yield "domain", domain
        if path and domain in _PLATFORMS.split():
            yield "page", domain + path.casefold()


def _contact_traces(body: str) -> Iterator[Trace]:
    addresses = _EMAIL.finditer(body) if "@" in body else iter(())
    for match in islice(addresses, _MOST):
        yield "contact", match[0].casefold()
    for match in islice(_PHONE.finditer(body), _MOST):
        yield "contact", "".join(str(unicodedata.decimal(sign)) for sign in match[0] if sign.isdecimal())


def _letters(body: str) -> str:
    letters = _BETWEEN.sub("", unicodedata.normalize("NFKC", body[:_LONGEST]).casefold())
    return letters if len(letters) >= _SHORTEST else ""


def _whole_text(letters: str) -> Iterator[Trace]:
    if letters:
        yield "text", blake2b(letters.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _bands(letters: str) -> list[str]:
    """MinHash over runs of letters (Broder 1997), several minima at a time (Leskovec, Rajaraman, Ullman, chapter 3)."""
    codes = np.frombuffer(letters.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    runs = np.zeros(len(codes) - _SHINGLE + 1, np.uint64)
    for place in range(_SHINGLE):
        runs = runs * np.uint64(0x100000001B3) + codes[place : place + len(runs)]
    hashes = runs[:, None] * _multipliers() + _multipliers()[::-1]
    minima = (hashes.min(axis=0) >> np.uint64(16)).reshape(_BANDS, _ROWS)
    return [blake2b(band.tobytes(), digest_size=8).hexdigest() for band in minima]


@cache
def _multipliers() -> NDArray[np.uint64]:
    """Odd numbers, the same in every process: traces of one are looked up by another."""
    return np.random.default_rng(20_260_101).integers(1 << 62, 1 << 63, _BANDS * _ROWS, np.uint64) | np.uint64(1)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _ends_known(host: str) -> bool:
    return _suffixes().publicsuffix(host.casefold(), accept_unknown=False) is not None
