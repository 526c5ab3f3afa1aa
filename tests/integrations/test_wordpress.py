"""Readers and moderators of a real WordPress, whose stock Akismet plugin asks the service by our must-use plugin."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from moderation.comment import Decision, Status
from moderation.storage.errors import NotFound
from tests.conftest import SPAM
from tests.integrations.conftest import Service
from tests.integrations.wordpress import PATIENCE_S, PLUGIN, WordPress

NEWER_THAN_7_4 = Path(__file__).with_name("newer_than_php_7_4.php")
BODY = (
    "<!-- wp:paragraph --><p>After two years &amp; a half the old bridge carries trams again.</p><!-- /wp:paragraph -->"
)
GOOD = "I take the tram to work each day, so I am glad that the old bridge carries it again, as my neighbour said:"
SETTINGS = "wp-admin/options-general.php?page=comment-moderation"
LONG_ENOUGH_MS = 2_100
"""A form that comes back sooner was not filled in by a person."""


@contextmanager
def visitor(browser: Browser, wordpress: WordPress, **options: Any) -> Iterator[Page]:
    context = browser.new_context(base_url=f"{wordpress.address}/", **options)
    context.set_default_timeout(PATIENCE_S * 1000)
    try:
        yield context.new_page()
    finally:
        context.close()


@pytest.fixture(scope="module")
def session(chromium: Browser, wordpress: WordPress) -> Any:
    """The cookies of WordPress's administrator, signed in."""
    with visitor(chromium, wordpress) as page:
        page.goto("wp-login.php")
        page.locator("#user_login").fill("ann")
        page.locator("#user_pass").fill(wordpress.password)
        page.locator("#wp-submit").click()
        page.wait_for_url("**/wp-admin/**")
        return page.context.storage_state()


@pytest.fixture
def ann(chromium: Browser, wordpress: WordPress, session: Any) -> Iterator[Page]:
    """WordPress's administrator in her browser."""
    with visitor(chromium, wordpress, storage_state=session) as page:
        yield page


@pytest.fixture(scope="module")
def article(wordpress: WordPress) -> str:
    """The path of a published article."""
    wordpress.publish("The bridge opens again", BODY)
    return "the-bridge-opens-again/"


@pytest.fixture
def comment(wordpress: WordPress, article: str, word: str) -> Callable[..., str]:
    """Comment on the article; gives a word that only this comment holds."""

    def comment(text: str, path: str = article, **more: str) -> str:
        wordpress.comment(path, f"{text} {word}", **more)
        return word

    return comment


def write(page: Page, article: str, text: str) -> None:
    """Comment on an article in a browser."""
    page.goto(article)
    page.wait_for_timeout(LONG_ENOUGH_MS)
    page.locator("#comment").fill(text)
    page.locator("#author").fill("Anna Berger")
    page.locator("#email").fill("anna@reader.example")
    page.locator("#submit").click()
    page.wait_for_url("**#comment-*")


def becomes(wordpress: WordPress, text: str, status: str, seconds: float = PATIENCE_S) -> bool:
    """Whether a comment gets this status in time."""
    ends_at = time.monotonic() + seconds
    while wordpress.status(text) != status and time.monotonic() < ends_at:
        time.sleep(0.2)
    return wordpress.status(text) == status


@contextmanager
def away(service: Service) -> Iterator[None]:
    """The service is stopped while the block lasts."""
    service.stop()
    try:
        yield
    finally:
        service.start()


def click_in_list(page: Page, listed: str, text: str, action: str) -> None:
    """What a moderator clicks under a comment in WordPress's own list."""
    page.goto(f"wp-admin/edit-comments.php?comment_status={listed}")
    row = page.locator("#the-comment-list tr", has_text=text)
    row.hover()
    with page.expect_response("**/admin-ajax.php"):
        row.get_by_role("button", name=action, exact=True).or_(row.locator(f".row-actions .{action} a")).first.click()


# --- Comments --------------------------------------------------------------------------------------------------------


