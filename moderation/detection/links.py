"""Where folded texts hold web and e-mail addresses, numbers to call and other contacts.

Candidates are found with arrays over a whole batch; only they are looked at one by one. It decides nothing.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.detection.ngrams import Hashes
from moderation.detection.text import DIGIT, SPACE, Folded, Places

_DOT, _AT, _SLASH, _COLON, _HYPHEN, _PLUS = (ord(sign) for sign in ".@/:-+")
_OPENERS = tuple(ord(sign) for sign in " [({<")
MOST_LINKS = 64
"""Candidates that are read in one text; more of them tell nothing more."""
_LONGEST_HOST = 8  # labels; more are not looked back for
_PHONE_DIGITS = range(9, 16)  # ITU-T E.164 allows 15
_LEAST_DIGITS = 2  # of a long code, beside those that were read as letters
_LONG_CODE = range(26, 70)  # from a Bitcoin address (26 to 62 code points) to an Ethereum transaction


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


def find_links(folded: Folded, words: Hashes, domains: Domains, texts: int) -> Iterator[Link]:
    """The addresses in the first ``texts`` texts of a batch, in order."""
    count = int(folded.first_word[texts])
    if count < 2:
        return
    begins, ends = folded.word_start[:count], folded.word_end[:count]
    gap = begins[1:] - ends[:-1]
    sign = folded.codes[ends[:-1]]
    tight = (gap == 1) & (sign == _DOT)
    dots = tight.nonzero()[0]
    tight[dots] = _among(words[dots + 1], domains.top)
    broken = _broken_dots(folded, words[:count], gap, sign, domains)
    candidates = (tight | broken).nonzero()[0]
    if not len(candidates):
        return
    blanks = (folded.codes == SPACE).nonzero()[0]
    text_of = folded.first_word.searchsorted(candidates, "right") - 1
    ranks = np.arange(len(candidates)) - text_of.searchsorted(text_of)
    candidates, text_of = candidates[ranks < MOST_LINKS], text_of[ranks < MOST_LINKS]
    file_like = _among(words[candidates + 1], domains.files)
    for row, (label, text) in enumerate(zip(candidates.tolist(), text_of.tolist(), strict=True)):
        if row + 1 < len(candidates) and candidates[row + 1] == label + 1 and tight[label + 1]:
            continue  # "co" of example.co.uk: the longer name follows
        if label + 1 >= folded.first_word[text + 1]:
            continue  # the dot parts two texts
        if broken[label] and label == folded.first_word[text] and begins[label + 1] == ends[label] + 1:
            continue  # "dot com" with no name before it
        link = _read_link(folded, label, text, bool(broken[label]), blanks)
        if link.is_full or link.is_email or link.is_broken or not file_like[row]:
            yield link


def _broken_dots(folded: Folded, words: Hashes, gap: Places, sign: Hashes, domains: Domains) -> NDArray[np.bool_]:
    """Which words are followed by a spoilt dot and the last label of a usual domain."""
    broken = np.zeros(len(gap), bool)
    wide = ((gap >= 2) & (gap <= 5)).nonzero()[0]
    wide = wide[_among(words[wide + 1], domains.usual)]
    if len(wide):
        first, second = sign[wide], folded.codes[folded.word_end[wide] + 1]
        broken[wide] = (np.isin(first, _OPENERS) & (second == _DOT)) | ((first == _DOT) & (second == SPACE))
    spelt = (words[1:-1] == domains.dot).nonzero()[0]
    if len(spelt):
        broken[spelt[_among(words[spelt + 2], domains.usual)] + 1] = True
    return broken


def _read_link(folded: Folded, label: int, text: int, broken: bool, blanks: Places) -> Link:
    """The address whose last two labels are the words ``label`` and ``label + 1``."""
    codes, begins, ends = folded.codes, folded.word_start, folded.word_end
    spelt = broken and begins[label + 1] == ends[label] + 1  # the word "dot" itself is the label here
    first = label - 1 if spelt else label
    first = max(first, int(folded.first_word[text]))
    for _ in range(_LONGEST_HOST):
        joined = first > folded.first_word[text] and begins[first] == ends[first - 1] + 1
        if not (joined and codes[ends[first - 1]] in (_DOT, _HYPHEN)):
            break
        first -= 1
    host_begin, host_end = int(begins[first]), int(ends[label + 1])
    before = codes[max(host_begin - 3, 0) : host_begin].tolist()
    is_email = before[-1:] == [_AT] or (before[-2:] == [_AT, SPACE])
    scheme = before == [_COLON, _SLASH, _SLASH]
    begin = int(begins[max(first - 1, 0)]) if scheme or is_email else host_begin
    behind = int(codes[host_end]) if host_end < len(codes) else SPACE
    end = int(blanks[blanks.searchsorted(host_end)]) if behind in (_SLASH, _COLON) else host_end
    full = scheme or (behind == _SLASH) or codes[host_begin : host_begin + 4].tolist() == [119, 119, 119, _DOT]
    return Link(text, begin, end, host_begin, host_end, full, broken, is_email)


def find_phones(folded: Folded, texts: int) -> list[tuple[int, int, int]]:
    """Numbers that look like one to call, as (text, begin, end): 9 to 15 digits in groups."""
    count = int(folded.first_word[texts])
    begins, ends = folded.word_start[:count], folded.word_end[:count]
    numeric = (folded.codes[begins] == DIGIT) & (folded.codes[ends - 1] == DIGIT)
    groups = numeric.nonzero()[0]
    if not len(groups):
        return []
    text = folded.first_word.searchsorted(groups, "right") - 1
    near = (
        (begins[groups[1:]] - ends[groups[:-1]] <= 2)
        & ((groups[1:] - groups[:-1]) == 1)
        & ((text[1:] - text[:-1]) == 0)
    )
    near &= ~np.isin(folded.codes[ends[groups[:-1]]], (_COLON, _SLASH))  # a time or a date
    heads = (np.concatenate(([True], ~near))).nonzero()[0]
    digits = np.add.reduceat(ends[groups] - begins[groups], heads)
    tails = np.append(heads[1:], len(groups)) - 1
    found = []
    for head, tail, size in zip(groups[heads], groups[tails], digits, strict=True):
        signed = folded.codes[begins[head] - 1] == _PLUS
        if size in _PHONE_DIGITS and (signed or tail > head or size >= 10):
            found.append((int(folded.first_word.searchsorted(head, "right") - 1), int(begins[head]), int(ends[tail])))
    return found


def find_long_codes(folded: Folded, texts: int) -> list[tuple[int, int, int]]:
    """Words of the length of a wallet's address that mix letters and digits, as (text, begin, end)."""
    count = int(folded.first_word[texts])
    begins, ends = folded.word_start[:count], folded.word_end[:count]
    long = ((ends - begins >= _LONG_CODE.start) & (ends - begins < _LONG_CODE.stop)).nonzero()[0]
    found = []
    for word in long.tolist():
        digits = np.count_nonzero(folded.codes[begins[word] : ends[word]] == DIGIT)
        if _LEAST_DIGITS <= digits < ends[word] - begins[word]:
            text = int(folded.first_word.searchsorted(word, "right") - 1)
            found.append((text, int(begins[word]), int(ends[word])))
    return found


def _among(hashes: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Which hashes are in a sorted array of known ones."""
    found: NDArray[np.bool_] = known[np.minimum(known.searchsorted(hashes), len(known) - 1)] == hashes
    return found
