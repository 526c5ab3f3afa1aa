"""Moderators at work in real browsers: by keys, in bulk, several at once, and when something fails."""

from collections import Counter
from itertools import cycle, islice

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from moderation.comment import Comment, Decision, Status
from moderation.moderator import Filter, Role, Seen
from tests.browser.conftest import SPAM, Running, opened

KEYS = {
    "a": Decision.APPROVE,
    "s": Decision.REJECT_PROMOTIONAL,
    "o": Decision.REJECT_OFF_TOPIC,
    "x": Decision.REJECT_OTHER,
}
LINK = "http://www.only-here.example/now"
CURRENT = ".card.is-current"
TIME_OF_A_KEY = """() => new Promise((done) => {
    const before = document.querySelector(".card.is-current"), begin = performance.now();
    before.dispatchEvent(new KeyboardEvent("keydown", { key: "s", bubbles: true }));
    const after = document.querySelector(".card.is-current");
    if (after === before || !after) return done(Infinity);
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
})"""
"""Milliseconds from a key to the next comment on the screen."""


def open_queue(page: Page, name: str, more: str = "") -> None:
    page.goto(f"/review?site={name}{more}")
    expect(page.locator("html[data-ready]")).to_have_count(1)


def number_of_current(page: Page) -> int:
    return int(page.locator(CURRENT).get_attribute("data-number") or 0)


def until_sent(page: Page) -> None:
    expect(page.locator("#desk")).to_have_attribute("data-waiting", "0")


def bodies(count: int) -> list[str]:
    return [f"{SPAM}, offer {number} of {word}" for number, word in enumerate(islice(cycle("abcdefg"), count))]


def test_fifty_are_decided_by_keys_alone(running: Running, page: Page) -> None:
    site = running.site(bodies(50))
    open_queue(page, site.name)
    wanted: dict[int, Decision] = {}
    for key in islice(cycle(KEYS), 50):
        expect(page.locator(CURRENT)).to_have_count(1)
        wanted[number_of_current(page)] = KEYS[key]
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Nothing waits for you here")).to_be_visible()
    until_sent(page)
    assert {item.number: item.decision for item in running.stored(site)} == wanted
    assert len(wanted) == 50


