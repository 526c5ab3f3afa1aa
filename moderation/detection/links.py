"""Web and e-mail addresses of folded texts, and the domain names by which links.c finds them. It decides nothing."""

from typing import Any, NamedTuple

import numpy as np

from moderation.detection.kernels import constants, struct
from moderation.detection.text import Hashes

MOST_LINKS = constants("links")["MOST_LINKS"]
"""Candidates that are read in one text; more of them tell nothing more."""
_MARKS = constants("mark")


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


class DomainTable:
    """The domain names of a release as C reads them, as long as it lives."""

    def __init__(self, domains: Domains) -> None:
        self._held = {part: np.ascontiguousarray(getattr(domains, part)) for part in ("top", "usual", "files")}
        sizes = {"tops": len(domains.top), "usuals": len(domains.usual), "file_likes": len(domains.files)}
        self.c = struct("domains", **self._held, **sizes, dot=domains.dot)


def link_of(found: Any) -> Link:
    """A link as C wrote it."""
    full, broken, email = (bool(found.marks & _MARKS[mark]) for mark in ("FULL", "BROKEN", "EMAIL"))
    return Link(found.text, found.begin, found.end, found.host_begin, found.host_end, full, broken, email)
