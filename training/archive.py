"""``moderation archive score``: Parquet in, Parquet out, in the same order, on many cores or a cluster.

Each part of the archive is a file of results that is there whole or not at all, so a stopped run goes on where it
stopped. A row becomes the line that ``moderation score`` reads, so the figures are the same. It prints nothing itself.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from joblib import Parallel, delayed

from moderation import lines, release
from moderation.moderator import Moderator
from training.parquet_rows import ArchiveError, UnreadableError, footer_of, read_lines

ROWS = 100_000
"""The most rows of a part."""
RESULT = pa.schema(
    {
        "comment_id": pa.string(),
        "action": pa.string(),
        "promotional": pa.float64(),
        "off_topic": pa.float64(),
        "release": pa.string(),
        "reasons": pa.list_(
            pa.struct(
                {
                    "signal": pa.string(),
                    "field": pa.string(),
                    "span": pa.list_(pa.int64()),
                    "text": pa.string(),
                    "weight": pa.float64(),
                }
            )
        ),
        "error": pa.string(),
    }.items()
)
"""A row of results: as ``POST /v1/score`` answers, or ``error`` alone."""
PLAN = "_plan.json"
_GROUP_ROWS = 10_000  # of a row group that is written


@dataclass(frozen=True, slots=True)
class Part:
    """Rows ``begin`` to ``end`` of ``source``, whose results stand in ``target``."""

    source: str
    begin: int
    end: int
    target: str


@dataclass(frozen=True, slots=True)
class Scorer:
    """A release by its directory and checksum, so that a worker elsewhere scores by the very same."""

    directory: str
    checksum: str
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Scored:
    """What stands in the directory of results. ``unread`` says which rows could not be read, and why."""

    directory: Path
    rows: int
    errors: int
    unread: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The answer for JSON."""
        return {
            "directory": str(self.directory),
            "rows": self.rows,
            "errors": self.errors,
            "unread": list(self.unread),
        }


def score_archive(
    source: Path, target: Path, models: Path, *, max_bytes: int, told: Callable[[int, int], None], rows: int = ROWS
) -> Scored:
    """Score the Parquet file or folder ``source`` into the folder ``target`` by the current release.

    ``told`` hears how many rows are done, and of how many. Raises ArchiveError and ReleaseError.
    """
    scorer = _scorer(models, max_bytes)
    files = _files(source, target)
    with _begun(target, _plan(source, files, scorer, rows)):
        parts = _parts(files, target, rows)
        left = [part for part in parts if not Path(part.target).exists()]
        total = sum(part.end - part.begin for part in parts)
        done = total - sum(part.end - part.begin for part in left)
        told(done, total)
        unread = []
        work = (delayed(score_part)(scorer, part) for part in left)
        for part, fault in Parallel(return_as="generator_unordered", batch_size=1)(work):
            if fault:
                unread.append(f"{part.source}: rows {part.begin + 1:,} to {part.end:,} can not be read: {fault}")
            done += part.end - part.begin
            told(done, total)
        for draft in target.glob(".part-*"):  # of workers that ended before their time
            draft.unlink()
        written = [Path(part.target) for part in parts if Path(part.target).exists()]
        counts = [_counted(path) for path in written]
    return Scored(target, sum(rows for rows, _ in counts), sum(errors for _, errors in counts), tuple(sorted(unread)))


def score_part(scorer: Scorer, part: Part) -> tuple[Part, str]:
    """Score one part and put its file in place; returns it, and why it could not be read."""
    moderator, target = _moderator(scorer), Path(part.target)
    draft = target.with_name(f".{target.stem}.{uuid4().hex}")
    try:
        with pq.ParquetWriter(draft, RESULT, compression="zstd") as writer:
            for table in _row_groups(_results(moderator, scorer, part)):
                writer.write_table(table)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    except UnreadableError as error:
        draft.unlink(missing_ok=True)
        return part, str(error)
    return part, ""


def _scorer(models: Path, max_bytes: int) -> Scorer:
    directory = release.current(models).resolve()
    return Scorer(str(directory), release.load(directory).manifest["checksum"], max_bytes)


@lru_cache(1)
def _moderator(scorer: Scorer) -> Moderator:
    loaded = release.load(Path(scorer.directory))
    if loaded.manifest["checksum"] != scorer.checksum:
        raise ArchiveError(f"{scorer.directory}: is another release on this worker than where the work was begun.")
    return Moderator(loaded, None)


