"""A saved model is data: it comes back as it was written, and whatever is wrong with its files stops it by name."""

import hashlib
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from moderation import release as releases
from moderation.comment import Article, Comment, Thresholds
from moderation.release import CURRENT, FORMAT, MANIFEST, WEIGHTS, ReleaseError
from moderation.settings import Settings
from tests.detection.conftest import Sketch

ROOT = Path(__file__).resolve().parent.parent
SKETCH = Sketch(columns={"LINK": 2.0, "gambling": 1.5}, words={"togel": 900}, lexicon={"togel": "gambling"})
TOLD: dict[str, Any] = {"version": "v1", "thresholds": {"hold": 0.7, "reject": 0.95}, "seed": 1}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A directory with one small release."""
    releases.write(tmp_path / "v1", SKETCH.parameters(), TOLD)
    return tmp_path / "v1"


def test_release_comes_back_as_written(saved: Path) -> None:
    loaded = releases.load(saved)
    assert (loaded.version, loaded.thresholds) == ("v1", Thresholds(hold=0.7, reject=0.95))
    assert loaded.manifest["seed"] == 1
    pairs = [(Comment("T0GEL at https://a.com"), Article(title="Ferry")), (Comment("hello"), None)]
    expected = SKETCH.classifier().score_many(pairs)
    found = loaded.classifier.score_many(pairs)
    assert [score._replace(release="") for score in found] == [score._replace(release="") for score in expected]
    assert {score.release for score in found} == {"v1"}


def test_same_parameters_give_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    releases.write(tmp_path / "again", SKETCH.parameters(), TOLD)
    for name in (WEIGHTS, MANIFEST):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def test_shipped_release_is_small_and_whole() -> None:
    directory = releases.current(Settings().models)
    assert directory.parent == ROOT / "models"
    files = {path.name: path.stat().st_size for path in directory.iterdir()}
    assert set(files) == {WEIGHTS, MANIFEST, "MODEL_CARD.md"}
    assert sum(files.values()) <= 8_000_000
    manifest = releases.load(directory).manifest
    assert manifest["version"] == directory.name
    assert {"seed", "data", "made_with", "metrics", "thresholds", "files"} <= manifest.keys()
    assert set(manifest["data"]["sources"]).isdisjoint({"globe-and-mail", "bbc-news"})  # these may not ship
    assert directory.name in (directory / "MODEL_CARD.md").read_text(encoding="utf-8").replace("\\", "")


def refused(directory: Path, file: str) -> str:
    """What the refusal says; it names the file and is one line."""
    with pytest.raises(ReleaseError) as caught:
        releases.load(directory)
    said = str(caught.value)
    assert str(directory / file) in said
    assert "\n" not in said
    return said


def test_every_damaged_byte_is_found(saved: Path) -> None:
    content = (saved / WEIGHTS).read_bytes()
    for place in (0, 7, 8, 200, len(content) // 2, len(content) - 1):
        damaged = bytearray(content)
        damaged[place] ^= 1
        (saved / WEIGHTS).write_bytes(damaged)
        assert "damaged" in refused(saved, WEIGHTS)


@pytest.mark.parametrize("size", [0, 1, 8, 5_000])
def test_truncated_weights_are_refused(saved: Path, size: int) -> None:
    (saved / WEIGHTS).write_bytes((saved / WEIGHTS).read_bytes()[:size])
    refused(saved, WEIGHTS)


@pytest.mark.parametrize("file", [WEIGHTS, MANIFEST])
def test_missing_file_is_named(saved: Path, file: str) -> None:
    (saved / file).unlink()
    assert "can not be read" in refused(saved, file)


def test_missing_directory_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", MANIFEST)


def change(directory: Path, edit: Callable[[dict[str, Any]], object], *, seal: bool = False) -> None:
    """Edit a manifest; ``seal`` makes its own checksum fit again."""
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    edit(manifest)
    if seal:
        told = {name: value for name, value in manifest.items() if name != "checksum"}
        manifest["checksum"] = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    (directory / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    "edit",
    [
        lambda manifest: manifest["thresholds"].update(hold=0.6),
        lambda manifest: manifest.update(base=0.0),
        lambda manifest: manifest.update(seed=2),
        lambda manifest: manifest["kinds"].reverse(),
        lambda manifest: manifest.pop("checksum"),
        lambda manifest: manifest.update(more="words"),
    ],
)
def test_changed_manifest_is_refused(saved: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    change(saved, edit)
    assert "checksum" in refused(saved, MANIFEST)


@pytest.mark.parametrize("version", [FORMAT + 1, 0, "1", None])
def test_unknown_format_version_is_refused(saved: Path, version: object) -> None:
    change(saved, lambda manifest: manifest.update(format=version), seal=True)
    said = refused(saved, MANIFEST)
    assert f"format version {version!r}" in said
    assert f"reads version {FORMAT}" in said


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'"text"'])
def test_manifest_of_something_else_is_refused(saved: Path, content: bytes) -> None:
    (saved / MANIFEST).write_bytes(content)
    refused(saved, MANIFEST)


@pytest.mark.parametrize("key", ["version", "files", "thresholds", "kinds", "dot", "base", "scale"])
def test_incomplete_manifest_is_refused(saved: Path, key: str) -> None:
    change(saved, lambda manifest: manifest.pop(key), seal=True)
    with pytest.raises(ReleaseError, match=key):
        releases.load(saved)


@pytest.mark.parametrize(
    "edit",
    [
        lambda manifest: manifest.update(files=[]),
        lambda manifest: manifest.update(files={WEIGHTS: "text"}),
        lambda manifest: manifest.update(files={WEIGHTS: {}}),
        lambda manifest: manifest.update(thresholds=[]),
        lambda manifest: manifest.update(thresholds={"hold": "high", "reject": 1}),
        lambda manifest: manifest.update(kinds=["gambling"]),
        lambda manifest: manifest.update(base="zero"),
    ],
)
def test_sealed_nonsense_is_refused(saved: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    change(saved, edit, seal=True)
    with pytest.raises(ReleaseError, match=str(saved)):
        releases.load(saved)


def replace_weights(directory: Path, content: bytes) -> None:
    """Other weights with the checksum that fits them."""
    (directory / WEIGHTS).write_bytes(content)
    told = {WEIGHTS: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}}
    change(directory, lambda manifest: manifest.update(files=told), seal=True)


@pytest.mark.parametrize(
    "content",
    [
        b"not a weights file at all",
        b"\xff" * 64,
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{}",
        (4).to_bytes(8, "little") + b"null",
        pickle.dumps({"columns": np.zeros(3)}),
    ],
    ids=["text", "ones", "list", "empty", "null", "pickle"],
)
def test_other_files_are_no_weights(saved: Path, content: bytes) -> None:
    replace_weights(saved, content)
    refused(saved, WEIGHTS)


@pytest.mark.parametrize("name", ["wording", "columns", "alphabet.fold_to", "rarity", "meaning", "calibration"])
def test_arrays_of_another_shape_are_refused(saved: Path, name: str) -> None:
    arrays = load_file(saved / WEIGHTS)
    for changed in ({**arrays, name: arrays[name][:1]}, {key: value for key, value in arrays.items() if key != name}):
        replace_weights(saved, save(changed))
        refused(saved, WEIGHTS)


def test_weights_of_many_bytes_are_refused(saved: Path) -> None:
    with (saved / WEIGHTS).open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    assert "larger than" in refused(saved, WEIGHTS)


PICKLED = """
import sys
class Trap:
    def __reduce__(self):
        return print, ("the file ran code",)
