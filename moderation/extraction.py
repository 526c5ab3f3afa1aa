"""The article in a web page, found in a process of its own: the page is a stranger's, and the parser is large.

Run as a program: the page on the standard input, its title, text and date as JSON on the standard output. Imports
nothing else of this project, and gets neither its settings nor time without end.
"""

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

TIMEOUT_S = 60
CPU_S = 20
"""A busy machine may need longer for an honest page; a hostile one gets no more work out of it."""

MOST_BYTES = 1_000_000_000
"""Of memory. A page of some megabytes can be made to need a multiple of its size."""

LONGEST_TITLE, LONGEST_TEXT = 1_000, 200_000
LEAST_TEXT = 100
"""What is shorter is a notice of cookies or a page that needs a script."""

KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "VIRTUAL_ENV")
"""What a process that reads a stranger's page may know of the environment: no password of the database."""


class ExtractionError(Exception):
    """The page gave no article. Its text is one short line."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """What stands in a page."""

    title: str
    text: str
    published_at: datetime | None


def extract(page: bytes, url: str, timeout_s: float = TIMEOUT_S) -> Extracted:
    """The article in a page. Raises ExtractionError."""
    environ = {name: os.environ[name] for name in KEPT if name in os.environ}
    command = [sys.executable, "-P", str(Path(__file__)), url]
    try:
        done = subprocess.run(  # noqa: S603  # our own program; the page and its address are only data to it
            command, input=page, capture_output=True, check=False, timeout=timeout_s, env=environ
        )
    except subprocess.TimeoutExpired:
        raise ExtractionError(f"no article was found in {timeout_s} s") from None
    if done.returncode != 0:
        raise ExtractionError("the page can not be read")
    found = json.loads(done.stdout)
    if len(found["text"]) < LEAST_TEXT:
        raise ExtractionError("no article was found in the page")
    return Extracted(found["title"], found["text"], _moment(found["date"]))


def _moment(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def main(url: str) -> None:
    """Read a page and write what was found, within limits of memory and time."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    found = bare_extraction(sys.stdin.buffer.read(), url=url, with_metadata=True, include_comments=False)
    title, text, published = (found.title, found.text, found.date) if isinstance(found, Document) else ("", "", "")
    told = {"title": (title or "")[:LONGEST_TITLE], "text": (text or "")[:LONGEST_TEXT], "date": published or ""}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