# --- The plan: which rows are which part ------------------------------------------------------------------------------


def _files(source: Path, target: Path) -> list[tuple[Path, pq.FileMetaData]]:
    """All Parquet files of an archive by name, those that begin with ``_`` or ``.`` left out, and their footers."""
    source, target = source.resolve(), target.resolve()
    if target == source or source in target.parents:
        raise ArchiveError(f"{target}: results can not stand in the archive; name another folder.")
    if source.is_dir():
        found = (path for path in source.rglob("*.parquet") if path.is_file())
        paths = sorted(p for p in found if not any(name[0] in "_." for name in p.relative_to(source).parts))
    else:
        paths = [source]
    if not paths:
        raise ArchiveError(f"{source}: holds no file whose name ends in .parquet.")
    return [(path, footer_of(path)) for path in paths]


def _plan(source: Path, files: Sequence[tuple[Path, pq.FileMetaData]], scorer: Scorer, rows: int) -> dict[str, Any]:
    """All that the results follow from, so that no run goes on with those of another."""
    return {
        "release": Path(scorer.directory).name,
        "checksum": scorer.checksum,
        "longest": scorer.max_bytes,
        "rows": rows,
        "files": [
            {"name": path.relative_to(source.resolve()).as_posix() or path.name, "sha256": _fingerprint(path, footer)}
            for path, footer in files
        ],
    }


def _fingerprint(path: Path, footer: pq.FileMetaData) -> str:
    """Of a file's size, its time and its footer, which tells where each column stands and what it ranges over."""
    about = path.stat()
    with path.open("rb") as file:
        file.seek(-min(footer.serialized_size + 8, about.st_size), os.SEEK_END)
        return hashlib.sha256(file.read() + f"{about.st_size} {about.st_mtime_ns}".encode()).hexdigest()


@contextmanager
def _begun(target: Path, plan: dict[str, Any]) -> Iterator[None]:
    """The folder of results, with its plan, for this run alone."""
    text = json.dumps(plan, indent=1) + "\n"
    path = target / PLAN
    try:
        target.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            if any(target.iterdir()):
                raise ArchiveError(f"{target}: is not empty, and no results of an archive; name another folder.")
            draft = target / f".{PLAN}"
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        if path.read_text(encoding="utf-8") != text:
            raise ArchiveError(
                f"{target}: holds results of another archive or release; name another folder, or remove this one."
            )
        with path.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError:
        raise ArchiveError(f"{target}: another run is writing there.") from None
    except OSError as error:
        raise ArchiveError(f"{target}: can not be written: {error}") from error


def _parts(files: Sequence[tuple[Path, pq.FileMetaData]], target: Path, rows: int) -> list[Part]:
    ranges = [
        (str(path), begin, min(begin + rows, footer.num_rows))
        for path, footer in files
        for begin in range(0, max(footer.num_rows, 1), rows)
    ]
    folder = target.resolve()
    return [Part(*one, str(folder / f"part-{number:06}.parquet")) for number, one in enumerate(ranges)]


def _counted(path: Path) -> tuple[int, int]:
    """The rows of a file of results, and how many of them are errors."""
    footer = pq.read_metadata(path)
    column = RESULT.get_field_index("error") - len(RESULT)  # from behind, since reasons have columns of their own
    column += footer.num_columns
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    return footer.num_rows, sum(group.num_rows - group.column(column).statistics.null_count for group in groups)


# --- Results as rows --------------------------------------------------------------------------------------------------


def _results(moderator: Moderator, scorer: Scorer, part: Part) -> Iterator[pa.Table]:
    """The results of a part, some rows at a time."""
    number = part.begin
    for texts in read_lines(Path(part.source), part.begin, part.end):
        chunk = [
            lines.Line(row, text if len(text) <= scorer.max_bytes else None)
            for row, text in enumerate(texts, number + 1)
        ]
        judged = lines.judge(moderator, chunk, scorer.max_bytes)
        rows = [{"error": item} if isinstance(item, str) else item for item in judged]
        yield pa.Table.from_pylist(rows, schema=RESULT)
        number += len(chunk)


def _row_groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Tables of a few rows joined to some of many."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(map(len, held)) >= _GROUP_ROWS:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)
