"""Archives: the figures of ``score``, faults in their row, and whatever stops a run loses nothing."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moderation.lines import score_lines
from moderation.moderator import Moderator
from moderation.release import Release
from moderation.settings import Settings
from tests.shelves import FIRST, SECOND, shelf_of
from tests.training.cluster import kill_busy_worker
from tests.training.conftest import Tables, run
from training.archive import PLAN, Scored, score_archive
from training.parquet_rows import COLUMNS, ArchiveError
from training.workers import side_by_side

MAX_BYTES = 20_000
ROWS = 150
"""Of a part, in tests."""


@pytest.fixture(scope="module")
def archive(written: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two files, with comments under articles in five languages."""
    comments, articles = written
    rows = comments.sample(2_000, random_state=1).merge(
        articles.add_prefix("article_"), on="article_id", how="left", suffixes=("", "_")
    )
    folder = tmp_path_factory.mktemp("archive") / "years"
    (folder / "2025").mkdir(parents=True)
    known = rows[[name for name in COLUMNS if name in rows] + ["label"]]
    known.iloc[:700].to_parquet(folder / "2024.parquet", row_group_size=100)
    known.iloc[700:].to_parquet(folder / "2025" / "all.parquet")
    return folder


def score(source: Path, target: Path, models: Path | None = None, **more: Any) -> Scored:
    options: dict[str, Any] = {"max_bytes": MAX_BYTES, "told": lambda done, total: None, "rows": ROWS, **more}
    with side_by_side(1, options.pop("dask", None)):
        return score_archive(source, target, models or Settings().models, **options)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def results(directory: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(directory.glob("part-*")) for row in pq.read_table(path).to_pylist()]