def test_spam_goes_to_spam(wordpress: WordPress, service: Service, article: str, comment: Callable[..., str]) -> None:
    text = comment(SPAM)
    assert wordpress.status(text) == "spam"
    assert not wordpress.shows(article, text)
    assert service.stored(text).status is Status.HELD


def test_good_comment_is_published(
    chromium: Browser, wordpress: WordPress, service: Service, article: str, word: str
) -> None:
    with visitor(chromium, wordpress) as reader:
        write(reader, article, f"{GOOD} {word}")
        assert word in reader.inner_text("body")
    assert wordpress.status(word) == "1"
    assert wordpress.shows(article, word)
    stored = service.stored(word)
    assert stored.status is Status.PUBLISHED
    assert stored.article is not None
    assert stored.article.title == "The bridge opens again"
    assert stored.score.off_topic is not None


def test_hidden_field_is_a_trap(wordpress: WordPress, comment: Callable[..., str]) -> None:
    assert wordpress.status(comment(GOOD, ak_hp_textarea="filled in")) == "spam"


# --- Moderators of WordPress -----------------------------------------------------------------------------------------


def test_not_spam_in_wordpress_is_a_label(
    ann: Page, wordpress: WordPress, service: Service, comment: Callable[..., str]
) -> None:
    text = comment(SPAM)
    click_in_list(ann, "spam", text, "unspam")
    assert wordpress.status(text) == "0"
    assert service.decisions(text) == ["ann: approve"]
    assert service.stored(text).status is Status.PUBLISHED


def test_spam_in_wordpress_is_a_label(
    ann: Page, wordpress: WordPress, service: Service, comment: Callable[..., str]
) -> None:
    text = comment(GOOD)
    click_in_list(ann, "approved", text, "spam")
    assert wordpress.status(text) == "spam"
    assert service.decisions(text) == ["ann: reject_promotional"]


# --- Our moderators --------------------------------------------------------------------------------------------------


def test_decision_in_our_queue_changes_the_comment(
    wordpress: WordPress, service: Service, article: str, comment: Callable[..., str]
) -> None:
    text = comment(SPAM)
    decide(service, text, Decision.APPROVE)
    assert becomes(wordpress, text, "1")
    assert wordpress.shows(article, text)
    decide(service, text, Decision.REJECT_OFF_TOPIC)
    assert becomes(wordpress, text, "spam")
    assert service.decisions(text) == ["bob@gazette.example: approve", "bob@gazette.example: reject_off_topic"]


def test_person_in_wordpress_has_the_last_word_there(
    ann: Page, wordpress: WordPress, service: Service, comment: Callable[..., str]
) -> None:
    text = comment(SPAM)
    click_in_list(ann, "spam", text, "unspam")
    assert tell(wordpress, service.stored(text).comment.id, "true") == {"status": "decided here"}
    assert wordpress.status(text) == "0"


def test_rules_of_wordpress_hold_what_no_person_approved(
    wordpress: WordPress, service: Service, comment: Callable[..., str]
) -> None:
    text = comment(SPAM)
    wordpress.run("update_option( 'comment_moderation', '1' );")
    try:
        assert tell(wordpress, service.stored(text).comment.id, "false") == {"status": "success"}
    finally:
        wordpress.run("update_option( 'comment_moderation', '' );")
    assert wordpress.status(text) == "0"


def test_decisions_need_the_key(wordpress: WordPress) -> None:
    for key in ("", "000000000000", None, ["000000000000"], 0, {"a": 1}):
        body = {"key": key, "endpoint": "comment-check", "comments": [{"guid": "x", "result": "true"}]}
        assert wordpress.call(ROUTE, body)[0] in (400, 401), key


def test_malformed_decisions_change_nothing(wordpress: WordPress, comment: Callable[..., str]) -> None:
    text, key = comment(GOOD), key_of(wordpress)
    [guid] = wordpress.meta(text, "akismet_guid")
    for comments in malformed(guid):
        status, _ = wordpress.call(ROUTE, {"key": key, "comments": comments})
        assert status in (200, 400), comments
    assert wordpress.status(text) == "1"


