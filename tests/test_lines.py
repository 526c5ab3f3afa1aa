"""Streams of JSON lines: order, faults in their place, bounded memory."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.lines import CHUNK_LINES, READ_BYTES, chunks, score_lines
from moderation.moderator import Moderator
from moderation.release import Release

MAX_BYTES = 10_000


@pytest.fixture
def moderator(release: Release) -> Moderator:
    """One that stores nothing."""
    return Moderator(release, None)


class Dripping:
    """A stream that gives its bytes in the pieces it was made with."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces

    def read1(self, size: int, /) -> bytes:
        return next(self.pieces, b"")


def answers(moderator: Moderator, data: bytes) -> list[dict[str, Any]]:
    made = score_lines(moderator, BytesIO(data), MAX_BYTES)
    return [json.loads(outcome.data) for chunk in made for outcome in chunk]


def line(comment_id: str, body: str = "Fine.") -> bytes:
    return json.dumps({"comment": {"id": comment_id, "body": body}}).encode() + b"\n"


def test_results_keep_the_input_order(moderator: Moderator) -> None:
    ids = [f"c-{number}" for number in range(2 * CHUNK_LINES + 1)]
    assert [made["comment_id"] for made in answers(moderator, b"".join(map(line, ids)))] == ids


def test_bad_lines_are_told_in_place(moderator: Moderator) -> None:
    bad = [b"{\n", b"\n", b"\xff\n", b'{"comment": {"body": 5}}\n', b'{"comment": {"body": "\\ud800"}}\n', b"[]\n"]
    made = answers(moderator, line("first") + b"".join(bad) + line("last"))
    assert [made[0]["comment_id"], made[-1]["comment_id"]] == ["first", "last"]
    assert [told["line"] for told in made[1:-1]] == [2, 3, 4, 5, 6, 7]
    assert made[4]["error"] == "comment.body: must be text"
    assert "comment.body" in made[5]["error"]


def test_last_line_needs_no_end(moderator: Moderator) -> None:
    assert [made["comment_id"] for made in answers(moderator, line("a") + line("b").strip())] == ["a", "b"]


def test_byte_order_mark_is_passed_over(moderator: Moderator) -> None:
    assert [made["comment_id"] for made in answers(moderator, b"\xef\xbb\xbf" + line("a"))] == ["a"]


def test_long_line_is_told_and_passed_over(moderator: Moderator) -> None:
    made = answers(moderator, line("a") + line("b", "x" * MAX_BYTES) + line("c") + b"x" * (3 * READ_BYTES))
    assert [told.get("comment_id", told.get("error")) for told in made] == [
        "a",
        "the line is longer than 10000 bytes",
        "c",
        "the line is longer than 10000 bytes",
    ]


def test_line_at_the_limit_is_read(moderator: Moderator) -> None:
    empty = len(line("a", "").strip())
    made = answers(moderator, line("a", "x" * (MAX_BYTES - empty)) + line("b", "x" * (MAX_BYTES - empty + 1)))
    assert ["error" in told for told in made] == [False, True]


def test_endless_line_stays_bounded_in_memory() -> None:
    import tracemalloc

    tracemalloc.start()
    read = list(chunks(Dripping(b"x" * READ_BYTES for _ in range(200)), MAX_BYTES))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [line.data for chunk in read for line in chunk] == [None]
    assert peak < 4 * READ_BYTES


def test_arrived_lines_do_not_wait(moderator: Moderator) -> None:
    def pieces() -> Iterator[bytes]:
        yield line("a")
        raise AssertionError("the second read came before the first result")

    first = next(score_lines(moderator, Dripping(pieces()), MAX_BYTES))
    assert json.loads(first[0].data)["comment_id"] == "a"


@given(st.lists(st.binary(max_size=40)), st.integers(1, 7))
def test_pieces_never_change_the_lines(texts: list[bytes], size: int) -> None:
    data = b"\n".join(texts)
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    dripped = [line for chunk in chunks(Dripping(pieces), 20) for line in chunk]
    assert dripped == [line for chunk in chunks(BytesIO(data), 20) for line in chunk]
    assert [line.number for line in dripped] == list(range(1, len(dripped) + 1))
    expected = data.removesuffix(b"\n").split(b"\n") if data else []
    assert len(dripped) == len(expected)