def test_next_one_is_there_before_the_answer(running: Running, page: Page) -> None:
    site = running.site(bodies(12))
    open_queue(page, site.name)
    held_back: list[Route] = []
    is_slow = True

    def answer_late(route: Route) -> None:
        held_back.append(route) if is_slow else route.continue_()

    page.route("**/review/decisions", answer_late)
    times = [page.evaluate(TIME_OF_A_KEY) for _ in range(4)]
    assert sorted(times)[len(times) // 2] < 100
    assert all(item.status is Status.HELD for item in running.stored(site))
    is_slow = False
    held_back[0].continue_()
    until_sent(page)
    assert sum(item.status is Status.REJECTED for item in running.stored(site)) == 4


def test_undo_goes_back_several_steps(running: Running, page: Page) -> None:
    site = running.site(bodies(6))
    open_queue(page, site.name)
    order = []
    for key in "sna":
        order.append(number_of_current(page))
        page.keyboard.press(key)
    for number in reversed(order):
        page.keyboard.press("u")
        expect(page.locator(f"{CURRENT}[data-number='{number}']")).to_have_count(1)
    until_sent(page)
    assert all(item.status is Status.HELD for item in running.stored(site))


def test_failed_decision_comes_back_with_its_reason(running: Running, page: Page) -> None:
    site = running.site(bodies(5))
    open_queue(page, site.name)
    page.route("**/review/decisions", lambda route: route.abort())
    failed = number_of_current(page)
    page.keyboard.press("s")
    card = page.locator(f".card[data-number='{failed}']")
    expect(card.locator("[data-note]")).to_contain_text("the service did not answer")
    page.unroute("**/review/decisions")
    page.keyboard.press("j")
    assert number_of_current(page) == failed
    page.keyboard.press("s")
    expect(card).to_have_count(0)
    until_sent(page)
    assert running.moderator.review.item(failed).decision is Decision.REJECT_PROMOTIONAL


def test_decision_whose_answer_was_lost_is_made_once(running: Running, page: Page) -> None:
    site = running.site(bodies(3))
    open_queue(page, site.name)

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/review/decisions", lose_the_answer)
    number = number_of_current(page)
    page.keyboard.press("s")
    card = page.locator(f".card[data-number='{number}']")
    expect(card.locator("[data-note]")).to_have_text("Not decided: the service did not answer")
    page.unroute("**/review/decisions")
    page.keyboard.press("j")
    page.keyboard.press("s")
    until_sent(page)
    expect(page.locator(".card")).to_have_count(2)
    expect(card).to_have_count(0)
    assert [event.decision for event in running.moderator.review.history(number)] == [Decision.REJECT_PROMOTIONAL]


@pytest.mark.parametrize(("width", "shown"), [(360, 1), (1280, 2)])
def test_messages_leave_the_comment_to_be_read(running: Running, chromium: Browser, width: int, shown: int) -> None:
    site = running.site(bodies(5))
    with opened(chromium, running, "ann@example.org", viewport={"width": width, "height": 740}) as page:
        open_queue(page, site.name)
        for key in "nu":
            page.keyboard.press(key)
            until_sent(page)
        page.route("**/review/decisions", lambda route: route.abort())
        for _ in range(2):
            page.keyboard.press("s")
            until_sent(page)
        expect(page.locator("#toasts p.bad")).to_have_count(1)
        expect(page.locator("#toasts p").locator("visible=true")).to_have_count(shown)


def test_next_one_is_in_view_while_the_page_still_glides(running: Running, page: Page) -> None:
    site = running.site(bodies(15))
    open_queue(page, site.name)
    for _ in range(4):
        page.keyboard.press("PageDown")
        page.wait_for_timeout(60)
        page.keyboard.press("PageDown")
        page.wait_for_timeout(60)
        page.keyboard.press("s")
        page.wait_for_timeout(1_000)  # the glide is over
        expect(page.locator(f"{CURRENT} h2")).to_be_in_viewport(ratio=1)


def test_escape_leads_from_search_to_the_comment(running: Running, page: Page) -> None:
    site = running.site(bodies(9))
    open_queue(page, site.name)
    for key in "jjjj/":
        page.keyboard.press(key)
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(CURRENT)).to_be_focused()
    expect(page.locator(CURRENT)).to_be_in_viewport(ratio=0.5)
    page.keyboard.press("s")
    expect(page.locator(".card")).to_have_count(8)


def test_changed_comment_is_shown_again(running: Running, page: Page) -> None:
    site = running.site(bodies(4))
    open_queue(page, site.name)
    number = number_of_current(page)
    item = running.moderator.review.item(number)
    running.moderator.check(site, Comment("A quite different text", item.comment.id, author=item.comment.author))
    page.keyboard.press("s")
    card = page.locator(f".card[data-number='{number}']")
    expect(card).to_contain_text("this changed since you saw it")
    expect(card).to_contain_text("A quite different text")
    assert running.moderator.review.item(number).decision is None


def test_ticked_ones_are_decided_and_undone_together(running: Running, page: Page) -> None:
    site = running.site(bodies(5))
    open_queue(page, site.name)
    for key in "tjtjt":
        page.keyboard.press(key)
    expect(page.get_by_text("3 comments ticked")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator(".card")).to_have_count(2)
    until_sent(page)
    assert sum(item.status is Status.REJECTED for item in running.stored(site)) == 3
    page.keyboard.press("u")
    expect(page.locator(".card")).to_have_count(5)
    assert all(item.status is Status.HELD for item in running.stored(site))


def test_selection_acts_on_what_was_shown(running: Running, page: Page) -> None:
    site = running.site(bodies(30))
    open_queue(page, site.name)
    page.get_by_role("button", name="Select all of this filter").click()
    expect(page.get_by_role("heading", name="30 held comments of this filter")).to_be_visible()
    later = Comment(f"{SPAM}, too late", "later")
    running.moderator.check(site, later)
    page.locator("#selection").get_by_role("button", name="Promotional").click()
    expect(page.get_by_text("One undo takes them all back")).to_be_visible()
    assert Counter(item.status for item in running.stored(site)) == {Status.REJECTED: 30, Status.HELD: 1}
    page.keyboard.press("u")
    expect(page.get_by_text("Taken back: 30 comments")).to_be_visible()
    assert all(item.status is Status.HELD for item in running.stored(site))


