"""Directories of releases for tests: copies of the shipped one under other names, changed or damaged."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from moderation.release import MANIFEST, WEIGHTS
from moderation.settings import Settings
from moderation.shelf import Shelf

FIRST, SECOND, THIRD = "2026-01-01.1", "2026-01-02.1", "2026-01-03.1"


def shelf_of(models: Path, *names: str) -> Shelf:
    """Releases of these names, of which the first serves."""
    models.mkdir()
    for name in names or (FIRST,):
        put_release(models, name)
    (models / "current").write_text(f"{(names or (FIRST,))[0]}\n")
    return Shelf(models)


def put_release(models: Path, name: str, **changes: Any) -> Path:
    """The shipped release under another name, with changes of its manifest."""
    shipped = Settings().models
    directory = models / name
    shutil.copytree(shipped / (shipped / "current").read_text().strip(), directory)
    manifest = json.loads((directory / MANIFEST).read_text()) | {"version": name} | changes
    del manifest["checksum"]
    manifest["checksum"] = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    (directory / MANIFEST).write_text(json.dumps(manifest))
    return directory


def damage(directory: Path) -> None:
    """Change one byte of a release's weights."""
    data = bytearray((directory / WEIGHTS).read_bytes())
    data[len(data) // 2] ^= 1
    (directory / WEIGHTS).write_bytes(data)
