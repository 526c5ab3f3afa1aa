"""One normalisation for every text that is scored, with the way back to the places in the text as it was sent.

A whole batch of texts becomes one array of folded code points. Folding undoes what changes the look of a letter but not
its reading: case, accents, full-width and mathematical letters, invisible characters, look-alikes of other scripts,
letters spaced out, digits that stand for letters. It knows nothing of what is promotional.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.detection.kernels import library, pointer, struct

Codes = NDArray[np.uint32]
Places = NDArray[np.intp]
Sources = NDArray[np.int32]
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


@dataclass(frozen=True, slots=True)
class Folded:
    """A batch of folded texts.

    Every text begins with one space that was not sent, so text ``t`` is ``codes[starts[t]:starts[t + 1]]``.
    ``source`` is the place of each code point in its own text as it was sent (-1 at the space before a text).
    Words are runs of letters and digits, and single ideographs: ``word_start``, ``word_end`` are places in ``codes``;
    the words of text ``t`` are ``first_word[t]`` to ``first_word[t + 1]``, ``word_counts`` how many, and ``word_text``
    the text that each word stands in. ``sizes`` are the code points of each text with its space.
    ``raw_kinds`` has a row a text, a column a Kind: how many code points of it the text as sent has.
    ``mixed``, ``spaced`` and ``leet`` count a text's words with look-alikes of another script, letters that were spaced
    out, and digits or signs in place of letters.
    """

    codes: Codes
    starts: Places
    sizes: Places
    source: Sources
    word_start: Places
    word_end: Places
    first_word: Places
    word_counts: Places
    word_text: Places
    raw_kinds: NDArray[np.int64]
    mixed: NDArray[np.int64]
    spaced: NDArray[np.int64]
    leet: NDArray[np.int64]
    view: Any = field(repr=False)
    """The batch as C reads it, for as long as it lives."""

    def __len__(self) -> int:
        return len(self.starts) - 1


_PART, _WHOLE, _LATIN, _FOREIGN, _NUMBER = 1, 2, 4, 8, 16  # what a code point is to a word, as in text.c
_EXPANDS = 0x80000000  # from here on the table of folding has rows of expansions
_MIXED, _SPACED, _LEET_WORDS, _DISGUISES = range(4)


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
        count = len(texts)
        raw = np.frombuffer(" ".join(["", *texts, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
        sent = pointer(raw)
        sizes = np.fromiter(map(len, texts), np.int64, count) + 1
        room = library.folded_size(self._tables, sent, len(raw))
        codes, source, roles = np.empty(room, np.uint32), np.empty(room, np.int32), np.empty(room, np.uint8)
        starts, first_word = np.empty(count + 1, np.int64), np.empty(count + 1, np.int64)
        word_start, word_end, word_text = np.empty((3, room), np.int64)
        raw_kinds, disguises = np.zeros((count, KINDS), np.int64), np.empty((count, _DISGUISES), np.int64)
        library.fold(
            self._tables, sent, pointer(sizes), count, pointer(codes), pointer(source), pointer(roles),
            pointer(starts), pointer(word_start), pointer(word_end), pointer(first_word), pointer(word_text),
            pointer(raw_kinds), pointer(disguises),
        )  # fmt: skip
        size, words = int(starts[-1]) + 1, int(first_word[-1])
        told = {
            "codes": codes[:size],
            "source": source[:size],
            "starts": starts,
            "word_start": word_start[:words],
            "word_end": word_end[:words],
            "first_word": first_word,
            "raw_kinds": raw_kinds,
        }
        return _folded(told, word_text[:words], disguises)

    def without(self, texts: Sequence[str], folded: Folded, words: Places) -> Folded:
        """The same batch as if some of its words (ascending places in ``word_start``) had not been sent.

        Words in a row go with what stands between them. ``source`` still points into the texts as they were sent.
        """
        begins = np.flatnonzero((np.diff(words, prepend=-2) > 1) | np.isin(words, folded.first_word))
        ends = np.append(begins[1:], len(words)) - 1
        rows = list(
            zip(
                folded.word_text[words[begins]].tolist(),
                folded.word_start[words[begins]].tolist(),
                folded.word_end[words[ends]].tolist(),
                strict=True,
            )
        )
        kept, kept_word = np.ones(len(folded.codes), bool), np.ones(len(folded.word_start), bool)
        for _, begin, end in rows:
            kept[begin:end] = False
        kept_word[words] = False
        place, number = np.append(0, np.cumsum(kept)), np.append(0, np.cumsum(kept_word))  # what each becomes
        told = {
            "codes": folded.codes[kept],
            "source": folded.source[kept],
            "starts": place[folded.starts],
            "word_start": place[folded.word_start[kept_word]],
            "word_end": place[folded.word_end[kept_word]],
            "first_word": number[folded.first_word],
            "raw_kinds": self._kinds_without(texts, folded, rows),
        }
        disguises = np.stack([folded.mixed, folded.spaced, folded.leet], axis=1)
        return _folded(told, folded.word_text[kept_word], disguises)

    def _kinds_without(
        self, texts: Sequence[str], folded: Folded, rows: Sequence[tuple[int, int, int]]
    ) -> NDArray[np.int64]:
        """How many code points of each Kind the texts have but for some rows: a text, where it begins and ends."""
        raw_kinds = folded.raw_kinds.copy()
        for text, begin, end in rows:
            sent = folded.source[begin:end]
            piece = texts[text][sent.min() : sent.max() + 1].encode("utf-32-le", "surrogatepass")
            raw_kinds[text] -= np.bincount(self._held["kind"][np.frombuffer(piece, np.uint32)], minlength=KINDS)
        return np.maximum(raw_kinds, 0)  # rows of a line turned round may overlap as they were sent


def _folded(told: dict[str, NDArray[Any]], word_text: Places, disguises: NDArray[np.int64]) -> Folded:
    """A batch from its arrays, ``told`` by the names that they have in C as well."""
    starts, first_word, words = told["starts"], told["first_word"], len(told["word_start"])
    return Folded(
        **told,
        sizes=starts[1:] - starts[:-1],
        word_counts=first_word[1:] - first_word[:-1],
        word_text=word_text,
        mixed=disguises[:, _MIXED],
        spaced=disguises[:, _SPACED],
        leet=disguises[:, _LEET_WORDS],
        view=struct("folded", texts=len(starts) - 1, words=words, disguises=disguises, **told),
    )


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
