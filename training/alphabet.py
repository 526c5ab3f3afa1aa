"""Makes the code point tables of a release from the Unicode data of Python and of confusable_homoglyphs."""

import unicodedata
from functools import cache

import numpy as np
from confusable_homoglyphs.confusables import confusables_data  # type: ignore[import-untyped]  # ships no types

from moderation.detection.text import CODE_POINTS, Alphabet, Kind

_NEWLINES = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")
_STYLED_FORMS = ("<font>", "<wide>", "<circle>", "<square>", "<super>", "<sub>", "<compat>")
_STYLED_NAMES = ("LATIN LETTER SMALL CAPITAL ", "NEGATIVE SQUARED LATIN CAPITAL LETTER ",
                 "NEGATIVE CIRCLED LATIN CAPITAL LETTER ", "REGIONAL INDICATOR SYMBOL LETTER ")  # fmt: skip
_IGNORABLE = ("VARIATION SELECTOR", "COMBINING GRAPHEME JOINER", "KHMER VOWEL INHERENT", "MONGOLIAN FREE VARIATION")
_LUNATE_SIGMA = "\u03f2"
_ATTACHED = range(200, 256)  # canonical combining classes of accents above, below and through a letter
_VOWEL_POINTS = range(10, 36)  # Hebrew points and Arabic harakat


@cache
def alphabet() -> Alphabet:
    """The tables for the Unicode version of this Python."""
    folds = {cp: _fold(chr(cp)) for cp in range(CODE_POINTS) if not 0xD800 <= cp < 0xE000}
    single = [(cp, ord(to) if to else 0) for cp, to in folds.items() if len(to) < 2 and to != chr(cp)]
    several = [(cp, to) for cp, to in folds.items() if len(to) > 1]
    kinds = np.fromiter((_kind(chr(cp)) for cp in range(CODE_POINTS)), np.uint8, CODE_POINTS)
    starts = np.flatnonzero(np.concatenate(([True], kinds[1:] != kinds[:-1])))
    twins = _twins()
    return Alphabet(
        fold_from=np.array([cp for cp, _ in single], np.uint32),
        fold_to=np.array([to for _, to in single], np.uint32),
        expand_from=np.array([cp for cp, _ in several], np.uint32),
        expand_length=np.array([len(to) for _, to in several], np.uint8),
        expand_to=np.array([ord(c) for _, to in several for c in to], np.uint32),
        kind_start=starts.astype(np.uint32),
        kind_value=kinds[starts],
        twin_from=np.array(list(twins), np.uint32),
        twin_to=np.array(list(twins.values()), np.uint32),
    )


def _fold(char: str) -> str:
    if char.isspace():
        return " "
    plain = _plain_letter(char)
    if plain:
        return plain
    if "LUNATE SIGMA" in unicodedata.name(char, ""):
        return _LUNATE_SIGMA  # its compatible form is a sigma, but it is taken for a c
    if char == "\0" or _is_ignorable(char) or unicodedata.category(char) in ("Cf", "Cc"):
        return ""
    folded = unicodedata.normalize("NFKC", char).casefold()
    if _takes_accents(folded):
        folded = unicodedata.normalize("NFKD", folded)
    return "".join(_plain_letter(c) or c for c in folded if not _is_accent(c) and not c.isspace()) or ""


def _is_ignorable(char: str) -> bool:
    """Whether nothing is drawn for a character, though it is a letter or a mark by its category."""
    name = unicodedata.name(char, "")
    return "FILLER" in name or name.startswith(_IGNORABLE)


def _takes_accents(text: str) -> bool:
    return any(unicodedata.name(c, "").startswith(("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW")) for c in text)


def _is_accent(char: str) -> bool:
    combining = unicodedata.combining(char)
    return combining in _ATTACHED or combining in _VOWEL_POINTS or combining == 1


def _plain_letter(char: str) -> str:
    """The basic letter in the name of a dressed-up Latin one ("LATIN SMALL LETTER O WITH STROKE"), else nothing."""
    name = unicodedata.name(char, "")
    for styled in _STYLED_NAMES:
        if name.startswith(styled) and len(name) == len(styled) + 1:
            return name[-1].lower()
    head, with_, _ = name.partition(" WITH ")
    for latin in ("LATIN SMALL LETTER ", "LATIN CAPITAL LETTER "):
        if with_ and head.startswith(latin) and len(head) == len(latin) + 1:
            return head[-1].lower()
    return ""


def _kind(char: str) -> Kind:
    if char in _NEWLINES:
        return Kind.NEWLINE
    category = unicodedata.category(char)
    name = unicodedata.name(char, "")
    if char.isspace() or _is_ignorable(char):
        return Kind.SPACE if char.isspace() else Kind.INVISIBLE
    if name.startswith("REGIONAL INDICATOR"):
        return Kind.SYMBOL
    if _is_styled(char, name):
        return Kind.STYLED
    if category[0] == "L":
        return _letter_kind(char, category, name)
    by_category = {"Nd": Kind.DIGIT, "So": Kind.SYMBOL, "Sk": Kind.SYMBOL, "Sc": Kind.CURRENCY, "Cf": Kind.INVISIBLE,
                   "Cc": Kind.INVISIBLE, "Mn": Kind.MARK, "Mc": Kind.MARK, "Me": Kind.MARK}  # fmt: skip
    return by_category.get(category, Kind.PUNCTUATION if category[0] == "P" else Kind.OTHER)


def _is_styled(char: str, name: str) -> bool:
    if name.startswith(_STYLED_NAMES):
        return True
    if not unicodedata.decomposition(char).startswith(_STYLED_FORMS):
        return False
    plain = unicodedata.normalize("NFKC", char)
    return len(plain) == 1 and plain.isascii() and plain.isalnum()


def _letter_kind(char: str, category: str, name: str) -> Kind:
    if name.startswith("LATIN"):
        return Kind.UPPER if category == "Lu" else Kind.LOWER
    if name.startswith("CYRILLIC"):
        return Kind.CYRILLIC
    if name.startswith("GREEK"):
        return Kind.GREEK
    return Kind.IDEOGRAPH if name.startswith("CJK") else Kind.LETTER


def _twins() -> dict[int, int]:
    """Lower-case letters of other alphabets that Unicode's confusables list beside one basic Latin letter."""
    twins: dict[int, int] = {}
    for char, likes in confusables_data.items():
        lower = char.casefold()
        if len(char) != 1 or len(lower) != 1 or _kind(lower) not in (Kind.CYRILLIC, Kind.GREEK, Kind.LETTER):
            continue
        looks = (like["c"] for like in likes)
        latin = {look.casefold() for look in looks if len(look) == 1 and look.isascii() and look.isalpha()}
        if len(latin) == 1 and (char == lower or ord(lower) not in twins):
            twins[ord(lower)] = ord(min(latin))
    return dict(sorted(twins.items()))
