"""A real WordPress before a real ``moderation serve``, set up once as docs/integrate.md tells."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from moderation.moderator import Moderator, Site, StoredComment
from moderation.release import Release
from moderation.storage.database import Database
from tests.conftest import THRESHOLDS
from tests.integrations import wordpress as rig
from tests.integrations.wordpress import ROOT, WordPress


@dataclass
class Service:
    """The service as a process that can be stopped and started again, and its records seen from beside it."""

    directory: Path
    port: int
    moderator: Moderator
    process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def site(self) -> Site:
        return self.moderator.site("gazette")

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command("serve", "--port", str(self.port)), cwd=self.directory, env=self._environ(), text=True,
            stdout=subprocess.DEVNULL, stderr=(self.directory / "service.log").open("a"),
        )  # fmt: skip
        rig.wait_until(self.port)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)

    def run(self, *words: str) -> str:
        """What a command says."""
        done = subprocess.run(self._command(*words), cwd=self.directory, env=self._environ(), check=True,
                              capture_output=True, text=True, timeout=60)  # fmt: skip
        return done.stdout

    def stored(self, text: str) -> StoredComment:
        """The one comment that holds a text."""
        [found] = [
            one for one in self.moderator.comments(self.site, None, None, 1000).items if text in one.comment.body
        ]
        return found

    def decisions(self, text: str) -> list[str]:
        """Who decided what on that comment."""
        lines = self.moderator.history(self.site, self.stored(text).comment.id)
        return [f"{line.by}: {line.decision}" for line in lines if line.decision is not None]

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "moderation", *words]

    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MODERATION_")}
        url, local = f"sqlite:///{self.directory}/records.sqlite3", "127.0.0.0/8"
        return kept | {"PYTHONPATH": str(ROOT), "MODERATION_DATABASE_URL": url, "MODERATION_ALLOWED_NETWORKS": local}


@pytest.fixture(scope="package")
def service(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("service")
    url = f"sqlite:///{directory}/records.sqlite3"
    Database.upgrade(url)
    database = Database.open(url)
    made = Service(directory, rig.free_port(), Moderator(release, database))
    made.moderator.add_site("gazette", THRESHOLDS)
    made.start()
    yield made
    made.stop()
    database.close()


@pytest.fixture(scope="package")
def wordpress(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPress]:
    """A WordPress that the settings page's two lines connect with the service."""
    if lacking := rig.missing():
        pytest.skip(lacking)
    key = json.loads(service.run("site", "akismet-key", "gazette", "--json"))["key"]
    with rig.running(tmp_path_factory.mktemp("site")) as made:
        made.run(f"update_option( 'wordpress_api_key', '{key}' );")
        made.run(f"update_option( 'comment_moderation_address', '{service.address}' );")
        yield made
    assert [line for line in made.log.splitlines() if rig.PLUGIN.name in line] == []


@pytest.fixture
def word() -> str:
    """A word that no other test's comment holds."""
    return "".join(secrets.choice("bdfklmnrst") + secrets.choice("aeiou") for _ in range(5))
