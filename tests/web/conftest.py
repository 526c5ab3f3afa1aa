"""A real application on a real SQLite file, with one site, for each test that asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api import create_app
from moderation import release as releases
from moderation.moderator import Moderator
from moderation.release import Release
from moderation.settings import Settings
from moderation.storage.database import Database


@dataclass(frozen=True)
class Service:
    """The application as a publication sees it."""

    app: Flask
    settings: Settings
    release: Release
    key: str

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def add_site(self, name: str) -> str:
        database = Database.open(self.settings.database_url)
        try:
            return Moderator(self.release, database).add_site(name)
        finally:
            database.close()


@pytest.fixture(scope="session")
def release() -> Release:
    return releases.load(releases.current(Settings().models))


@pytest.fixture
def service(release: Release, tmp_path: Path) -> Iterator[Service]:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/records.sqlite3")
    made = Service(create_app(settings, release), settings, release, "")
    yield Service(made.app, settings, release, made.add_site("gazette"))


@pytest.fixture
def client(service: Service) -> FlaskClient:
    """A client that carries the site's key."""
    client = service.client
    client.environ_base["HTTP_AUTHORIZATION"] = service.headers["Authorization"]
    return client