def malformed(guid: str) -> list[Any]:
    """What no call back of the service holds."""
    decisions: list[Any] = [None, "x", {}, {"guid": guid}, {"guid": [guid], "result": "true"}]
    decisions += [{"guid": guid, "result": result} for result in (True, ["true"], "TRUE", None)]
    decisions += [{"guid": other, "result": "true"} for other in ("", "%", "x")]
    return [None, "all", 7, *([decision] for decision in decisions)]


ROUTE = "comment-moderation/v1/decisions"


def key_of(wordpress: WordPress) -> str:
    return wordpress.run("echo get_option( 'wordpress_api_key' );")


def tell(wordpress: WordPress, guid: str, result: str) -> object:
    """What WordPress says to a call back of the service that no person caused."""
    told = {"key": key_of(wordpress), "endpoint": "comment-check", "comments": [{"guid": guid, "result": result}]}
    status, answer = wordpress.call(ROUTE, told)
    assert status == 200
    return answer["comments"][guid]


def decide(service: Service, text: str, decision: Decision) -> None:
    service.moderator.decide(service.site, service.stored(text).comment.id, decision, "bob@gazette.example")


# --- The service is away ---------------------------------------------------------------------------------------------


def test_comments_are_held_while_the_service_is_away(
    wordpress: WordPress, service: Service, article: str, comment: Callable[..., str]
) -> None:
    with away(service):
        good = comment(GOOD)
        assert wordpress.status(good) == "0"
        assert not wordpress.shows(article, good)
        wordpress.run_due_tasks()
        assert wordpress.status(good) == "0"
    wordpress.run_due_tasks()
    assert wordpress.status(good) == "1"
    assert wordpress.shows(article, good)
    decide(service, good, Decision.REJECT_PROMOTIONAL)
    assert becomes(wordpress, good, "spam")


def test_spam_is_found_once_the_service_is_back(
    wordpress: WordPress, service: Service, comment: Callable[..., str]
) -> None:
    with away(service):
        text = comment(SPAM)
        assert wordpress.status(text) == "0"
    wordpress.run_due_tasks()
    assert wordpress.status(text) == "spam"


def test_comment_by_the_rest_interface_is_held_too(wordpress: WordPress, service: Service, article: str) -> None:
    made = wordpress.run("echo wp_create_user( uniqid( 'sub' ), 'secret', uniqid() . '@reader.example' );")
    assert comment_by_rest(wordpress, article, made, GOOD) == "approved"
    with away(service):
        assert comment_by_rest(wordpress, article, made, f"{GOOD} again") == "hold"


def comment_by_rest(wordpress: WordPress, article: str, user: str, text: str) -> str:
    return wordpress.run(f"""
        wp_set_current_user( {user} );
        $_SERVER['REMOTE_ADDR'] = '192.0.2.7';
        $request = new WP_REST_Request( 'POST', '/wp/v2/comments' );
        $request->set_body_params( array( 'post' => url_to_postid( home_url( '{article}' ) ), 'content' => '{text}' ) );
        $answer = rest_do_request( $request );
        echo $answer->get_data()['status'] ?? wp_json_encode( $answer->get_data() );""")


# --- Articles --------------------------------------------------------------------------------------------------------


def test_published_article_is_told(wordpress: WordPress, service: Service, word: str) -> None:
    number = wordpress.publish(f"About {word}", f"{BODY}<ul><li>one</li><li>two</li></ul>[gallery ids=1]")
    told = service.moderator.article(service.site, str(number))
    assert told.title == f"About {word}"
    assert told.body == "After two years & a half the old bridge carries trams again.\none\ntwo"
    assert told.url == f"{wordpress.address}/about-{word}/"
    assert told.published_at is not None
    wordpress.run(f"wp_update_post( array( 'ID' => {number}, 'post_content' => 'Closed again.' ) );")
    assert service.moderator.article(service.site, str(number)).body == "Closed again."


def test_older_article_is_told_before_its_first_comment(
    wordpress: WordPress, service: Service, comment: Callable[..., str]
) -> None:
    article = comment_article(service, comment(GOOD, "hello-world/"))
    assert article == "Hello world!"


