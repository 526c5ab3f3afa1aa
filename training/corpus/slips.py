"""Slips of typing, as everybody makes them: case, dropped marks, swapped letters.

Ordinary and promotional comments get the same share, so that care in writing is no sign. Links, numbers, handles and
wallets are left as they are.
"""

import re
from collections.abc import Callable
from random import Random

from training.corpus.grammar import pick

_PLAIN_WORD = re.compile(r"(?<!\S)[^\W\d_]+(?=[,.!?;:…]?(?:\s|\Z))")
_LOOSE = re.compile(r"(?<!\S)[^\s\d/@.:<>\[\]()]+[,.!?;:]*(?!\S)")
_LATIN_LENGTH = 4, 15


def _lower(text: str, rng: Random) -> str:
    return _LOOSE.sub(lambda match: match[0].lower(), text)


def _upper(text: str, rng: Random) -> str:
    return _LOOSE.sub(lambda match: match[0].upper(), text)


def _drop_end(text: str, rng: Random) -> str:
    return text.rstrip(".!?。！？।")


def _drop_commas(text: str, rng: Random) -> str:
    return re.sub(r",(?=\s)", "", text)


def _drop_apostrophes(text: str, rng: Random) -> str:
    return re.sub(r"(?<=\w)['’](?=\w)", "", text)


def _more_marks(text: str, rng: Random) -> str:
    return re.sub(r"[.!]?\Z", pick(rng, ("!!", "!!!", "...", "..", " :)", " !")), text)


def _break_line(text: str, rng: Random) -> str:
    places = [match.end() for match in re.finditer(r"[.!?]\s", text)]
    if not places:
        return text
    place = pick(rng, places)
    return text[:place].rstrip() + pick(rng, ("\n", "\n\n")) + text[place:]


def _misspell(text: str, rng: Random) -> str:
    low, high = _LATIN_LENGTH
    words = [match for match in _PLAIN_WORD.finditer(text) if low <= len(match[0]) <= high]
    if not words:
        return text
    word = pick(rng, words)
    at = word.start() + 1 + int(rng.random() * (len(word[0]) - 2))
    wrong = pick(rng, (text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1]))
    return text[:at] + wrong + text[at + 2 :]


_SLIPS: tuple[Callable[[str, Random], str], ...] = (
    *[_lower] * 5,
    *[_drop_end] * 4,
    *[_misspell] * 6,
    *[_drop_commas] * 2,
    *[_drop_apostrophes] * 2,
    *[_more_marks] * 2,
    *[_break_line] * 2,
    _upper,
)


def slip(text: str, rng: Random) -> str:
    """Return the text as a hasty writer leaves it: two thirds stay as they are, some get two slips."""
    while rng.random() < 0.33:
        text = pick(rng, _SLIPS)(text, rng)
    return text
