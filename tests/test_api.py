"""The application is wired in one place, when it is asked for and not before."""

import subprocess
import sys
from pathlib import Path

import pytest

from api import create_app
from moderation.settings import Settings, SettingsError
from moderation.storage.errors import StoreError

ROOT = Path(__file__).resolve().parent.parent


def test_import_opens_nothing(tmp_path: Path) -> None:
    script = "import api, moderation.cli, moderation.server, os; print(os.listdir('.'))"
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert done.stdout.decode().strip() == "[]", done.stderr


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODERATION_DATABASE_URL", f"sqlite:///{tmp_path}/records.sqlite3")
    assert create_app().test_client().get("/readyz").status_code == 200
    assert (tmp_path / "records.sqlite3").exists()
    monkeypatch.setenv("MODERATION_WORKER", "2")
    with pytest.raises(SettingsError):
        create_app()


def test_unusable_database_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "records.sqlite3").write_bytes(b"this is not a database" * 1000)
    with pytest.raises(StoreError):
        create_app(Settings(database_url=f"sqlite:///{tmp_path}/records.sqlite3"))