def test_author_domain_and_near_duplicates_are_found(running: Running, page: Page) -> None:
    long = "We have waited for this bridge so long, and now everybody may cross it on a tram in the morning sun"
    site = running.site([f"{long} number {number} {LINK}" for number in range(4)], name="kelly", email="k@mail.example")
    open_queue(page, site.name)
    for button, count in (("near-duplicates", 4), ("of this author", 4), ("with only-here.example", 4)):
        page.locator(CURRENT).get_by_role("button", name=button).click()
        expect(page.locator("#selection h2")).to_contain_text(f"{count} held comments")
        page.locator("#selection").get_by_role("button", name="Cancel").click()
    page.locator(CURRENT).get_by_role("button", name="with only-here.example").click()
    page.locator("#selection").get_by_role("button", name="Other").click()
    expect(page.get_by_text("One undo takes them all back")).to_be_visible()
    assert all(item.decision is Decision.REJECT_OTHER for item in running.stored(site))


def test_two_moderators_never_meet_on_one(running: Running, chromium: Browser) -> None:
    site = running.site(bodies(60))
    seen: dict[str, list[int]] = {"ann": [], "ben": []}
    with opened(chromium, running, "ann@example.org") as ann, opened(chromium, running, "ben@example.org") as ben:
        pages = {"ann": ann, "ben": ben}
        for page in pages.values():
            open_queue(page, site.name)
        while any(page.locator(CURRENT).count() for page in pages.values()):
            for name, page in pages.items():
                if page.locator(CURRENT).count():
                    seen[name].append(number_of_current(page))
                    page.keyboard.press("s" if name == "ann" else "o")
                    until_sent(page)
    assert len(seen["ann"] + seen["ben"]) == len(set(seen["ann"] + seen["ben"])) == 60
    assert min(map(len, seen.values())) >= 20
    decided = running.moderator.review.decisions(site=site.name, limit=500).items
    assert Counter(line.item.number for line in decided) == dict.fromkeys(seen["ann"] + seen["ben"], 1)


def test_open_comment_is_nobody_elses(running: Running, page: Page) -> None:
    site = running.site(bodies(3))
    open_queue(page, site.name)
    running.moderator.accounts.add_user("cleo@example.org", Role.MODERATOR)
    cleo = next(user for user in running.moderator.accounts.users() if user.email == "cleo@example.org")
    decided = running.moderator.review.decide_many([Seen(number_of_current(page), 1)], Decision.APPROVE, cleo)
    assert decided.numbers == ()
    page.goto("/review/dashboard")  # leaving gives them back
    for _ in range(50):
        if len(running.moderator.review.page(Filter(site=site.name), user=cleo).items) == 3:
            return
        page.wait_for_timeout(100)
    pytest.fail("what was open is not given back within 5 s")


def test_single_page_decides_and_undoes(running: Running, page: Page) -> None:
    site = running.site(bodies(1))
    (item,) = running.stored(site)
    page.goto(f"/review/comments/{item.number}", wait_until="networkidle")
    page.keyboard.press("o")
    expect(page.locator(".status.rejected")).to_contain_text("rejected as off-topic")
    expect(page.locator(".events li")).to_contain_text("ann@example.org: rejected as off-topic")
    expect(page.locator("html[data-ready]")).to_have_count(1)  # the page was loaded again
    page.keyboard.press("u")
    expect(page.locator(".status.held")).to_be_visible()
    assert running.stored(site)[0].status is Status.HELD


def test_log_takes_a_step_back(running: Running, page: Page) -> None:
    site = running.site(bodies(2))
    open_queue(page, site.name)
    page.keyboard.press("s")
    until_sent(page)
    page.goto(f"/review/decided?site={site.name}")
    page.get_by_role("button", name="Undo this step").click()
    expect(page.get_by_text("Took a decision back")).to_be_visible()
    assert all(item.status is Status.HELD for item in running.stored(site))
