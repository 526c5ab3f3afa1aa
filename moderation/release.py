"""Reads, verifies and writes one directory of models/: a saved model that is data and never code.

``weights`` is a safetensors file, ``manifest.json`` describes it. It knows what is in them, not how they were found.
"""

import gc
import hashlib
import json
import mmap
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save

from moderation.comment import Thresholds
from moderation.detection.classifier import Classifier, Parameters
from moderation.detection.features import Tables
from moderation.detection.links import Domains
from moderation.detection.relevance import RARITY_BITS
from moderation.detection.text import Alphabet
from moderation.detection.wording import BITS, WordingWeights

FORMAT = 1
"""The version of what stands in a release's files; a program reads its own version only."""
WEIGHTS, MANIFEST, CURRENT = "weights", "manifest.json", "current"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LARGEST = 64 * 1024 * 1024
_YOUNG_OBJECTS = 50_000  # new objects after which Python looks through them for cycles; by default 700
_TYPES = {"U8": np.uint8, "I8": np.int8, "I16": np.int16, "U32": np.uint32, "F64": np.float64}

Arrays = dict[str, NDArray[Any]]


class ReleaseError(Exception):
    """A release that can not serve; the text says which file and why."""


@dataclass(frozen=True, slots=True)
class Release:
    """A loaded release. ``thresholds`` are probabilities of promotion; ``manifest`` is all that its file says."""

    version: str
    classifier: Classifier
    thresholds: Thresholds
    manifest: Mapping[str, Any]
    tables: Tables


def current(models: Path) -> Path:
    """The directory of the release that ``models/current`` names. Raises ReleaseError."""
    path = models / CURRENT
    try:
        name = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseError(
            f"{path}: can not be read ({error}). It has to hold one line: the name of a release."
        ) from error
    if not is_name(name):
        raise ReleaseError(f"{path}: has to hold one line with the name of a folder beside it.")
    return models / name


def is_name(text: str) -> bool:
    """Whether a release may be called so: it is a folder's name, and stands in answers and logs."""
    return bool(_NAME.fullmatch(text))


