"""The loops of the detector that are compiled: the C files of this folder, as one library.

``kernels.h`` declares its functions; ``hatch_build.py`` builds it when the package is installed.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from cffi import FFI
from numpy.typing import NDArray

_HERE = Path(__file__).resolve().parent
_REBUILD = "run `pip install -e .` in its source tree, or `pip install .` to install it anew"
_ffi = FFI()
NULL = _ffi.NULL
_NUMPY = {
    "uint8_t": np.uint8, "int8_t": np.int8, "int16_t": np.int16, "int32_t": np.int32, "uint32_t": np.uint32,
    "int64_t": np.int64, "uint64_t": np.uint64, "float": np.float32, "double": np.float64,
}  # fmt: skip
_ARRAYS = {np.dtype(of_numpy): _ffi.typeof(f"{of_c}[]") for of_c, of_numpy in _NUMPY.items()}


def pointer(array: NDArray[Any]) -> Any:
    """Where an array begins, for one call: it has to be contiguous, and of the type that the function takes."""
    return _ffi.from_buffer(_ARRAYS[array.dtype], array)


def buffer(of_c: str, content: bytes) -> Any:
    """Bytes as an array of a C type, for as long as it lives."""
    return _ffi.from_buffer(of_c, content)


def integers(values: Sequence[int]) -> Any:
    """Numbers as an array of int64_t."""
    return _ffi.new("int64_t[]", values)


def struct(name: str, **values: Any) -> Any:
    """A C struct by its fields. It keeps no array alive: who makes it holds its arrays as long."""
    return _ffi.new(
        f"struct {name} *",
        {field: pointer(value) if isinstance(value, np.ndarray) else value for field, value in values.items()},
    )


class Record:
    """A C struct whose arrays lie in one piece of memory, as long as it or a view of it lives.

    ``c`` is the struct. What a class declares as ``array`` is a view for NumPy, made anew each time it is asked for.
    """

    __slots__ = ("_room", "c")

    def __init__(self, name: str, counts: Mapping[str, int], place: Callable[[Any, Any], int]) -> None:
        """A struct of some counts. ``place`` gives its arrays places, or tells the bytes that they take."""
        self.c = _ffi.new(f"struct {name} *", counts)
        self._room = np.empty(place(self.c, NULL), np.uint8)
        place(self.c, pointer(self._room))

    def view(self, field: str, shape: Sequence[int]) -> NDArray[Any]:
        """An array of the struct."""
        array = getattr(self.c, field)
        dtype = np.dtype(_NUMPY[_ffi.typeof(array).item.cname])
        begin = int(_ffi.cast("uintptr_t", array)) - int(_ffi.cast("uintptr_t", pointer(self._room)))
        return self._room[begin : begin + prod(shape) * dtype.itemsize].view(dtype).reshape(shape)


class _Array:
    """Gives a view of the field that it is named after."""

    def __init__(self, sizes: Sequence[int | str]) -> None:
        self._sizes = [size if isinstance(size, int) else size.partition(" + ") for size in sizes]

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, record: Record, owner: type | None = None) -> NDArray[Any]:
        shape = [
            size if isinstance(size, int) else getattr(record.c, size[0]) + int(size[2] or 0) for size in self._sizes
        ]
        return record.view(self._name, shape)


def array(*sizes: int | str) -> Any:
    """An array of a Record, by the field's own name. ``sizes`` are numbers, or name the fields that hold them.

    ``"texts + 1"`` is one more than such a field holds.
    """
    return _Array(sizes)


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
