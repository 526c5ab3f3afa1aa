"""The files of a training that is under way: what is larger than memory, and what a stopped run goes on from.

Each is there whole or not at all. It knows nothing of what is in them.
"""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from moderation import detection
from training.datasets import DataError, Dataset

_LOCK = ".lock"
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Work:
    """A directory that all who share the work can reach under the same path."""

    directory: Path

    def has(self, name: str) -> bool:
        """Whether something is kept under a name."""
        return (self.directory / name).exists()

    def keep(self, name: str, arrays: Arrays) -> None:
        """Keep some arrays. Whoever keeps the same name again changes nothing by it."""
        draft = self._draft()
        save_file({key: np.ascontiguousarray(array) for key, array in arrays.items()}, draft)
        draft.replace(self.directory / name)

    def read(self, name: str, *keys: str) -> list[NDArray[Any]]:
        """Some of the arrays that are kept under a name."""
        with safe_open(self.directory / name, framework="numpy") as file:
            return [file.get_tensor(key) for key in keys]

    def keep_object(self, name: str, value: object) -> None:
        """Keep a value that is more than arrays."""
        draft = self._draft()
        joblib.dump(value, draft)
        draft.replace(self.directory / name)

    def read_object(self, name: str) -> Any:
        """The value that is kept under a name."""
        return joblib.load(self.directory / name)

    def _draft(self) -> Path:
        return self.directory / f".{uuid4().hex}"


@contextmanager
def opened(parent: Path, data: Dataset, seed: int) -> Iterator[Work]:
    """The work of training on ``data`` below a directory, as a former run left it; removed where this one succeeds.

    Raises DataError where another run is at it, and OSError where it can not be written.
    """
    directory = parent.resolve() / _key(data, seed)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory / _LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(f"{directory}: another run is at the same training.") from None
        try:
            yield Work(directory)
        except BaseException:
            if all(path.name == _LOCK for path in directory.iterdir()):
                _remove(directory)
            raise
        _remove(directory)


def _remove(directory: Path) -> None:
    shutil.rmtree(directory)
    if not any(directory.parent.iterdir()):
        directory.parent.rmdir()


@contextmanager
def passing() -> Iterator[Work]:
    """Work that no run goes on from."""
    with tempfile.TemporaryDirectory() as directory:
        yield Work(Path(directory))


def _key(data: Dataset, seed: int) -> str:
    """A digest of all that the work follows from: data, seed and program."""
    digest = hashlib.sha256(f"{seed} {list(data.comments.columns)}".encode())
    digest.update(pd.util.hash_pandas_object(data.comments, index=False).to_numpy().tobytes())
    for key, article in data.articles.items():
        digest.update(repr((key, article)).encode("utf-8", "surrogatepass"))
    own = [path for package in (Path(detection.__file__), Path(__file__)) for path in package.parent.glob("*.*")]
    for path in sorted(own):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]
