"""Every page in the browser: hostile texts, keyboard and screen reader, narrow and wide, light and dark."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from moderation.comment import Action, Article, Author, Comment, Status
from moderation.moderator import RuleKind, Site
from tests.browser.conftest import ALL_HELD, PASSWORD, SPAM, Running, opened

ATTACKS = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">",
    "<a href=\"javascript:document.title='owned'\">javascript:document.title='owned'</a>",
    "\u202egnp.exe\u202c \u2066\u200b\u200b\u200b www.аррӏе.example",
    "A" * 100_000,
    "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307" * 3_000,
    "line\n" * 5_000,
    "</div></article><style>*{display:none}</style><h1 style='position:fixed;inset:0;font-size:900px'>X</h1>",
    "{{ 7*7 }}${7*7}<!--",
    "ممتاز جدا http://evil.example/كازينو",
)
HOSTILE_AUTHOR = Author("<b>\u202e" + "N" * 300, "javascript:document.title='owned'", "x@evil.example")
HOSTILE_ARTICLE = Article(
    "a-<i>", "<script>document.title='owned'</script>", "\u202e<style>*{display:none}</style>\n\nText."
)
PATHS = (
    "/review?site={site}",
    "/review?site={site}&status=all&q=bridge",
    "/review/comments/{number}",
    "/review/decided",
    "/review/dashboard",
    "/review/sites",
    "/review/rules?site={site}",
    "/review/events?site={site}",
    "/review/articles?site={site}",
    "/review/users",
    "/review/doubtful",
    "/review/account",
    "/review/no-such-status?x=1",
    "/try",
)


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, which npm keeps outside of this project."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm, which fetches axe-core")
    directory = Path(tempfile.gettempdir()) / "moderation-axe-core"
    source = directory / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        directory.mkdir(exist_ok=True)
        command = [
            npm,
            "install",
            "--prefix",
            str(directory),
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "axe-core@4",
        ]
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
        if done.returncode:
            pytest.skip("npm could not fetch axe-core")
    return source.read_text(encoding="utf-8")


def attacked(running: Running) -> Site:
    site = running.site(())
    for number, body in enumerate(ATTACKS):
        comment = Comment(body, f"x-{number}", author=HOSTILE_AUTHOR)
        running.moderator.check(site, comment, HOSTILE_ARTICLE)
    return site


@pytest.mark.parametrize("width", [360, 1280])
def test_attacks_stay_text_and_in_place(running: Running, chromium: Browser, width: int) -> None:
    site = attacked(running)
    viewport = {"width": width, "height": 800}
    with opened(chromium, running, "ann@example.org", viewport=viewport) as page:
        page.goto(f"/review?site={site.name}&status=all")
        expect(page.locator(".card")).to_have_count(len(ATTACKS))
        for _ in ATTACKS:
            assert_contained(page, width)
            page.keyboard.press("j")
        long = max(running.stored(site), key=lambda item: len(item.comment.body))
        whole = page.locator(f".card[data-number='{long.number}']")
        whole.click()
        page.keyboard.press("e")
        expect(whole.locator("[data-whole]")).to_have_count(0)
        assert whole.locator("[data-text]").text_content() == "A" * 100_000
        page.keyboard.press("v")
        expect(page.locator("#reader")).to_contain_text("<style>*{display:none}</style>")
        assert_contained(page, width)
        page.keyboard.press("Escape")
        for item in running.stored(site):
            page.goto(f"/review/comments/{item.number}")
            expect(page.get_by_role("heading", name="History")).to_be_visible()
            assert_contained(page, width)


def assert_contained(page: Page, width: int) -> None:
    """Nothing ran, nothing was added, nothing is wider than the screen, and the next button can be pressed."""
    assert "owned" not in page.title()
    found = page.evaluate(
        """() => ({
            foreign: document.querySelectorAll("main :is(script, style, img, [style], [onerror])").length,
            links: [...document.querySelectorAll("main a")].filter((link) => link.origin !== location.origin).length,
            width: document.documentElement.scrollWidth,
            tallest: Math.max(...[...document.querySelectorAll(".card")].map((card) => card.offsetHeight)),
        })"""
    )
    assert (found["foreign"], found["links"]) == (0, 0)
    assert found["width"] <= width
    assert found["tallest"] < 2_000


def test_hidden_signs_are_named(running: Running, page: Page) -> None:
    page.goto(f"/review?site={attacked(running).name}")
    card = page.locator(".card", has_text="gnp.exe")
    expect(card.locator(".text .hidden-sign").first).to_have_attribute("title", "right-to-left override")
    card.click()
    expect(card.locator(".domain")).to_contain_text("xn--")


def serious(page: Page, axe: str) -> list[str]:
    """What axe-core finds serious or critical on a page."""
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run(document)).violations")
    return [
        f"{page.url}: {one['id']} ({one['help']}): {[node['target'] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_serious(running: Running, chromium: Browser, axe: str, width: int, scheme: str) -> None:
    site = running.site([f"{SPAM} {number}" for number in range(3)], url="http://evil-slots.com/win")
    running.moderator.rules.add(site, RuleKind.DOMAIN, ["evil-slots.com"], Action.REJECT, "ann@example.org")
    number = running.stored(site)[0].number
    options: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    found = []
    with opened(chromium, running, "ann@example.org", **options) as page:
        for path in PATHS:
            page.goto(path.format(site=site.name, number=number))
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            found += serious(page, axe)
        page.goto(f"/review?site={site.name}")
        page.keyboard.press("t")
        page.keyboard.press("?")
        found += serious(page, axe)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Select all of this filter").click()
        expect(page.locator("#selection")).to_be_visible()
        found += serious(page, axe)
    context = chromium.new_context(base_url=running.address, **options)
    page = context.new_page()
    for path in ("/review/sign-in", running.invitation):
        page.goto(path)
        found += serious(page, axe)
    context.close()
    assert found == []


def test_sign_in_and_out_by_keyboard(running: Running, chromium: Browser) -> None:
    context = chromium.new_context(base_url=running.address)
    page = context.new_page()
    page.goto("/review/decided?by=ann")
    expect(page.locator("input[autofocus]")).to_be_focused()
    page.keyboard.type("ann@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/decided?by=ann")
    cookie = next(one for one in context.cookies() if one["name"] == "moderation_session")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url("**/review/sign-in")
    page.goto("/review")
    assert "/review/sign-in" in page.url
    context.close()


def test_keys_can_be_switched_off(running: Running, page: Page) -> None:
    site = running.site([SPAM])
    page.goto(f"/review?site={site.name}")
    page.keyboard.press("?")
    page.get_by_label("Use these keys on this device").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator("#desk")).to_have_attribute("data-waiting", "0")
    assert running.stored(site)[0].status is Status.HELD
    expect(page.locator(".card")).to_have_count(1)


def test_letters_in_the_search_decide_nothing(running: Running, page: Page) -> None:
    site = running.site([SPAM, "quite another text"])
    page.goto(f"/review?site={site.name}")
    page.keyboard.press("/")
    page.keyboard.type("togel casino xoas")
    expect(page.locator(".card")).to_have_count(2)
    page.get_by_label("Search for words").fill("another")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(1)
    assert all(item.decision is None for item in running.stored(site))


def test_rule_is_tried_before_it_acts(running: Running, page: Page) -> None:
    site = running.site([f"{SPAM} {number}" for number in range(3)])
    page.goto(f"/review/rules?site={site.name}")
    page.get_by_label("where this is found").select_option("domain")
    page.get_by_role("textbox", name="One a line").fill("# a list\nevil-slots.com")
    page.locator("form", has_text="One a line").get_by_role("button", name="Try against").click()
    expect(page.get_by_role("heading", name="Of the last 3 comments 3 would be treated otherwise")).to_be_visible()
    assert running.moderator.rules.rules(site) == ()
    page.locator("form", has_text="One a line").get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("1 rule is switched on")).to_be_visible()
    assert [rule.value for rule in running.moderator.rules.rules(site)] == ["evil-slots.com"]


def test_made_site_key_is_shown_once(running: Running, page: Page) -> None:
    page.goto("/review/sites")
    page.get_by_label("Name").fill("morning paper")
    page.get_by_role("button", name="Make the site and its key").click()
    key = page.get_by_label("the key", exact=True).inner_text()
    found = running.moderator.site_of_key(key.strip())
    assert found is not None
    assert found.name == "morning paper"
    page.goto("/review/sites")
    assert key.strip() not in page.content()


def test_dashboard_draws_a_column_a_day(running: Running, page: Page) -> None:
    site = running.moderator.site(running.site([SPAM] * 2).name)
    assert site.settings == ALL_HELD
    page.goto(f"/review/dashboard?site={site.name}&days=7")
    plot = page.get_by_role("img", name="Comments a day, by advice")
    expect(plot.locator("g")).to_have_count(7)
    heights = plot.locator("rect.series").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
    assert len(heights) == 1
    assert heights[0] > 20
