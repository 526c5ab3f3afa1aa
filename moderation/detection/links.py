"""Where folded texts hold web and e-mail addresses, numbers to call and other contacts.

They are looked for in links.c. It decides nothing.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.detection.kernels import library, pointer, struct
from moderation.detection.ngrams import Hashes
from moderation.detection.text import Folded, Places

MOST_LINKS = 64
"""Candidates that are read in one text; more of them tell nothing more."""
_LINK_SIZE = 6  # numbers that C writes of a link
_FULL, _BROKEN, _EMAIL = 1, 2, 4


class Link(NamedTuple):
    """One address in a folded text. ``begin`` and ``end`` are places in the batch's codes."""

    text: int
    begin: int
    end: int
    host_begin: int
    host_end: int
    is_full: bool
    """With http:// before or a path behind; a bare domain otherwise."""
    is_broken: bool
    """With blanks, brackets or the word "dot" where a dot belongs."""
    is_email: bool


class Domains(NamedTuple):
    """Hashes of the last labels of domain names, sorted: all of them, the usual ones, and those that end files too."""

    top: Hashes
    usual: Hashes
    files: Hashes
    dot: int
    """The hash of the word "dot"."""


@dataclass(slots=True)
class Contacts:
    """What the texts of a batch hold beside addresses.

    Places have a row a text: begin and end in the batch's codes of the first one, or -1. ``exclamations`` are counts.
    """

    phones: Places
    long_codes: Places
    mentions: Places
    markup: Places
    exclamations: NDArray[np.int64]


class LinkFinder:
    """Finds links by the domain names of one release."""

    def __init__(self, domains: Domains) -> None:
        self._held = {part: np.ascontiguousarray(getattr(domains, part)) for part in ("top", "usual", "files")}
        sizes = {"tops": len(domains.top), "usuals": len(domains.usual), "file_likes": len(domains.files)}
        self._domains = struct("domains", **self._held, **sizes, dot=domains.dot)

    def find(self, folded: Folded, words: Hashes, texts: int) -> tuple[Places, list[Link]]:
        """The addresses in the first ``texts`` texts of a batch, in order, as C writes them and as they are read."""
        found = np.empty((min(MOST_LINKS * texts, len(words)), _LINK_SIZE), np.int64)
        count = library.find_links(folded.view, pointer(words), self._domains, texts, pointer(found))
        return found[:count], [
            Link(text, begin, end, host, host_end, bool(marks & _FULL), bool(marks & _BROKEN), bool(marks & _EMAIL))
            for text, begin, end, host, host_end, marks in found[:count].tolist()
        ]


def find_contacts(folded: Folded, texts: int) -> Contacts:
    """The first number to call (9 to 15 digits in groups), long code, account name and mark-up of each text.

    A long code is a word of the length of a wallet's address that mixes letters and digits.
    """
    phones, long_codes, mentions, markup = places = np.empty((4, texts, 2), np.int64)
    exclamations = np.empty(texts, np.int64)
    library.find_contacts(folded.view, texts, *map(pointer, places), pointer(exclamations))
    return Contacts(phones, long_codes, mentions, markup, exclamations)
