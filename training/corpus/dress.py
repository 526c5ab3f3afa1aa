"""Dresses up names as promoters do, so that they stand out and no list of words finds them: letters of other alphabets
that look the same, digits behind, blanks between. It knows no language and no comment.
"""

import unicodedata
from collections.abc import Mapping
from random import Random

from training.corpus.grammar import pick, words

_LETTERS = words(
    "MATHEMATICAL-BOLD MATHEMATICAL-BOLD-ITALIC MATHEMATICAL-BOLD-SCRIPT MATHEMATICAL-BOLD-FRAKTUR "
    "MATHEMATICAL-DOUBLE-STRUCK MATHEMATICAL-SANS-SERIF MATHEMATICAL-SANS-SERIF-BOLD MATHEMATICAL-SANS-SERIF-ITALIC "
    "MATHEMATICAL-SANS-SERIF-BOLD-ITALIC MATHEMATICAL-MONOSPACE FULLWIDTH CIRCLED-LATIN NEGATIVE-SQUARED"
)
_NUMERALS = {"0": "ZERO", "1": "ONE", "2": "TWO", "3": "THREE", "4": "FOUR", "5": "FIVE", "6": "SIX", "7": "SEVEN",
             "8": "EIGHT", "9": "NINE"}  # fmt: skip
_MARKS = "\u0332\u0336\u0337\u0353\u034e\u0305"
_FRAMES = words("⭐ 🔥 ✨ 💎 🍀 🎯 👑 ⚡ 💫 🌈")


def _named(*names: str) -> str:
    """The character that Unicode gives one of the names, or nothing."""
    for name in names:
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    return ""


def _alphabet(style: str) -> Mapping[int, str]:
    """What each ASCII letter and digit looks like in a style."""
    name = style.replace("-", " ").replace("SANS SERIF", "SANS-SERIF").replace("DOUBLE STRUCK", "DOUBLE-STRUCK")
    short = name.replace(" LATIN", "")
    table = {}
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        for case, sign in (("CAPITAL", letter), ("SMALL", letter.lower())):
            names = [f"{part} {script}{case} {letter}" for part in (name, short) for script in ("", "LATIN ")]
            if found := _named(*names, *[other.replace("SMALL", "CAPITAL") for other in names]):
                table[ord(sign)] = found
    for digit, numeral in _NUMERALS.items():
        scripts = (name, short, "MATHEMATICAL SANS-SERIF BOLD")
        table[ord(digit)] = _named(*[f"{script} DIGIT {numeral}" for script in scripts])
    return table


_STYLES = tuple(_alphabet(style) for style in _LETTERS)


def dress(name: str, rng: Random) -> str:
    """Return a name as it stands out: in fancy letters, under marks or spaced out, at times in a frame."""
    way = rng.random()
    if way < 0.75:
        style = pick(rng, _STYLES)
        dressed = (name.upper() if rng.random() < 0.8 else name).translate(style)
    elif way < 0.9:
        mark = pick(rng, _MARKS)
        dressed = "".join(sign + mark for sign in name.upper())
    else:
        dressed = " ".join(name.upper())
    if rng.random() < 0.3:
        frame = pick(rng, _FRAMES)
        return f"{frame} {dressed} {frame}"
    return dressed
