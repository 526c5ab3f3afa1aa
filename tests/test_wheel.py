"""The built wheel holds everything that a machine without this source tree needs, and works there."""

import json
import subprocess
import sys
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from moderation import release as releases
from moderation.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as ``pip install .`` builds it, unpacked."""
    built, target = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("unpacked")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(built)], check=False, cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    with ZipFile(built / done.stdout.strip()) as wheel:
        wheel.extractall(target)
    return target


def files(directory: Path) -> set[str]:
    found = (path.relative_to(directory) for path in directory.rglob("*") if path.is_file())
    return {str(path) for path in found if "__pycache__" not in path.parts}


def run(unpacked: Path, directory: Path, *arguments: str, text: str = "") -> str:
    """What Python says that knows the wheel's files and not the source tree."""
    environ = {"PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, check=False, cwd=directory, env=environ, input=text, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_holds_all_of_the_code(unpacked: Path) -> None:
    models = {f"models/{name}" for name in files(ROOT / "models")}
    assert files(unpacked / "moderation") == files(ROOT / "moderation") | models
    assert files(unpacked / "training") == files(ROOT / "training")
    assert {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")} == {
        "api.py",
        "moderation",
        "training",
    }


def test_wheel_holds_what_is_no_python(unpacked: Path) -> None:
    release = f"moderation/models/{releases.current(Settings().models).name}"
    assert {"moderation/models/current", f"{release}/weights", f"{release}/manifest.json"} <= files(unpacked)
    pages = ("moderation/web/templates/*.html", "moderation/web/static/*.css", "moderation/web/static/*.js")
    more = ("moderation/storage/migrations/versions/0*.py", "training/corpus/*.toml", "training/*.html")
    for pattern in (*pages, *more):
        assert list(unpacked.glob(pattern)), pattern


def test_wheel_says_what_it_is(unpacked: Path) -> None:
    (info,) = unpacked.glob("*.dist-info")
    metadata = Parser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    assert metadata["Name"] == "comment-moderation"
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")
    assert (info / "entry_points.txt").read_text(encoding="utf-8").split() == [
        "[console_scripts]",
        "moderation",
        "=",
        "moderation.cli:main",
    ]


def test_wheel_is_what_runs(unpacked: Path, tmp_path: Path) -> None:
    script = "import api, moderation, training; print(api.__file__, moderation.__file__, training.__file__)"
    assert all(file.startswith(str(unpacked)) for file in run(unpacked, tmp_path, "-c", script).split())
    version = run(unpacked, tmp_path, "-m", "moderation", "--version").strip()
    assert f"comment_moderation-{version}.dist-info" in {path.name for path in unpacked.iterdir()}


def test_wheel_scores_a_line(unpacked: Path, tmp_path: Path) -> None:
    line = json.dumps({"comment": {"id": "c-1", "body": "togel singapore https://slots.example.com"}})
    told = json.loads(run(unpacked, tmp_path, "-m", "moderation", "score", text=line + "\n"))
    assert (told["comment_id"], told["release"]) == ("c-1", releases.current(Settings().models).name)
    assert told["reasons"]
    assert list(tmp_path.iterdir()) == []


def test_wheel_makes_its_database_and_pages(unpacked: Path, tmp_path: Path) -> None:
    script = (
        "from api import create_app\n"
        "client = create_app().test_client()\n"
        "print([client.get(path).status_code for path in ('/readyz', '/docs', '/try', '/review/static/base.css')])"
    )
    assert json.loads(run(unpacked, tmp_path, "-c", script)) == [200] * 4
    assert (tmp_path / "var" / "moderation.sqlite3").is_file()


def test_wheel_has_the_written_corpus(unpacked: Path, tmp_path: Path) -> None:
    script = "from training.corpus import write_corpus; print(len(write_corpus(1, 10)[0]['language'].unique()))"
    assert int(run(unpacked, tmp_path, "-c", script)) == len(list((ROOT / "training" / "corpus").glob("*.toml")))
