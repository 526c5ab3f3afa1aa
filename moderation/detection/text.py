"""One normalisation for every text that is scored, with the way back to the places in the text as it was sent.

A whole batch of texts becomes one array of folded code points. Folding undoes what changes the look of a letter but not
its reading: case, accents, full-width and mathematical letters, invisible characters, look-alikes of other scripts,
letters spaced out, digits that stand for letters. It knows nothing of what is promotional.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.detection.kernels import Record, array, buffer, constants, integers, library, struct

Codes = NDArray[np.uint32]
Places = NDArray[np.intp]
Hashes = NDArray[np.uint32]
CODE_POINTS = 0x110000
SPACE = 32


class Kind(IntEnum):
    """What a code point is, as far as the detector has to tell."""

    OTHER = 0
    SPACE = 1
    NEWLINE = 2
    DIGIT = 3
    LOWER = 4
    UPPER = 5
    CYRILLIC = 6
    GREEK = 7
    LETTER = 8  # of any other script with spaces between words
    IDEOGRAPH = 9  # a word by itself: Han
    SYMBOL = 10  # pictographs, arrows, emoji
    INVISIBLE = 11  # format characters and other ignorable ones: zero width, direction, joiners
    MARK = 12
    STYLED = 13  # a letter or digit in fancy dress: full-width, mathematical, enclosed, small capital
    CURRENCY = 14
    PUNCTUATION = 15


KINDS = len(Kind)
_WORD_KINDS = (Kind.DIGIT, Kind.LOWER, Kind.UPPER, Kind.CYRILLIC, Kind.GREEK, Kind.LETTER, Kind.MARK, Kind.STYLED)
_LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "$": "s"}


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The code point tables of a release, so that a score does not depend on the Unicode version of a machine.

    ``fold_from``/``fold_to``: code points that fold to another one; 0 drops it.
    ``expand_from``/``expand_length``/``expand_to``: those that fold to several, written one behind the other.
    ``kind_start``/``kind_value``: runs of code points of one Kind.
    ``twin_from``/``twin_to``: lower-case letters of other scripts, and the Latin letter each looks like.
    """

    fold_from: Codes
    fold_to: Codes
    expand_from: Codes
    expand_length: NDArray[np.uint8]
    expand_to: Codes
    kind_start: Codes
    kind_value: NDArray[np.uint8]
    twin_from: Codes
    twin_to: Codes


class Folded(Record):
    """A batch of folded texts.

    Every text begins with one space that was not sent, so text ``t`` is ``codes[starts[t]:starts[t + 1]]``.
    ``source`` is the place of each code point in its own text as it was sent (-1 at the space before a text).
    Words are runs of letters and digits, and single ideographs: ``word_start``, ``word_end`` are places in ``codes``;
    the words of text ``t`` are ``first_word[t]`` to ``first_word[t + 1]``, and ``word_text`` the text that each word
    stands in. ``raw_kinds`` has a row a text, a column a Kind: how many code points of it the text as sent has.
    ``disguises`` count a text's words with look-alikes of another script, those whose letters were spaced out,
    digits or signs in place of letters, and words in fancy letters or under marks.
    ``hashes`` tell words apart, ``stems`` their first letters, which endings leave as they are: polynomials in the code
    points modulo 2**32. ``pairs`` tell each word with the one behind it, NOTHING for the last word of a text.
    """

    __slots__ = ("sent_codes", "text")

    text: str
    """What was sent: a space before each text, and one at the end."""
    sent_codes: Any
    """The same for C."""
    codes: Codes = array("size")
    source: NDArray[np.int32] = array("size")
    starts: Places = array("texts + 1")
    word_start: Places = array("words")
    word_end: Places = array("words")
    word_text: Places = array("words")
    first_word: Places = array("texts + 1")
    raw_kinds: NDArray[np.int64] = array("texts", KINDS)
    disguises: NDArray[np.int64] = array("texts", constants("disguise")["DISGUISES"])
    hashes: Hashes = array("words")
    stems: Hashes = array("words")
    pairs: Hashes = array("words")

    def __len__(self) -> int:
        return int(self.c.texts)


