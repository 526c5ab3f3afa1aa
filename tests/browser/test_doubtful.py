"""An administrator takes a doubtful hour back in the browser."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from moderation.comment import Decision, Status
from tests.browser.conftest import SPAM, Running, opened
from tests.browser.test_pages import axe, serious

__all__ = ["axe"]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_doubtful_hour_is_taken_back(running: Running, chromium: Browser, axe: str, width: int, scheme: str) -> None:
    bodies = [f"{SPAM} {' '.join(f'{letter}{number}' for letter in 'abcdefgh')}" for number in range(20)]
    site = running.site(bodies)
    name = f"wrong-{width}-{scheme}@example.org"
    for item in running.stored(site):
        running.moderator.decide(site, item.comment.id, Decision.APPROVE, name)
    viewport = {"width": width, "height": 800}
    with opened(chromium, running, "ann@example.org", viewport=viewport, color_scheme=scheme) as page:
        page.add_init_script("window.confirm = () => true")  # dialogs are complaints here
        page.goto("/review/users")
        page.get_by_role("link", name="Doubtful decisions").click()
        panel = page.locator("section.panel", has_text=name)
        expect(panel).to_contain_text("20 decisions from")
        assert serious(page, axe) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if shots := os.environ.get("MODERATION_TEST_SCREENSHOTS"):
            page.screenshot(path=Path(shots) / f"doubtful-{width}-{scheme}.png", full_page=True)
        panel.get_by_role("button", name="Undo all of it").click()
        expect(page.get_by_role("status")).to_contain_text("Decisions on 20 comments taken back.")
        expect(page.locator("section.panel", has_text=name)).to_have_count(0)
    assert {item.status for item in running.stored(site)} == {Status.HELD}
