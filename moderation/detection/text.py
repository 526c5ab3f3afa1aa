"""One normalisation for every text that is scored, with the way back to the places in the text as it was sent.

A whole batch of texts becomes one array of folded code points. Folding undoes what changes the look of a letter but not
its reading: case, accents, full-width and mathematical letters, invisible characters, look-alikes of other scripts,
letters spaced out, digits that stand for letters. It knows nothing of what is promotional.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Places = NDArray[np.intp]
Sources = NDArray[np.int32]
CODE_POINTS = 0x110000
SPACE = 32
DIGIT = 48


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
_SPACED_RUN = 4  # so many single letters in a row are one word that was spaced out; "a b c" is not
_SPACED_GAP = 3  # code points between two of them, at most


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

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(slots=True)
class _Draft:
    """A batch while it is being folded. ``bounds`` are the spaces before each text and the one behind the last."""

    codes: Codes
    source: Sources
    bounds: Places
    word: NDArray[np.uint8]
    """What each code point is to a word: 0 outside, 1 part of one, 2 a word by itself; LATIN, FOREIGN, NUMBER bits."""

    def count(self, places: Places) -> NDArray[np.int64]:
        """How many of these places lie in each text."""
        if not len(places):
            return np.zeros(len(self.bounds) - 1, np.int64)
        text = self.bounds.searchsorted(places, "right") - 1
        return np.bincount(text, minlength=len(self.bounds) - 1)


_W = ord("w")
_LAST_PLAIN = 127  # code points up to here fold to one each, and are of one script
_PART, _WHOLE, _LATIN, _FOREIGN, _NUMBER = 1, 2, 4, 8, 16
_IN_WORD = _PART | _WHOLE


class Folder:
    """Folds batches of texts by the tables of one release."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._fold = np.arange(CODE_POINTS, dtype=np.uint32)
        self._fold[alphabet.fold_from] = alphabet.fold_to
        self._kind = alphabet.kind_value.repeat(np.diff(np.append(alphabet.kind_start, CODE_POINTS)))
        role = np.zeros(KINDS, np.uint8)
        role[list(_WORD_KINDS)] = _PART
        role[Kind.IDEOGRAPH] = _WHOLE
        role[Kind.DIGIT] |= _NUMBER
        role[[Kind.LOWER, Kind.UPPER]] |= _LATIN
        role[[Kind.CYRILLIC, Kind.GREEK, Kind.LETTER]] |= _FOREIGN
        self._role = role[self._kind]
        self._expands = np.zeros(CODE_POINTS, bool)
        self._expands[alphabet.expand_from] = True
        self._expand_place = np.cumsum(alphabet.expand_length, dtype=np.intp) - alphabet.expand_length
        self._leet = np.zeros(128, np.uint32)
        self._leet[[ord(sign) for sign in _LEET]] = [ord(letter) for letter in _LEET.values()]
        self._cyrillic = np.arange(128, dtype=np.uint32)
        twins = (self._kind.take(alphabet.twin_from) == Kind.CYRILLIC) & (alphabet.twin_to < 128)
        self._cyrillic[alphabet.twin_to[twins]] = alphabet.twin_from[twins]

    def fold(self, texts: Sequence[str]) -> Folded:
        """Fold a batch. Linear in its code points; a text's result does not depend on its neighbours."""
        raw = np.frombuffer(" ".join(["", *texts, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
        sizes = np.fromiter(map(len, texts), np.intp, len(texts)) + 1
        separators = np.zeros(len(texts) + 1, np.intp)
        np.cumsum(sizes, out=separators[1:])
        rows = (np.arange(len(texts)) * KINDS).repeat(sizes)
        rows += self._kind.take(raw[:-1])
        raw_kinds = np.bincount(rows, minlength=len(texts) * KINDS).reshape(len(texts), KINDS)
        draft = self._squeezed(*self._substituted(raw), separators)
        mixed = self._read_look_alikes(draft)
        leet = self._read_leet(draft)
        spaced = self._close_spaced_letters(draft)
        draft.codes[(draft.word & _NUMBER) != 0] = DIGIT
        word_start, word_end = _words(draft.word)
        final = draft.bounds[1:] - draft.bounds[:-1]
        draft.source[: draft.bounds[-1]] -= (separators[:-1] + 1).astype(np.int32).repeat(final)
        first_word = word_start.searchsorted(draft.bounds)
        counts = first_word[1:] - first_word[:-1]
        return Folded(
            codes=draft.codes,
            starts=draft.bounds,
            sizes=final,
            source=draft.source,
            word_start=word_start,
            word_end=word_end,
            first_word=first_word,
            word_counts=counts,
            word_text=np.arange(len(texts)).repeat(counts),
            raw_kinds=raw_kinds,
            mixed=mixed,
            spaced=spaced,
            leet=leet,
        )

    def _substituted(self, raw: Codes) -> tuple[Codes, Sources]:
        """Each code point's folded form, dropped ones as 0, with the place in ``raw`` that each comes from."""
        codes = self._fold.take(raw)
        expands = self._expands.take(raw).nonzero()[0] if raw.max() > _LAST_PLAIN else ()
        if not len(expands):
            return codes, np.arange(len(raw), dtype=np.int32)
        which = self._alphabet.expand_from.searchsorted(raw[expands])
        lengths = np.ones(len(raw), np.intp)
        lengths[expands] = self._alphabet.expand_length[which]
        source = np.arange(len(raw), dtype=np.int32).repeat(lengths)
        codes = codes[source]
        first = lengths.cumsum() - lengths
        for place, row in zip(first[expands], which, strict=True):
            begin, length = self._expand_place[row], self._alphabet.expand_length[row]
            codes[place : place + length] = self._alphabet.expand_to[begin : begin + length]
        return codes, source

    def _squeezed(self, codes: Codes, source: Sources, separators: Places) -> _Draft:
        """Drop what folds to nothing, all but one of several spaces, and all but two of a repeated code point.

        Digits stay, for their number tells, and so does the w of www.
        """
        if not codes.all():
            seen = codes.nonzero()[0]
            codes, source = codes.take(seen), source.take(seen)
        same = codes[1:] == codes[:-1]
        dropped = same & (codes[1:] == SPACE)
        repeated = (same[1:] & same[:-1]).nonzero()[0]
        third = codes[repeated + 2]
        dropped[repeated[(third != _W) & ((self._role.take(third) & _NUMBER) == 0)] + 1] = True
        kept = np.ones(len(codes), bool)
        np.logical_not(dropped, out=kept[1:])
        kept[source.searchsorted(separators.astype(np.int32))] = True
        places = kept.nonzero()[0]
        codes, source = codes.take(places), source.take(places)
        return _Draft(codes, source, source.searchsorted(separators.astype(np.int32)), self._role.take(codes))

    def _read_look_alikes(self, draft: _Draft) -> NDArray[np.int64]:
        """Write words that mix Latin with look-alikes from another script in one script; count them by text."""
        # a foreign letter right before a Latin one: an ending hung on a foreign name ("Telegramе") is no disguise
        seams = (((draft.word[:-1] & _FOREIGN) << 1) & ((draft.word[1:] & _LATIN) << 2)).nonzero()[0]
        if not len(seams):
            return np.zeros(len(draft.bounds) - 1, np.int64)
        starts, ends = _words(draft.word)
        words = np.unique(starts.searchsorted(seams, "right") - 1)
        read = [starts[w] for w in words if self._rewrite(draft, slice(starts[w], ends[w]))]
        return draft.count(np.array(read, np.intp))

    def _rewrite(self, draft: _Draft, place: slice) -> bool:
        codes, word = draft.codes[place], draft.word[place]
        latin, foreign = (word & _LATIN) != 0, (word & _FOREIGN) != 0
        twin = np.minimum(self._alphabet.twin_from.searchsorted(codes), len(self._alphabet.twin_from) - 1)
        has_twin = self._alphabet.twin_from[twin] == codes
        if has_twin[foreign].all():
            draft.codes[place] = np.where(foreign, self._alphabet.twin_to[twin], codes)
        else:
            written = self._cyrillic[np.minimum(codes, 127)]
            if (self._kind.take(codes[foreign]) != Kind.CYRILLIC).any() or (written[latin] == codes[latin]).any():
                return False
            draft.codes[place] = np.where(latin, written, codes)
        draft.word[place] = self._role.take(draft.codes[place])
        return True

    def _read_leet(self, draft: _Draft) -> NDArray[np.int64]:
        """Write a lone digit or dollar sign between two Latin letters as the letter it stands for; count them."""
        latin = (draft.word & _LATIN) != 0
        places = (latin[:-2] & latin[2:] & ~latin[1:-1]).nonzero()[0] + 1
        if not len(places):
            return draft.count(places)
        letters = self._leet.take(np.minimum(draft.codes[places], 127))
        places, letters = places[letters != 0], letters[letters != 0]
        draft.codes[places] = letters
        draft.word[places] = _PART | _LATIN
        return draft.count(places)

    def _close_spaced_letters(self, draft: _Draft) -> NDArray[np.int64]:
        """Close up runs of single letters ("c a s i n o", "v.i.a.g.r.a"); count a text's runs."""
        inside = (draft.word & _IN_WORD) != 0
        alone = inside[1:-1] & ~inside[:-2] & ~inside[2:]
        letters = (alone & ((draft.word[1:-1] & (_WHOLE | _NUMBER)) == 0)).nonzero()[0] + 1
        if len(letters) < _SPACED_RUN:
            return np.zeros(len(draft.bounds) - 1, np.int64)
        joins = (letters[1:] - letters[:-1]) <= _SPACED_GAP + 1
        bounds = letters.searchsorted(draft.bounds[1:-1])
        joins[bounds[(bounds > 0) & (bounds < len(letters))] - 1] = False
        padded = np.concatenate(([0], joins.view(np.int8), [0]))
        edges = padded[1:] - padded[:-1]
        first, last = (edges == 1).nonzero()[0], (edges == -1).nonzero()[0]
        long = last - first >= _SPACED_RUN - 1
        first, last = first[long], last[long]
        counts = draft.count(letters[first])
        if len(first):
            self._drop_between(draft, [letters[a : b + 1] for a, b in zip(first, last, strict=True)])
        return counts

    def _drop_between(self, draft: _Draft, runs: Sequence[Places]) -> None:
        kept = np.ones(len(draft.codes), bool)
        for run in runs:
            kept[run[0] : run[-1]] = False
            kept[run] = True
        draft.bounds = kept.cumsum()[draft.bounds] - 1
        draft.codes, draft.source, draft.word = draft.codes[kept], draft.source[kept], draft.word[kept]


def _words(word: NDArray[np.uint8]) -> tuple[Places, Places]:
    """Where words begin and end (excluded). An ideograph is a word by itself."""
    part = word & _IN_WORD
    changes = part[1:] != part[:-1]
    changes |= part[1:] == _WHOLE
    edges = changes.nonzero()[0] + 1
    inside = part[edges].nonzero()[0]
    ends = np.empty_like(edges)
    ends[:-1] = edges[1:]
    ends[-1:] = len(word)
    return edges[inside], ends[inside]
