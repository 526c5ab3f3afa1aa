"""``moderation score``: JSON lines in, JSON lines out, in input order and in bounded memory.

Must not know files, terminals or settings: it turns what a stream gives into what is to be written.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from pydantic_core import to_json

from moderation.moderator import Moderator
from moderation.web.answers import result
from moderation.web.reading import read
from moderation.web.schemas import CommentUnderArticle, InvalidInputError

READ_BYTES = 1 << 18
CHUNK_LINES = 1000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Stream(Protocol):
    """A binary stream that gives what it has, and waits only where it has nothing."""

    def read1(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


class Line(NamedTuple):
    """A line of the input by its number, from 1. ``data`` is None where it is longer than what is kept."""

    number: int
    data: bytes | None


class Outcome(NamedTuple):
    """A line of the output, and whether it is a result."""

    data: bytes
    scored: bool


def score_lines(moderator: Moderator, stream: Stream, max_bytes: int) -> Iterator[list[Outcome]]:
    """For each line its result, or what is wrong with it, in input order, as many at a time as the stream gives.

    Of a line that is longer than ``max_bytes`` no more than that is ever in memory.
    """
    for chunk in chunks(stream, max_bytes):
        judged = judge(moderator, chunk, max_bytes)
        yield [_outcome(line, item) for line, item in zip(chunk, judged, strict=True)]


def chunks(stream: Stream, max_bytes: int) -> Iterator[list[Line]]:
    """The lines of ``stream``, at most ``CHUNK_LINES`` at a time; those that have arrived do not wait for others."""
    number = 0
    for texts in _whole_lines(stream, max_bytes):
        for start in range(0, len(texts), CHUNK_LINES):
            chunk = []
            for text in texts[start : start + CHUNK_LINES]:
                number += 1
                kept = text.removeprefix(BYTE_ORDER_MARK) if number == 1 else text
                chunk.append(Line(number, kept if len(kept) <= max_bytes else None))
            yield chunk


def _whole_lines(stream: Stream, max_bytes: int) -> Iterator[list[bytes]]:
    """The lines that each read completes; one that is too long comes cut, and still too long."""
    rest = bytearray()
    while data := stream.read1(READ_BYTES):
        first, newline, others = data.partition(b"\n")
        rest += first[: max(0, max_bytes + 1 - len(rest))]
        if newline:
            *lines, last = others.split(b"\n")
            yield [bytes(rest), *lines]
            rest = bytearray(last)
    if rest:
        yield [bytes(rest)]


def judge(moderator: Moderator, chunk: list[Line], max_bytes: int) -> list[dict[str, Any] | str]:
    """For each line its result as in the contract, or what is wrong with it, in words."""
    checked = [_checked(line, max_bytes) for line in chunk]
    pairs = [item.pair() for item in checked if isinstance(item, CommentUnderArticle)]
    advices = zip(pairs, moderator.score_many(pairs), strict=True)
    judged: list[dict[str, Any] | str] = []
    for item in checked:
        if isinstance(item, CommentUnderArticle):
            (comment, _), advice = next(advices)
            judged.append(result(comment, advice.score, advice.action))
        else:
            judged.append(item)
    return judged


def _outcome(line: Line, item: dict[str, Any] | str) -> Outcome:
    if isinstance(item, str):
        return Outcome(to_json({"line": line.number, "error": item}), False)
    return Outcome(to_json(item), True)


def _checked(line: Line, max_bytes: int) -> CommentUnderArticle | str:
    if line.data is None:
        return f"the line is longer than {max_bytes} bytes"
    try:
        return read(CommentUnderArticle, line.data)
    except InvalidInputError as error:
        return str(error)
