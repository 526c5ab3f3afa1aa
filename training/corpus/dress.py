"""Dresses up names as promoters do, so that they stand out and no list of words finds them: letters of other alphabets
that look the same, digits behind, blanks between. It knows no language and no comment.
"""

import unicodedata
from collections.abc import Mapping
from random import Random
from string import ascii_uppercase

from training.corpus.grammar import pick, words

_MATHEMATICAL = ("BOLD", "BOLD ITALIC", "BOLD SCRIPT", "BOLD FRAKTUR", "DOUBLE-STRUCK", "SANS-SERIF", "SANS-SERIF BOLD",
                 "SANS-SERIF ITALIC", "SANS-SERIF BOLD ITALIC", "MONOSPACE")  # fmt: skip
_LATIN = ("FULLWIDTH", "CIRCLED", "NEGATIVE SQUARED")
_NUMERALS = words("ZERO ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE")
_MARKS = "\u0332\u0336\u0337\u0353\u034e\u0305"
_FRAMES = words("⭐ 🔥 ✨ 💎 🍀 🎯 👑 ⚡ 💫 🌈")


def _named(*names: str) -> str:
    """The character that has the first of these names that Unicode gives to one."""
    for name in names:
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    raise AssertionError(names)


def _alphabet(letter: str, digit: str) -> Mapping[int, str]:
    """What each ASCII letter and digit looks like in a style. Some have a few letters elsewhere, some no small ones."""
    table = {}
    for sign in ascii_uppercase:
        capital = letter.format(case="CAPITAL", sign=sign)
        table[ord(sign)] = _named(capital, f"DOUBLE-STRUCK CAPITAL {sign}")
        table[ord(sign.lower())] = _named(letter.format(case="SMALL", sign=sign), capital)
    for value, numeral in enumerate(_NUMERALS):
        table[ord(str(value))] = _named(f"{digit} DIGIT {numeral}", f"MATHEMATICAL SANS-SERIF BOLD DIGIT {numeral}")
    return table


_STYLES = (
    *(_alphabet(f"MATHEMATICAL {style} {{case}} {{sign}}", f"MATHEMATICAL {style}") for style in _MATHEMATICAL),
    *(_alphabet(f"{style} LATIN {{case}} LETTER {{sign}}", style) for style in _LATIN),
)


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
