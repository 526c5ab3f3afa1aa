"""How long a moderator waits for the next comment: keys on the review page, in Chromium before the real service.

Part of ``review_queue``, which fills the databases.
"""

import os
import secrets
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.running import started
from moderation import release as releases
from moderation.moderator import Moderator, Role
from moderation.settings import Settings
from moderation.storage.database import Database
from moderation.web.review_access import COOKIE

MOST_MS = 100
PRESSES, OPENINGS, PAUSE_MS = 120, 5, 100
"""Keys on each page, so many that it asks for more comments; pages take turns, and rest between."""

_WATCH = """() => {
    const current = () => document.querySelector(".card.is-current");
    window.shown = new Promise((done) => addEventListener("keydown", (press) => {
        const before = current();
        const look = () => {
            const after = current();
            if (!after || after === before) return requestAnimationFrame(look);
            setTimeout(() => done(performance.now() - press.timeStamp));  // the frame is on the screen
        };
        requestAnimationFrame(look);
    }, { capture: true, once: true }));
}"""
_OPENED = """() => new Promise((done) => {
    const look = () => {
        const ready = document.documentElement.dataset.ready && document.querySelector(".card.is-current");
        if (!ready) return requestAnimationFrame(look);
        setTimeout(() => done(performance.now()));
    };
    requestAnimationFrame(look);
})"""
_SENT = """() => performance.getEntriesByType("resource")
    .filter((one) => one.name.endsWith("/review/decisions")).map((one) => one.duration)"""


@dataclass
class Waited:
    """Milliseconds: from each key to the next comment on the screen, to the answer to each decision, to the page."""

    next_ms: list[float] = field(default_factory=list)
    sent_ms: list[float] = field(default_factory=list)
    opened_ms: float = 0.0


def next_comment(urls: Sequence[str]) -> list[Waited]:
    """Press ``a`` and ``s`` by turns on the queue of each database. Raises ``RuntimeError`` where one is not stored."""
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        stack.callback(browser.close)
        pages = [stack.enter_context(_queue(browser, url)) for url in urls]
        waited = [Waited(opened_ms=statistics.median(_opened_ms(page) for _ in range(OPENINGS))) for page in pages]
        for press in range(PRESSES):
            for page, so_far in zip(pages, waited, strict=True):
                page.bring_to_front()
                page.wait_for_timeout(PAUSE_MS)
                so_far.next_ms.append(_press(page, "as"[press % 2]))
        for page, so_far in zip(pages, waited, strict=True):
            page.wait_for_selector("#desk[data-waiting='0']")
            so_far.sent_ms = page.evaluate(_SENT)
    return waited


def _press(page: Page, key: str) -> float:
    page.evaluate(_WATCH)
    page.keyboard.press(key)
    time_ms: float = page.evaluate("() => window.shown")
    return time_ms


def _opened_ms(page: Page) -> float:
    page.goto("/review?site=paper")
    time_ms: float = page.evaluate(_OPENED)
    return time_ms


@contextmanager
def _queue(browser: Browser, url: str) -> Iterator[Page]:
    """A page of a moderator who is signed in to a service on a database; what was pressed has to be stored after."""
    database = Database.open(url)
    moderator = Moderator(releases.load(releases.current(Settings().models)), database)
    email, password = f"{secrets.token_hex(4)}@example.org", secrets.token_hex(16)
    accounts = moderator.accounts
    accounts.accept(accounts.add_user(email, Role.MODERATOR), password)
    signed_in = accounts.sign_in(email, password)
    if signed_in is None:
        raise RuntimeError("the service does not know whom it just signed up")
    environ = {**os.environ, "MODERATION_DATABASE_URL": url}
    with started([sys.executable, "-m", "moderation", "serve", "--port", "0"], environ) as line:
        address = next(word for word in line.split() if urlsplit(word).scheme == "http")
        context = browser.new_context(base_url=address)
        context.add_cookies([{"name": COOKIE, "value": signed_in.token, "url": address}])
        yield context.new_page()
        context.close()
    decided = len(moderator.review.decisions(by=email, limit=500).items)
    database.close()
    if decided != PRESSES:
        raise RuntimeError(f"{PRESSES} comments were decided on the page, and {decided} in the database")
