"""A real application on a real SQLite file, with one site, for each test that asks."""

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from api import create_app
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


def serve(release: Release, database_url: str) -> Service:
    """An application on this database, with one site."""
    settings = Settings(database_url=database_url)
    made = Service(create_app(settings, release), settings, release, "")
    return replace(made, key=made.add_site("gazette"))


def told(answer: TestResponse) -> dict[str, Any]:
    """The JSON object of an answer."""
    assert isinstance(answer.json, dict)
    return answer.json


@pytest.fixture
def service(release: Release, migrated_sqlite: Path, tmp_path: Path) -> Service:
    shutil.copy(migrated_sqlite, tmp_path / "records.sqlite3")
    return serve(release, f"sqlite:///{tmp_path}/records.sqlite3")


@pytest.fixture
def postgresql_url(postgresql: Engine) -> Iterator[str]:
    """The URL of a PostgreSQL database of its own."""
    name = f"moderation_web_{secrets.token_hex(6)}"
    url = postgresql.url.set(database=name).render_as_string(hide_password=False)
    with postgresql.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        try:
            Database.upgrade(url)
            yield url
        finally:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def client(service: Service) -> FlaskClient:
    """A client that carries the site's key."""
    client = service.client
    client.environ_base["HTTP_AUTHORIZATION"] = service.headers["Authorization"]
    return client
