"""Compiles the detector's C files when the package is built, with the machine's compiler or else with zig's."""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

FOLDER = "moderation/detection"
LIBRARY = f"{FOLDER}/libkernels.so"
FLAGS = ("-std=c99", "-O3", "-ffp-contract=off", "-shared", "-fPIC")
"""Optimised, but never so that a sum differs between machines."""
ZIG = "ziglang"


class Kernels(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves it open
    """Puts the library beside its sources, and into the wheel."""

    def dependencies(self) -> list[str]:
        """What the build needs from the package index."""
        return [] if machine_compiler() else [ZIG]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the library, unless it is of these sources."""
        folder, library = Path(self.root) / FOLDER, Path(self.root) / LIBRARY
        if not is_built(folder, library):
            compile_library(folder, library)
        build_data["artifacts"].append(LIBRARY)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"


def machine_compiler() -> list[str]:
    """The command that compiles C on this machine, empty where there is none."""
    command = shlex.split(os.environ.get("CC", "")) or ["cc"]
    return command if shutil.which(command[0]) else []


def compiler() -> list[str]:
    """The machine's compiler or zig's; the latter has to be told that other machines of its kind are to run it."""
    zig = [sys.executable, "-m", ZIG, "cc", "-mcpu=baseline"] if find_spec(ZIG) else []
    found = machine_compiler() or zig
    if not found:
        raise SystemExit(f"no C compiler: install one, or the package {ZIG}, or name one with CC")
    return found


def digest_of(folder: Path) -> str:
    """What tells the C files of a folder from other ones, as kernels.py reckons it."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.[ch]")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_built(folder: Path, library: Path) -> bool:
    """Whether the library was made of the C files as they are."""
    return library.is_file() and digest_of(folder).encode() in library.read_bytes()


def compile_library(folder: Path, library: Path, *more: str) -> None:
    """Compile the C files of a folder; ``more`` are flags besides the usual ones."""
    sources = [str(path) for path in sorted(folder.glob("*.c"))]
    stamp = f'-DSOURCES="{digest_of(folder)}"'
    made = library.with_name(f"{library.name}.{os.getpid()}")
    command = [*compiler(), *FLAGS, *more, stamp, *sources, "-o", str(made), "-lm"]
    try:
        subprocess.run(command, check=True)  # noqa: S603  # the compiler, by the builder's own choice
        made.replace(library)  # a process that has the old one open keeps it
    finally:
        made.unlink(missing_ok=True)


def platform_tag() -> str:
    """The machines that the wheel is for, as pip names them."""
    return next(tag.platform for tag in sys_tags() if "many" not in tag.platform and "musl" not in tag.platform)
