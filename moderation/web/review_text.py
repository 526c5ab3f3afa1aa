"""Readers' text cut into pieces that a template can show: what weighs, what is hidden in it, what is left out.

Every piece stays text: templates escape it. Must not know the store or HTTP.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from moderation.comment import Reason

WHOLE_UP_TO = 2_500
"""Code points of a text that are shown at once; of a longer one the beginning, the end and what weighs."""
_BEGINNING, _END, _AROUND, _LONGEST_SPAN = 1_200, 200, 100, 400
_LEVELS = (0.25, 0.75, 1.5, 3.0)  # log-odds from which a weight is shown stronger
_HIDDEN = re.compile(
    "([\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f])\\1*"
)
"""Signs that a browser hides, or that turn the text around them; joiners and marks that scripts need are not here."""
_LONG_RUN = re.compile(r"\S{100}(?=\S)")
_WORD = re.compile(r"\w{3,}")
_SHORT_WORD = 3  # such words are mostly grammar: they help to choose a passage, and are not marked in it
_JOINED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")  # scripts that part no words by blanks
_PARAGRAPH_END, _SENTENCE_END = re.compile(r"\s*\n\s*"), re.compile(r"(?<=[.!?。！？…])\s*")
_LONGEST_PASSAGE, _READ = 500, 60_000


class Piece(NamedTuple):
    """Some text and how it is shown.

    ``kind`` is empty, ``for-1`` to ``for-4`` (speaks for promotion, by strength), ``against-1`` to ``against-4``,
    ``hidden`` (a sign that nobody would see), ``gap`` (what was left out) or ``shared`` (with the comment).
    """

    text: str
    kind: str = ""
    title: str = ""


class Passage(NamedTuple):
    """A part of an article. ``is_shared`` says whether it has words of the comment; else it is the beginning."""

    pieces: tuple[Piece, ...]
    is_shared: bool


def weighed(text: str, reasons: Iterable[Reason], field: str = "body", *, whole: bool = False) -> tuple[Piece, ...]:
    """A text with the words that weigh, the strongest reason at each place; all of it, or what matters of a long."""
    found = [(reason.span, reason) for reason in reasons if reason.field == field and reason.span is not None]
    spans = [(begin, min(end, len(text)), reason) for (begin, end), reason in found if begin < min(end, len(text))]
    kept = [(0, len(text))] if whole or len(text) <= WHOLE_UP_TO else list(_kept(len(text), spans))
    return tuple(_pieces(text, kept, spans))


def breakable(text: str) -> Markup:
    """Text for a page, escaped, with places to break it in runs without a blank.

    Browsers take time by the square of such a run's length: 15 s for 100,000 letters in Chromium 156.
    """
    cuts = [0, *(run.end() for run in _LONG_RUN.finditer(text)), len(text)]
    return Markup("<wbr>").join(text[begin:end] for begin, end in pairwise(cuts))


def strength(weight: float) -> str:
    """The kind of a piece that weighs so much, in log-odds."""
    level = max(1, sum(abs(weight) >= least for least in _LEVELS))
    return f"{'for' if weight > 0 else 'against'}-{level}"


def plain(text: str, longest: int = 200) -> tuple[Piece, ...]:
    """A short text of a reader, such as a name, without anything hidden."""
    shown = tuple(_shown(text[:longest]))
    return shown if len(text) <= longest else (*shown, _gap(len(text) - longest))


def best_passage(article: str, comment: str) -> Passage:
    """The part of an article that shares the most words with a comment, those that few other parts have first."""
    parts = list(_parts(article[:_READ]))
    if not parts:
        return Passage((), False)
    words = [_words(part) for part in parts]
    spread = Counter(word for some in words for word in some)
    asked = _words(comment[:_READ])
    values = [sum(1 / spread[word] for word in some & asked) for some in words]
    best = max(range(len(parts)), key=values.__getitem__)
    if not values[best]:
        return Passage(tuple(_shown(parts[0][:_LONGEST_PASSAGE])), False)
    return Passage(tuple(_with_shared(parts[best], asked)), True)


def shared_with(text: str, comment: str) -> tuple[Piece, ...]:
    """All of a text with the words that a comment shares."""
    return tuple(_with_shared(text, _words(comment[:_READ])))


def _kept(length: int, spans: Sequence[tuple[int, int, Reason]]) -> Iterator[tuple[int, int]]:
    """What of a long text is shown, in order and apart."""
    wanted = [(0, _BEGINNING), (length - _END, length)]
    wanted += [(begin - _AROUND, min(end, begin + _LONGEST_SPAN) + _AROUND) for begin, end, _reason in spans]
    last_end = 0
    begin = 0
    for low, high in sorted((max(0, low), min(length, high)) for low, high in wanted):
        if low > last_end:
            yield begin, last_end
            begin = low
        last_end = max(last_end, high)
    yield begin, last_end


def _pieces(text: str, kept: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int, Reason]]) -> Iterator[Piece]:
    edges = {place for begin, end, _reason in spans for place in (begin, end)}
    last = 0
    for low, high in kept:
        if low > last:
            yield _gap(low - last)
        cuts = [low, *sorted(place for place in edges if low < place < high), high]
        for begin, end in pairwise(cuts):
            over = [reason for first, after, reason in spans if first <= begin < after]
            heaviest = max(over, key=lambda reason: abs(reason.weight), default=None)
            kind = "" if heaviest is None else strength(heaviest.weight)
            title = "" if heaviest is None else f"{heaviest.signal} {heaviest.weight:+.1f}"
            yield from _shown(text[begin:end], kind, title)
        last = high


def _shown(text: str, kind: str = "", title: str = "") -> Iterator[Piece]:
    """Text with each hidden sign named in its place."""
    last = 0
    for match in _HIDDEN.finditer(text):
        if match.start() > last:
            yield Piece(text[last : match.start()], kind, title)
        times = match.end() - match.start()
        name = unicodedata.name(match[1], "control sign").lower()
        yield Piece(f"U+{ord(match[1]):04X}" + (f" ×{times}" if times > 1 else ""), "hidden", name)
        last = match.end()
    if last < len(text):
        yield Piece(text[last:], kind, title)


def _gap(length: int) -> Piece:
    return Piece(f" … {length:,} more characters … ", "gap")


def _parts(article: str) -> Iterator[str]:
    """Paragraphs; a long one in runs of whole sentences."""
    for paragraph in _PARAGRAPH_END.split(article.strip()):
        part = ""
        for sentence in _SENTENCE_END.split(paragraph) if len(paragraph) > _LONGEST_PASSAGE else [paragraph]:
            if part and len(part) + len(sentence) > _LONGEST_PASSAGE:
                yield part
                part = ""
            part = f"{part} {sentence}".strip()[: 2 * _LONGEST_PASSAGE]
        if part:
            yield part


def _words(text: str) -> frozenset[str]:
    folded = text.casefold()
    pairs = (run[place : place + 2] for run in _JOINED.findall(folded) for place in range(len(run) - 1))
    return frozenset(_WORD.findall(_JOINED.sub(" ", folded))) | frozenset(pairs)


def _with_shared(text: str, asked: frozenset[str]) -> Iterator[Piece]:
    last = 0
    for match in re.finditer(r"\w+", text):
        tells = len(match[0]) > _SHORT_WORD or _JOINED.search(match[0])
        if tells and not _words(match[0]).isdisjoint(asked):
            yield from _shown(text[last : match.start()])
            yield from _shown(match[0], "shared")
            last = match.end()
    yield from _shown(text[last:])