_PART, _WHOLE, _LATIN, _FOREIGN, _NUMBER = 1, 2, 4, 8, 16  # what a code point is to a word, as in text.c
_EXPANDS = 0x80000000  # from here on the table of folding has rows of expansions


class Folder:
    """Folds batches of texts by the tables of one release."""

    def __init__(self, alphabet: Alphabet) -> None:
        _check(alphabet)
        fold = np.arange(CODE_POINTS, dtype=np.uint32)
        fold[alphabet.fold_from] = alphabet.fold_to
        fold[alphabet.expand_from] = _EXPANDS + np.arange(len(alphabet.expand_from), dtype=np.uint32)
        kind = alphabet.kind_value.repeat(np.diff(np.append(alphabet.kind_start, CODE_POINTS)))
        self._held: dict[str, NDArray[Any]] = {  # C reads these as long as the folder lives
            "fold": fold,
            "kind": kind,
            "role": _roles(),
            "expand_first": np.append(0, np.cumsum(alphabet.expand_length, dtype=np.int64)),
            "expand_to": np.ascontiguousarray(alphabet.expand_to),
            "twin_from": np.ascontiguousarray(alphabet.twin_from),
            "twin_to": np.ascontiguousarray(alphabet.twin_to),
            "cyrillic": _cyrillic_twins(alphabet, kind),
            "leet": _leet(),
        }
        self._tables = struct("alphabet", **self._held, twins=len(alphabet.twin_from))

    def fold(self, texts: Sequence[str]) -> Folded:
        """Fold a batch. Linear in its code points; a text's result does not depend on its neighbours."""
        text = " ".join(["", *texts, ""])
        sent = buffer("uint32_t[]", text.encode("utf-32-le", "surrogatepass"))
        room = library.folded_size(self._tables, sent, len(text))
        folded = Folded("folded", {"texts": len(texts), "room": room}, library.place_folded)
        folded.text, folded.sent_codes = text, sent
        library.fold(self._tables, sent, integers(list(map(len, texts))), folded.c)
        return folded

    def take_out(self, folded: Folded, batch: Any) -> None:
        """Make a batch as if the words had not been sent that C's ``batch`` tells as quoted.

        Those in a row go with what stands between them. ``source`` still points into the texts as they were sent.
        """
        library.take_out(self._tables, folded.sent_codes, folded.c, batch)


def _check(alphabet: Alphabet) -> None:
    """Raise ValueError where C would read beyond a table."""
    if alphabet.kind_value.max() >= KINDS:
        raise ValueError(f"the alphabet has kinds of code points beyond this program's {KINDS}")
    for codes in (alphabet.fold_from, alphabet.fold_to, alphabet.expand_from, alphabet.kind_start):
        if len(codes) and codes.max() >= CODE_POINTS:
            raise ValueError("the alphabet has code points beyond Unicode's")
    if int(alphabet.expand_length.sum()) != len(alphabet.expand_to):
        raise ValueError("the alphabet's expansions are not of their length")


def _roles() -> NDArray[np.uint8]:
    """What each Kind is to a word."""
    role = np.zeros(KINDS, np.uint8)
    role[list(_WORD_KINDS)] = _PART
    role[Kind.IDEOGRAPH] = _WHOLE
    role[Kind.DIGIT] |= _NUMBER
    role[[Kind.LOWER, Kind.UPPER]] |= _LATIN
    role[[Kind.CYRILLIC, Kind.GREEK, Kind.LETTER]] |= _FOREIGN
    return role


def _leet() -> Codes:
    """By ASCII code point, the letter that it stands for between two others, or 0."""
    leet = np.zeros(128, np.uint32)
    leet[[ord(sign) for sign in _LEET]] = [ord(letter) for letter in _LEET.values()]
    return leet


def _cyrillic_twins(alphabet: Alphabet, kind: NDArray[np.uint8]) -> Codes:
    """By ASCII code point, the Cyrillic letter that looks alike, or itself."""
    cyrillic = np.arange(128, dtype=np.uint32)
    twins = (kind.take(alphabet.twin_from) == Kind.CYRILLIC) & (alphabet.twin_to < 128)
    cyrillic[alphabet.twin_to[twins]] = alphabet.twin_from[twins]
    return cyrillic