import pickle
from pathlib import Path
from moderation import release
from tests.test_release import replace_weights
directory = Path(sys.argv[1])
replace_weights(directory, pickle.dumps(Trap()))
events = []
sys.addaudithook(lambda event, _: events.append(event) if event == "pickle.find_class" else None)
try:
    release.load(directory)
except release.ReleaseError as error:
    print(events, type(error).__name__)
"""


def test_loading_runs_no_code_of_a_file(saved: Path) -> None:
    command = [sys.executable, "-c", PICKLED, str(saved)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[] ReleaseError", done.stderr


def test_current_names_a_folder_beside_it(saved: Path) -> None:
    (saved.parent / CURRENT).write_text("v1\n", encoding="utf-8")
    assert releases.current(saved.parent) == saved


@pytest.mark.parametrize("name", ["", "\n", ".", "..", "../v1", "/etc", "v1/..", "a\\b", "v1\0", "v1\nv2"], ids=ascii)
def test_current_never_leads_outside(saved: Path, name: str) -> None:
    (saved.parent / CURRENT).write_bytes(name.encode())
    with pytest.raises(ReleaseError, match=str(saved.parent / CURRENT)):
        releases.current(saved.parent)


def test_missing_or_garbled_current_is_named(tmp_path: Path) -> None:
    for content in (None, b"\xff\xfe"):
        if content is not None:
            (tmp_path / CURRENT).write_bytes(content)
        with pytest.raises(ReleaseError, match=str(tmp_path / CURRENT)):
            releases.current(tmp_path)
