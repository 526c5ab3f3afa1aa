"""The system's Chromium before a real ``moderation serve``, on SQLite and on PostgreSQL, with users and comments."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page

import api
from moderation.comment import Article, Author, Comment
from moderation.moderator import Filter, Moderator, Order, Role, Site, SiteSettings, StoredComment
from moderation.release import Release
from moderation.storage.database import Database

PASSWORD = "a password for tests"
SPAM = "Visit togel singapore http://evil-slots.com and win big money with casino bonus today"
ALL_HELD = SiteSettings(hold_new_authors=True, reject=1.0)
"""Whatever comes from an author without a published comment is held."""


@dataclass
class Running:
    """A service that answers. ``invitation`` is the first administrator's one-time link."""

    address: str
    invitation: str
    moderator: Moderator
    sessions: dict[str, Any] = field(default_factory=dict)

    def site(self, bodies: Sequence[str], **author: str) -> Site:
        """A new site that holds a comment for each body."""
        name = f"site-{secrets.token_hex(4)}"
        self.moderator.add_site(name, ALL_HELD)
        site = self.moderator.site(name)
        article = Article("a-1", "The bridge opens again", "The old bridge carries trams again, after two years.")
        for number, body in enumerate(bodies):
            comment = Comment(body, f"c-{number}", author=Author(**({"name": f"Reader {number}"} | author)))
            self.moderator.check(site, comment, article)
        return site

    def stored(self, site: Site) -> tuple[StoredComment, ...]:
        return self.moderator.review.page(Filter(site=site.name, status=None), Order.OLDEST, limit=500).items


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def running(
    request: pytest.FixtureRequest, chromium: Browser, release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A fresh installation, whose first administrator has signed up."""
    directory = tmp_path_factory.mktemp("service")
    with _database(request, directory) as url, _service(directory, url) as (address, invitation):
        database = Database.open(url)
        service = Running(address, invitation, Moderator(release, database))
        sign_up(chromium, service)
        yield service
        database.close()


@pytest.fixture
def page(running: Running, chromium: Browser) -> Iterator[Page]:
    """A page of the administrator, signed in; whatever its console complains of fails the test."""
    with opened(chromium, running, "ann@example.org") as made:
        yield made


@contextmanager
def opened(browser: Browser, service: Running, email: str, **options: Any) -> Iterator[Page]:
    """A page of a signed-in user in a browser of their own."""
    context = browser.new_context(storage_state=_session(browser, service, email), base_url=service.address, **options)
    made = context.new_page()
    # on a busy machine a key would come before the script that listens for it
    made.goto = partial(made.goto, wait_until="networkidle")  # type: ignore[method-assign]  # for this page alone
    complaints: list[str] = []
    made.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
    yield made
    context.close()
    assert [line for line in complaints if "Failed to load resource" not in line] == []


def sign_up(browser: Browser, service: Running) -> None:
    """Become the first administrator by the link that the service printed."""
    context = browser.new_context()
    made = context.new_page()
    made.goto(service.invitation)
    made.get_by_label("Your e-mail address").fill("ann@example.org")
    _choose_password(made)
    made.wait_for_url("**/review")
    service.sessions["ann@example.org"] = context.storage_state()
    context.close()


def _session(browser: Browser, service: Running, email: str) -> Any:
    if email not in service.sessions:
        token = service.moderator.accounts.add_user(email, Role.MODERATOR)
        context: BrowserContext = browser.new_context(base_url=service.address)
        made = context.new_page()
        made.goto(f"/review/invitation/{token}")
        _choose_password(made)
        made.wait_for_url("**/review")
        service.sessions[email] = context.storage_state()
        context.close()
    return service.sessions[email]


def _choose_password(page: Page) -> None:
    page.get_by_label("Password, at least 12 characters").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()


@contextmanager
def _database(request: pytest.FixtureRequest, directory: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{directory}/moderation.sqlite3"
        return
    server: sa.Engine = request.getfixturevalue("postgresql")
    name = f"moderation_browser_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    url = server.url.set(database=name).render_as_string(hide_password=False)
    Database.upgrade(url)
    yield url
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def _service(directory: Path, database_url: str) -> Iterator[tuple[str, str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODERATION_")}
    environ = {**kept, "PYTHONPATH": str(Path(api.__file__).parent), "MODERATION_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "moderation", "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=directory, env=environ, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        said = process.stdout.readline() + process.stdout.readline()
        address = re.search(r"http://[\d.]+:\d+", said)
        invitation = re.search(r"http://\S+/review/invitation/\S+", said)
        assert address is not None, said
        assert invitation is not None, said
        yield address[0], invitation[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)