def one_file(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def errors(tmp_path: Path, **columns: Any) -> list[str | None]:
    score(one_file(tmp_path / "in.parquet", **columns), tmp_path / "out")
    return [row["error"] for row in results(tmp_path / "out")]


@pytest.fixture(scope="module")
def scored(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the archive, made in one go on one machine."""
    target = tmp_path_factory.mktemp("scored") / "out"
    assert score(archive, target) == Scored(target, 2_000, 0, ())
    return target


def test_results_are_those_of_score(archive: Path, scored: Path, release: Release) -> None:
    frames = [pd.read_parquet(archive / "2024.parquet"), pd.read_parquet(archive / "2025" / "all.parquet")]
    rows = pd.concat(frames).drop(columns="label").astype(object)
    lines = []
    for row in rows.where(rows.notna(), "").to_dict("records"):
        told: dict[str, Any] = {"comment": {"author": {}}, "article": {}}
        for name, value in ((str(name), value) for name, value in row.items()):
            place = told[COLUMNS[name][0]]
            (place["author"] if name.startswith("author_") else place)[COLUMNS[name][-1]] = value or None
        lines.append(json.dumps(told if row["article_body"] else told | {"article": None}))
    stream = Path(scored.parent / "lines")
    stream.write_text("\n".join(lines), encoding="utf-8")
    with stream.open("rb") as file:
        outcomes = [out for outs in score_lines(Moderator(release, None), file, MAX_BYTES) for out in outs]
    assert results(scored) == [json.loads(outcome.data) | {"error": None} for outcome in outcomes]


def test_killed_worker_changes_nothing(archive: Path, scored: Path, scheduler: str, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_in_the_middle(done: int, total: int) -> None:
        if not killed and 0 < done < total and kill_busy_worker(scheduler):
            killed.append(done)

    score(archive, tmp_path / "out", dask=scheduler, told=kill_in_the_middle)
    assert killed
    assert contents(tmp_path / "out") == contents(scored)


def test_stopped_run_goes_on_where_it_stopped(archive: Path, scored: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(archive, tmp_path / "out", told=stop)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("part-*")}
    (tmp_path / "out" / ".part-000001.of-a-process-that-died").touch()
    heard: list[tuple[int, int]] = []
    score(archive, tmp_path / "out", told=lambda done, total: heard.append((done, total)))
    assert 1_000 < heard[0][0] < heard[-1][0] == heard[-1][1] == 2_000
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert contents(tmp_path / "out") == contents(scored)


def test_faults_are_told_in_their_row(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, pa.array([b"caf\xe9"]).buffers())
    bodies = pa.chunked_array([["Fine.", None, "", "x" * MAX_BYTES], broken, ["Fine too."]])
    found = errors(tmp_path, body=bodies, created_at=["2026-01-01T00:00:00Z", None, "", None, None, "yesterday"])
    assert found[0] is None
    assert found[1] == found[2] == "comment.body: is required"
    assert found[3] == f"the line is longer than {MAX_BYTES} bytes"
    assert "not UTF-8" in str(found[4])
    assert str(found[5]).startswith("comment.created_at: must be an RFC 3339 time")


def test_kinds_of_columns_are_read(tmp_path: Path) -> None:
    time = datetime(2026, 1, 1, tzinfo=UTC)
    kinds = {
        "id": [7],
        "parent_id": pa.array(["6"]).dictionary_encode(),
        "created_at": pa.array([time], pa.timestamp("ns", "Europe/Berlin")),
        "article_published_at": [date(2020, 1, 1)],
        "author_name": pa.array(["kelly"], pa.large_string()),
        "author_url": pa.nulls(1),
    }
    assert errors(tmp_path, body=["Fine."], **kinds) == [None]
    assert results(tmp_path / "out")[0]["comment_id"] == "7"


def test_time_beyond_all_calendars_is_told(tmp_path: Path) -> None:
    [found] = errors(tmp_path, body=["Fine."], created_at=pa.array([2**60], pa.timestamp("us")))
    assert "created_at" in str(found)


def test_empty_archive_has_a_file_of_results(tmp_path: Path) -> None:
    assert errors(tmp_path, body=pa.array([], pa.string())) == []
    assert pd.read_parquet(tmp_path / "out").shape == (0, 7)


def test_damaged_rows_cost_no_others(tmp_path: Path) -> None:
    bodies = [f"Comment number {number} says {number**3}" for number in range(2 * ROWS)]
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"body": bodies}), path, row_group_size=ROWS, use_dictionary=False, compression="zstd")
    data = bytearray(path.read_bytes())
    chunk = pq.read_metadata(path).row_group(0).column(0)
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    data[middle : middle + 50] = bytes(50)
    path.write_bytes(data)
    told = score(path, tmp_path / "out")
    assert told.rows == ROWS
    assert "rows 1 to 150 can not be read" in told.unread[0]


READ = """
import sys, pyarrow, pyarrow.parquet
from training.parquet_rows import read_lines
size = sum(len(line) for lines in read_lines(sys.argv[1], 10_000, 90_000) for line in lines)
print(size, pyarrow.default_memory_pool().max_memory())
"""


def test_large_row_group_is_read_a_little_at_a_time(tmp_path: Path) -> None:
    bodies = [f"{number} " + "long " * 200 for number in range(100_000)]
    path = one_file(tmp_path / "in.parquet", body=bodies)
    assert pq.read_metadata(path).num_row_groups == 1
    command = [sys.executable, "-c", READ, str(path)]
    size, most = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    assert size > 80_000_000
    assert most < size / 2


def test_results_of_others_are_left_alone(archive: Path, scored: Path, tmp_path: Path) -> None:
    models = shelf_of(tmp_path / "models", FIRST, SECOND).models
    for name, models_or_none, said in (
        (scored, models, "of another archive or release"),
        (tmp_path, None, "not empty"),
    ):
        before = contents_of_files(name)
        with pytest.raises(ArchiveError, match=said):
            score(archive, name, models_or_none)
        assert contents_of_files(name) == before


def contents_of_files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


def test_two_runs_do_not_share_a_folder(archive: Path, tmp_path: Path) -> None:
    refused: list[Any] = []

    def run_another(done: int, total: int) -> None:
        if not refused:
            with pytest.raises(ArchiveError, match="another run") as found:
                score(archive, tmp_path / "out")
            refused.append(found)

    score(archive, tmp_path / "out", told=run_another)
    assert refused


def test_what_holds_no_comments_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no Parquet")
    (tmp_path / "empty").mkdir()
    cases = {
        one_file(tmp_path / "a.parquet", text=["Fine."]): "has no column 'body'",
        one_file(tmp_path / "b.parquet", body=[1.5]): "column 'body' has to hold texts, not double",
        one_file(tmp_path / "c.parquet", body=["Fine."], created_at=[5]): "texts or times, not int64",
        tmp_path / "text.parquet": "can not be read as Parquet",
        tmp_path / "empty": "holds no file",
        tmp_path / "nowhere": "can not be read as Parquet",
    }
    for path, said in cases.items():
        with pytest.raises(ArchiveError, match=said):
            score(path, tmp_path / "out")
    with pytest.raises(ArchiveError, match="in the archive"):
        score(archive, archive / "out")
    assert not (tmp_path / "out").exists()


def test_command_tells_what_it_wrote(archive: Path, scored: Path, tmp_path: Path) -> None:
    done = run("archive", "score", archive, tmp_path / "out", "--json", "--jobs", 2)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"directory": str(tmp_path / "out"), "rows": 2_000, "errors": 0, "unread": []}
    assert results(tmp_path / "out") == results(scored)
    assert (tmp_path / "out" / PLAN).is_file()


def test_command_ends_with_the_errors(tmp_path: Path, scheduler: str) -> None:
    path = one_file(tmp_path / "in.parquet", body=["Fine.", None])
    done = run("archive", "score", path, tmp_path / "out", "--dask", scheduler)
    assert done.exit_code == 1
    assert done.stdout == f"2 rows in {tmp_path / 'out'}, 1 of them errors.\n"
    again = run("archive", "score", tmp_path, tmp_path / "out")
    assert "can not stand in the archive" in again.stderr
