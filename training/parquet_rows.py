"""Rows of Parquet files as lines of JSON lines, some at a time. It knows what a request is, and nothing of scores."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = {
    **{name: ("comment", name) for name in ("id", "body", "created_at", "parent_id")},
    **{f"author_{name}": ("comment", "author", name) for name in ("name", "url", "email", "ip", "user_agent")},
    **{f"article_{name}": ("article", name) for name in ("id", "title", "body", "url", "published_at")},
}
"""The columns that are read, and the fields of a request that they are; all others are passed over."""
_TIMES = ("created_at", "article_published_at")
_IDS = ("id", "parent_id", "article_id")
_MOST_ROWS = 1_000
_READ_BYTES = 1 << 24  # of rows that are decoded at once
_BUFFER_BYTES = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ArchiveError(Exception):
    """An archive that can not be scored; the text says which file and why."""


class UnreadableError(Exception):
    """Rows that their file does not give."""


def footer_of(path: Path) -> pq.FileMetaData:
    """What a Parquet file says of itself. Raises ArchiveError where it does not hold comments."""
    try:
        with pq.ParquetFile(path) as file:
            schema, footer = file.schema_arrow, file.metadata
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(f"{path}: can not be read as Parquet: {error}") from error
    if "body" not in schema.names:
        raise ArchiveError(f"{path}: has no column 'body'. The columns that are read: {', '.join(COLUMNS)}.")
    for name in COLUMNS:
        places = schema.get_all_field_indices(name)
        if len(places) > 1:
            raise ArchiveError(f"{path}: has {len(places)} columns {name!r}.")
        if places and not _readable(name, schema.field(places[0]).type):
            also = " or times" if name in _TIMES else " or whole numbers" if name in _IDS else ""
            raise ArchiveError(f"{path}: column {name!r} has to hold texts{also}, not {schema.field(places[0]).type}.")
    return footer


def _readable(name: str, kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    others = ((_TIMES, pa.types.is_timestamp), (_TIMES, pa.types.is_date), (_IDS, pa.types.is_integer))
    return any(holds(kind) for holds in texts) or any(name in names and holds(kind) for names, holds in others)


def read_lines(source: Path, begin: int, end: int) -> Iterator[list[bytes]]:
    """The lines of some rows of a file, in bounded memory however large its row groups are. Raises UnreadableError.

    What is empty is absent. Bytes that were no UTF-8 are none in a line either.
    """
    try:
        yield from map(_lines, _batches(source, begin, end))
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(str(error)) from error


def _batches(source: Path, begin: int, end: int) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(source, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        firsts = [0, *accumulate(group.num_rows for group in groups)]
        wanted = [n for n in range(len(groups)) if firsts[n] < end and firsts[n + 1] > begin]
        if not wanted:
            return
        at = firsts[wanted[0]]
        longest = max(groups[n].total_byte_size // max(groups[n].num_rows, 1) for n in wanted)
        some = max(1, min(_MOST_ROWS, _READ_BYTES // max(longest, 1)))
        known = [name for name in file.schema_arrow.names if name in COLUMNS]
        for batch in file.iter_batches(some, row_groups=wanted, columns=known):
            here = batch.slice(max(begin - at, 0), max(min(end - at, len(batch)) - max(begin - at, 0), 0))
            if len(here):
                yield here
            at += len(batch)
            if at >= end:
                return


def _lines(batch: pa.RecordBatch) -> list[bytes]:
    names = batch.schema.names
    paths = [COLUMNS[name] for name in names]
    values = [_texts(name, column) for name, column in zip(names, batch.columns, strict=True)]
    return [_line(paths, row) for row in zip(*values, strict=True)]


def _line(paths: Sequence[tuple[str, ...]], row: Sequence[str | None]) -> bytes:
    told: dict[str, Any] = {"comment": {}}
    for path, text in zip(paths, row, strict=True):
        if text:
            inner = told
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = text
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogateescape")


def _texts(name: str, column: pa.Array) -> list[str | None]:
    """A column as texts, whatever it holds."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if name in _TIMES and pa.types.is_temporal(column.type):
        moments = column.cast(pa.timestamp("us"), safe=False) if pa.types.is_date(column.type) else column
        whole = moments.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
        return [None if value is None else _time(value) for value in whole.to_pylist()]
    if pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    raw = column.cast(pa.large_binary()).to_pylist()
    return [None if value is None else value.decode("utf-8", "surrogateescape") for value in raw]


def _time(microseconds: int) -> str:
    try:
        return (_EPOCH + timedelta(microseconds=microseconds)).isoformat()
    except OverflowError:
        return "beyond the year 9999"
