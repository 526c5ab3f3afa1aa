"""The compiled part: it names what Python names, says when it has to be built, and reads no byte beyond its arrays."""

import os
import shutil
import subprocess
import sys
from enum import IntEnum
from pathlib import Path

import pytest

import hatch_build
from moderation.detection import kernels
from moderation.detection.features import Mix
from moderation.detection.relevance import Relevance
from moderation.detection.signals import Signal
from moderation.detection.text import Kind
from moderation.detection.wording import Wording

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / hatch_build.FOLDER


def copied(directory: Path) -> Path:
    """The package without its library, elsewhere; the folder of the detector in it."""
    shutil.copytree(ROOT / "moderation", directory / "moderation", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    return directory / hatch_build.FOLDER


def python(directory: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "PYTHONPATH": f"{directory}:{ROOT}", **environ}
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=False, cwd=directory, env=known, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize(
    ("enum", "names", "many"),
    [
        ("kind", Kind, "KINDS"),
        ("signal", Signal, "SIGNALS"),
        ("relevance", Relevance, "RELEVANCES"),
        ("mix", Mix, "MIXES"),
        ("wording", Wording, "WORDINGS"),
    ],
)
def test_names_have_one_number_each(enum: str, names: type[IntEnum], many: str) -> None:
    told = {f"{enum.upper()}_{name.name}": int(name) for name in names}
    assert kernels.constants(enum) == {**told, many: len(names)}


def test_library_is_of_these_sources() -> None:
    assert kernels.source_digest() == hatch_build.digest_of(FOLDER)
    assert hatch_build.is_built(FOLDER, ROOT / hatch_build.LIBRARY)


@pytest.mark.parametrize(("library", "why"), [(None, "is missing"), (b"of other sources", "is older")])
def test_library_that_is_not_built_says_how(tmp_path: Path, library: bytes | None, why: str) -> None:
    folder = copied(tmp_path)
    if library is not None:
        (folder / "libkernels.so").write_bytes(library)
    told = python(tmp_path, "-c", "import moderation.detection.classifier").stderr.splitlines()[-1]
    assert told.startswith("ImportError: ")
    assert why in told
    assert "pip install" in told


FUZZ = """
import random, sys
from pathlib import Path
from moderation import release
from moderation.comment import Article, Author, Comment
from tests.detection.conftest import SPICE
from tests.detection.test_links import PIECES

def text(size):
    way = chance.random()
    if way < 0.2:
        return "".join(chr(chance.randrange(0x110000)) for _ in range(size))
    if way < 0.3:
        return chance.choice(SPICE) * size
    return "".join(chance.choice(SPICE if way < 0.6 else PIECES) for _ in range(size))

chance = random.Random(7)
classifier = release.load(release.current(Path(sys.argv[1]))).classifier
articles = [*(Article(title=text(9), body=text(99)) for _ in range(20)), Article()]
for _ in range(400):
    sizes = [0, 1, 2, 3, 9, 40, 300]
    classifier.score_many([
        (Comment(text(chance.choice(sizes)) + chance.choice(["", article.body, article.body[30:] * 3]) * 2,
                 author=Author(text(chance.choice(sizes)), text(chance.choice(sizes)))), article)
        for article in chance.choices(articles, k=chance.randrange(1, 12))
    ])
classifier.score(Comment(text(200_000)), articles[1])
print("done")
"""


def sanitizer() -> str:
    """The library of the machine's compiler that watches memory, empty where it has none."""
    compiler = hatch_build.machine_compiler()
    if not compiler:
        return ""
    asked = [*compiler, "-print-file-name=libasan.so"]
    found = subprocess.run(asked, check=False, capture_output=True, text=True).stdout.strip()
    return found if Path(found).is_absolute() else ""


def test_no_text_leads_beyond_an_array(tmp_path: Path) -> None:
    watcher = sanitizer()
    if not watcher:
        pytest.skip("no C compiler with AddressSanitizer on this machine")
    folder = copied(tmp_path)
    watched = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    hatch_build.compile_library(folder, folder / "libkernels.so", *watched)
    done = python(
        tmp_path,
        "-c",
        FUZZ,
        str(ROOT / "models"),
        LD_PRELOAD=watcher,
        ASAN_OPTIONS="detect_leaks=0",
        PYTHONMALLOC="malloc",
    )
    assert done.stdout == "done\n", done.stderr[-3_000:]
