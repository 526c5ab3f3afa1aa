"""The loops of the detector that are compiled: the C files of this folder, as one library.

``kernels.h`` declares its functions; ``hatch_build.py`` builds it when the package is installed.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from cffi import FFI
from numpy.typing import NDArray

_HERE = Path(__file__).resolve().parent
_REBUILD = "run `pip install -e .` in its source tree, or `pip install .` to install it anew"
_ffi = FFI()
_C_TYPES = {
    "uint8": "uint8_t[]", "int8": "int8_t[]", "int16": "int16_t[]", "int32": "int32_t[]", "uint32": "uint32_t[]",
    "int64": "int64_t[]", "uint64": "uint64_t[]", "float32": "float[]", "float64": "double[]",
}  # fmt: skip
_ARRAYS = {np.dtype(name): _ffi.typeof(of_c) for name, of_c in _C_TYPES.items()}


def pointer(array: NDArray[Any]) -> Any:
    """Where an array begins, for one call: it has to be contiguous, and of the type that the function takes."""
    return _ffi.from_buffer(_ARRAYS[array.dtype], array)


def struct(name: str, **values: Any) -> Any:
    """A C struct by its fields. It keeps no array alive: who makes it holds its arrays as long."""
    return _ffi.new(
        f"struct {name} *",
        {field: pointer(value) if isinstance(value, np.ndarray) else value for field, value in values.items()},
    )


def constants(enum: str) -> dict[str, int]:
    """The names of a C enum with their numbers."""
    return dict(_ffi.typeof(f"enum {enum}").relements)


def source_digest() -> str:
    """What tells the C files of this folder from other ones."""
    digest = hashlib.sha256()
    for path in sorted(_HERE.glob("*.[ch]")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _load() -> Any:
    path = _HERE / "libkernels.so"
    if not path.is_file():
        raise ImportError(f"{path} is missing: the detector's compiled part was not built. {_REBUILD}")
    if source_digest().encode() not in path.read_bytes():
        raise ImportError(f"{path} is older than the C files beside it: {_REBUILD}")
    _ffi.cdef((_HERE / "kernels.h").read_text(encoding="utf-8"))
    return _ffi.dlopen(str(path))


library = _load()
"""The functions that ``kernels.h`` declares."""