def comment_article(service: Service, text: str) -> str:
    found = service.stored(text).article
    return "" if found is None else found.title


def test_private_articles_are_not_told(wordpress: WordPress, service: Service) -> None:
    for field in ("'post_status' => 'draft'", "'post_status' => 'private'",
                  "'post_status' => 'publish', 'post_password' => 'x'"):  # fmt: skip
        post = f"array( 'post_title' => 'Not yet', 'post_content' => 'Not yet.', {field} )"
        number = wordpress.run(f"echo wp_insert_post( {post} );")
        with pytest.raises(NotFound):
            service.moderator.article(service.site, number)


# --- The settings page -----------------------------------------------------------------------------------------------


def test_settings_page_says_how_things_stand(ann: Page, wordpress: WordPress, service: Service) -> None:
    ann.goto(SETTINGS)
    assert "The service answers, and knows the key." in ann.inner_text(".wrap")
    assert f"{wordpress.address}/wp-json/{ROUTE}" in ann.inner_text(".wrap")
    with away(service):
        ann.reload()
        assert "The service does not answer" in ann.inner_text(".wrap")


def test_page_of_akismet_is_connected(ann: Page) -> None:
    ann.goto("wp-admin/options-general.php?page=akismet-key-config")
    assert ann.locator(".akismet-settings").first.is_visible()
    assert ann.locator(".akismet-critical").count() == 0


def test_settings_page_refuses_what_can_not_be(ann: Page, wordpress: WordPress, service: Service) -> None:
    for address, key in (("javascript:alert(1)", "short"), ("ftp://x.example", '"><script>alert(1)</script>'),
                         ("https://user:secret@x.example", "0123456789AZ")):  # fmt: skip
        save(ann, address, key)
        said = ann.inner_text(".wrap, #wpbody-content")
        assert "The address has to look like https://moderation.example." in said
        assert "The key has to be 12 characters" in said
        assert ann.locator("#comment_moderation_address").input_value() == service.address
        assert ann.locator("#wordpress_api_key").input_value() == key_of(wordpress)


def test_settings_page_takes_an_address_and_a_key(ann: Page, wordpress: WordPress, service: Service) -> None:
    key = key_of(wordpress)
    try:
        save(ann, service.address, "0" * 12)
        assert "does not know the key" in ann.inner_text(".wrap")
    finally:
        save(ann, f" {service.address}/ ", key.upper())
    assert "The service answers, and knows the key." in ann.inner_text(".wrap")
    assert ann.locator("#comment_moderation_address").input_value() == service.address


def save(page: Page, address: str, key: str) -> None:
    page.goto(SETTINGS)
    page.locator("#comment_moderation_address").fill(address)
    page.locator("#wordpress_api_key").fill(key)
    with page.expect_navigation():
        page.get_by_role("button", name="Save Changes").click()


def test_settings_need_an_administrator_and_a_nonce(ann: Page, wordpress: WordPress, service: Service) -> None:
    forged: dict[str, str | float | bool] = {
        "option_page": "comment-moderation",
        "action": "update",
        "comment_moderation_address": "https://evil.example",
    }
    answer = ann.request.post(f"{wordpress.address}/wp-admin/options.php", form=forged)
    assert answer.status == 403
    shown = wordpress.run("""
        wp_set_current_user( wp_create_user( uniqid( 'sub' ), 'secret', uniqid() . '@reader.example' ) );
        ( new CommentModeration\\Page( new CommentModeration\\Service() ) )->show();""")
    assert shown == ""
    assert wordpress.run("echo get_option( 'comment_moderation_address' );") == service.address


# --- The file --------------------------------------------------------------------------------------------------------


def test_plugin_is_php_7_4() -> None:
    if shutil.which("php") is None:
        pytest.skip("no php on this machine")
    subprocess.run(["php", "-l", str(PLUGIN)], check=True, capture_output=True, timeout=60)
    newer = subprocess.run(
        ["php", str(NEWER_THAN_7_4), str(PLUGIN)], check=True, capture_output=True, text=True, timeout=60
    )
    assert newer.stdout == ""