def load(directory: Path) -> Release:
    """Verify and load one release. Raises ReleaseError where a file is missing, damaged or of another format."""
    manifest = _read_manifest(directory / MANIFEST)
    path = directory / WEIGHTS
    arrays = _read_arrays(path, manifest["files"][WEIGHTS]["sha256"])
    try:
        parameters = _parameters(arrays, manifest)
        thresholds = Thresholds(float(manifest["thresholds"]["hold"]), float(manifest["thresholds"]["reject"]))
        classifier = Classifier(parameters, str(manifest["version"]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ReleaseError(f"{path}: does not hold what {MANIFEST} says: {error}") from error
    return Release(str(manifest["version"]), classifier, thresholds, manifest, parameters.tables)


def settle() -> None:
    """Make this process fit to score for long, once all is loaded.

    Python's collector of cycles leaves alone what is there, and looks for new ones a seventieth as often: scores and
    their reasons are in none, and looking through them took a fifteenth of the time of a batch.
    """
    gc.collect()
    gc.freeze()
    _, middle, old = gc.get_threshold()
    gc.set_threshold(_YOUNG_OBJECTS, middle, old)


def write(directory: Path, parameters: Parameters, manifest: dict[str, Any]) -> None:
    """Write a release: the weights, and the manifest completed with format, checksum, base, scale and kinds.

    Processes have the files of a release mapped while it serves, so one that is there is refused (ReleaseError).
    """
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        raise ReleaseError(f"{directory}: is there already; a release is never written again.") from None
    content = save(_arrays(parameters))
    (directory / WEIGHTS).write_bytes(content)
    complete = {
        "format": FORMAT,
        **manifest,
        "base": parameters.base,
        "scale": parameters.wording.scale,
        "kinds": list(parameters.tables.kinds),
        "dot": parameters.tables.domains.dot,
        "files": {WEIGHTS: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}},
    }
    complete["checksum"] = _checksum(complete)
    text = json.dumps(complete, indent=1, ensure_ascii=False, sort_keys=True)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _checksum(manifest: Mapping[str, Any]) -> str:
    """The SHA-256 of a manifest without its own checksum."""
    told = {name: value for name, value in manifest.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReleaseError(f"{path}: can not be read: {error.strerror}.") from error
    except ValueError as error:
        raise ReleaseError(f"{path}: is not JSON: {error}.") from error
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if found != FORMAT:
        raise ReleaseError(f"{path}: has format version {found!r}; this program reads version {FORMAT}.")
    for key in ("version", "files", "thresholds"):
        if key not in manifest:
            raise ReleaseError(f"{path}: has no {key!r}.")
    if manifest.get("checksum") != _checksum(manifest):
        raise ReleaseError(f"{path}: is damaged: its own checksum is another.")
    if not isinstance(manifest["files"], dict) or "sha256" not in manifest["files"].get(WEIGHTS, {}):
        raise ReleaseError(f"{path}: has no checksum of {WEIGHTS!r}.")
    result: dict[str, Any] = manifest
    return result


def _read_arrays(path: Path, checksum: str) -> Arrays:
    """The arrays of a weights file, mapped from the disk so that processes share them."""
    try:
        with path.open("rb") as file:
            if path.stat().st_size > _LARGEST:
                raise ReleaseError(f"{path}: is larger than {_LARGEST} bytes.")
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{path}: can not be read: {error}.") from error
    found = hashlib.sha256(content).hexdigest()
    if found != checksum:
        raise ReleaseError(f"{path}: is damaged or of another release: its SHA-256 is {found}, not {checksum}.")
    try:
        return _parse_arrays(memoryview(content))
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise ReleaseError(f"{path}: is not a weights file: {error}") from error


def _parse_arrays(content: memoryview) -> Arrays:
    """Views of the tensors in a safetensors file: eight bytes of header length, a JSON header, the data."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(bytes(content[8 : 8 + size]))
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    arrays: Arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + size + int(offset) for offset in entry["data_offsets"])
            arrays[name] = np.frombuffer(content[begin:end], _TYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def _arrays(parameters: Parameters) -> Arrays:
    tables = parameters.tables
    arrays: Arrays = {f"alphabet.{part.name}": getattr(tables.alphabet, part.name) for part in fields(Alphabet)}
    arrays |= {f"domains.{name}": getattr(tables.domains, name) for name in ("top", "usual", "files")}
    arrays |= {
        "lexicon.hash": tables.lexicon_hash,
        "lexicon.kind": tables.lexicon_kind,
        "rarity": tables.rarity,
        "meaning": tables.meaning,
        "wording": parameters.wording.buckets,
        "columns": parameters.columns,
        "usual": parameters.usual,
        "calibration": parameters.calibration,
        "off_topic": tables.off_topic,
    }
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _check_shapes(arrays: Arrays) -> None:
    """Raise ValueError where an array has another length than the program reads by."""
    pairs = (("alphabet.fold_from", "alphabet.fold_to"), ("alphabet.expand_from", "alphabet.expand_length"),
             ("alphabet.kind_start", "alphabet.kind_value"), ("alphabet.twin_from", "alphabet.twin_to"),
             ("lexicon.hash", "lexicon.kind"), ("columns", "usual"))  # fmt: skip
    for first, second in pairs:
        if arrays[first].shape != arrays[second].shape or arrays[first].ndim != 1:
            raise ValueError(f"{first} and {second} are not of one length")
    for name, size in (("wording", 1 << BITS), ("rarity", 1 << RARITY_BITS)):
        if arrays[name].shape != (size,):
            raise ValueError(f"{name} has not {size} places")
    meaning, calibration = arrays["meaning"], arrays["calibration"]
    if meaning.ndim != 2 or len(meaning) < 2 or len(meaning) & (len(meaning) - 1):
        raise ValueError("meaning has not a power of two of rows")
    if calibration.ndim != 2 or len(calibration) != 2 or calibration.shape[1] < 2:
        raise ValueError("calibration is not two rows of points")


def _parameters(arrays: Arrays, manifest: Mapping[str, Any]) -> Parameters:
    _check_shapes(arrays)
    tables = Tables(
        alphabet=Alphabet(**{part.name: arrays[f"alphabet.{part.name}"] for part in fields(Alphabet)}),
        domains=Domains(arrays["domains.top"], arrays["domains.usual"], arrays["domains.files"], int(manifest["dot"])),
        lexicon_hash=arrays["lexicon.hash"],
        lexicon_kind=arrays["lexicon.kind"],
        kinds=tuple(manifest["kinds"]),
        rarity=arrays["rarity"],
        meaning=arrays["meaning"],
        off_topic=arrays["off_topic"],
    )
    return Parameters(
        tables=tables,
        wording=WordingWeights(arrays["wording"], float(manifest["scale"])),
        columns=arrays["columns"],
        usual=arrays["usual"],
        base=float(manifest["base"]),
        calibration=arrays["calibration"],
    )
