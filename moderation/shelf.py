"""The directory of releases: which one serves, which stands in the shadow, and the log of every change.

All of it is files beside the releases. The log is no table, because what serves is a fact of this directory, which
several databases or none may use, and because a rollback has to work while the database does not answer. Must not know
how a release is judged.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from moderation import release as releases
from moderation.release import CURRENT, MANIFEST, ReleaseError

SHADOW, HISTORY = "shadow", "history.jsonl"
_LONGEST_REASON = 1_000


class Change(StrEnum):
    """What happened to the current release. A forced promotion went against the gate."""

    PROMOTE = "promote"
    FORCE = "force"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: since then ``release`` serves in place of ``former``. ``figures`` are the gate's."""

    at: datetime
    change: Change
    release: str
    former: str
    by: str
    reason: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The values for JSON."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"at": self.at.isoformat(), "figures": dict(self.figures)}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The releases under one directory."""

    models: Path

    def current(self) -> str:
        """The name of the release that serves. Raises ReleaseError."""
        return releases.current(self.models).name

    def shadow(self) -> str | None:
        """The name of the release that scores beside it, or None."""
        try:
            name = (self.models / SHADOW).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return name if releases.is_name(name) else None

    def names(self) -> list[str]:
        """Every release that is here, the newest name last."""
        try:
            return sorted(path.parent.name for path in self.models.glob(f"*/{MANIFEST}") if path.parent.name[0] != ".")
        except OSError:
            return []

    def figures(self, name: str) -> Mapping[str, float]:
        """The means over sites of a release, as its manifest has them; none where that can not be read."""
        try:
            told = json.loads((self.models / name / MANIFEST).read_text(encoding="utf-8"))["metrics"]["macro"]
            return {str(figure): float(value) for figure, value in told.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def history(self) -> tuple[Entry, ...]:
        """What happened, oldest first. Raises ReleaseError where the log is damaged."""
        path = self.models / HISTORY
        try:
            lines = path.read_text(encoding="utf-8").split("\n")  # a reason may hold what else parts lines
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise ReleaseError(f"{path}: can not be read: {error}.") from error
        return tuple(_entry(path, number, line) for number, line in enumerate(lines, 1) if line)

    def promote(self, entry: Entry) -> None:
        """Let ``entry.release`` serve from now on. Raises ReleaseError, also where another was promoted meanwhile."""
        releases.load(self.models / entry.release)
        with self._changing() as log:
            if self.current() != entry.former:
                raise ReleaseError(f"{self.current()} serves now, no longer {entry.former}: nothing was changed.")
            self._change(log, entry)

    def rollback(self, by: str, reason: str, at: datetime) -> Entry:
        """Let the release serve again that did before the last promotion. Raises ReleaseError where there is none."""
        with self._changing() as log:
            now = self.current()
            former = _before(self.history(), now)
            if former is None:
                raise ReleaseError(f"{self.models / HISTORY}: names no promotion that led to {now}: nothing to undo.")
            releases.load(self.models / former)
            entry = Entry(at, Change.ROLLBACK, former, now, by, reason[:_LONGEST_REASON])
            self._change(log, entry)
        return entry

    def set_shadow(self, name: str | None) -> None:
        """Let a release score beside the current one, or none. Raises ReleaseError where it can not be loaded."""
        if name is None:
            with _writing(self.models / SHADOW):
                (self.models / SHADOW).unlink(missing_ok=True)
            return
        if name not in self.names():
            raise ReleaseError(f"{name} is not among the releases in {self.models}.")
        if name == self.current():
            raise ReleaseError(f"{name} serves already; a shadow is another release.")
        releases.load(self.models / name)
        with _writing(self.models / SHADOW):
            self._put(SHADOW, name)

    def _change(self, log: TextIO, entry: Entry) -> None:
        log.write(json.dumps(entry.as_dict()) + "\n")
        log.flush()
        os.fsync(log.fileno())
        self._put(CURRENT, entry.release)

    def _put(self, name: str, line: str) -> None:
        """Write a file of one line in one step: nobody ever reads half of it."""
        draft = self.models / f".{name}.part"
        draft.write_text(line + "\n", encoding="utf-8")
        draft.replace(self.models / name)

    @contextmanager
    def _changing(self) -> Iterator[TextIO]:
        """The log, to be written by one at a time."""
        path = self.models / HISTORY
        with _writing(path), path.open("a", encoding="utf-8") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            yield log


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReleaseError(f"{error.filename or path}: can not be written: {error.strerror}.") from error


def _before(history: tuple[Entry, ...], now: str) -> str | None:
    """What served before the promotion that let ``now`` serve: promotions pile up, and a rollback takes one off."""
    pile: list[Entry] = []
    for entry in history:
        if entry.change is not Change.ROLLBACK:
            pile.append(entry)
        elif pile:
            pile.pop()
    return pile[-1].former if pile and pile[-1].release == now else None


def _entry(path: Path, number: int, line: str) -> Entry:
    try:
        told = json.loads(line)
        told |= {"at": datetime.fromisoformat(told["at"]), "change": Change(told["change"])}
        return Entry(**told)
    except (ValueError, TypeError, KeyError) as error:
        raise ReleaseError(f"{path}: line {number} is damaged: {error}.") from error
