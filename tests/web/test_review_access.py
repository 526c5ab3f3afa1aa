"""Who gets in: sessions, roles, one-time links, and requests of other sites."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from api import create_app
from moderation.moderator import Moderator, Role
from moderation.storage.database import Database
from tests.web.conftest import Service

PASSWORD = "a password for tests"
OURS = {"Sec-Fetch-Site": "same-origin"}
Enter = Callable[[str, Role], FlaskClient]


@pytest.fixture
def moderator(service: Service) -> Moderator:
    return Moderator(service.release, Database.open(service.settings.database_url))


@pytest.fixture
def enter(service: Service, moderator: Moderator) -> Enter:
    """Gives the browser of a signed-in user."""

    def made(email: str, role: Role) -> FlaskClient:
        client = service.app.test_client()
        token = moderator.accounts.add_user(email, role)
        form = {"password": PASSWORD, "again": PASSWORD}
        answer = client.post(f"/review/invitation/{token}", data=form, headers=OURS)
        assert answer.status_code == 302
        return client

    return made


def test_fresh_installation_lands_at_try(service: Service) -> None:
    answer = service.client.get("/")
    assert answer.location == "/try"
    page = service.client.get("/try")
    assert page.status_code == 200
    assert "moderation site add" in page.text
    assert "The old bridge carries trams again" in page.text


def test_try_asks_for_session_once_users_exist(service: Service, enter: Enter) -> None:
    client = enter("ann@example.org", Role.MODERATOR)
    assert service.app.test_client().get("/try").location == "/review/sign-in?next=/try"
    assert client.get("/try").status_code == 200


def test_first_administrator_signs_up_once(service: Service, moderator: Moderator) -> None:
    token = moderator.accounts.first_administrator_token()
    form = {"email": "ann@example.org", "password": PASSWORD, "again": PASSWORD}
    client = service.app.test_client()
    assert client.post(f"/review/invitation/{token}", data=form, headers=OURS).location == "/review"
    assert client.get("/review/users").status_code == 200
    again = service.app.test_client().post(f"/review/invitation/{token}", data=form, headers=OURS)
    assert again.status_code == 404


@pytest.mark.parametrize(
    ("change", "fault"),
    [({"again": "another password"}, "not the same"), ({"password": "short", "again": "short"}, "characters")],
)
def test_wrong_new_password_keeps_the_link(
    service: Service, moderator: Moderator, change: dict[str, str], fault: str
) -> None:
    token = moderator.accounts.add_user("ann@example.org", Role.MODERATOR)
    form = {"password": PASSWORD, "again": PASSWORD} | change
    answer = service.client.post(f"/review/invitation/{token}", data=form, headers=OURS)
    assert answer.status_code == 400
    assert fault in answer.text
    assert moderator.accounts.invited(token) == "ann@example.org"


@pytest.mark.parametrize(
    "path", ["/review", "/review/decided", "/review/dashboard", "/review/account", "/review/items"]
)
def test_pages_need_a_session(service: Service, path: str) -> None:
    assert service.client.get(path).location.startswith("/review/sign-in?next=")


@pytest.mark.parametrize("path", ["decisions", "undo", "claims", "claims/release", "selections", "users", "sites"])
def test_actions_need_a_session(service: Service, path: str) -> None:
    answer = service.client.post(f"/review/{path}", json={}, headers=OURS)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["users", "sites", "rules?site=gazette", "export?format=csv"])
def test_moderators_see_no_administration(enter: Enter, path: str) -> None:
    assert enter("bob@example.org", Role.MODERATOR).get(f"/review/{path}").status_code == 403
    assert enter("ann@example.org", Role.ADMINISTRATOR).get(f"/review/{path}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
def test_requests_of_other_sites_are_refused(enter: Enter, headers: dict[str, str]) -> None:
    client = enter("ann@example.org", Role.ADMINISTRATOR)
    assert client.post("/review/sites", data={"name": "evil"}, headers=headers).status_code == 403
    assert client.post("/review/undo", json={}, headers=headers).status_code == 403
    assert "evil" not in client.get("/review/sites").text


def test_own_origin_is_enough(enter: Enter) -> None:
    client = enter("ann@example.org", Role.ADMINISTRATOR)
    answer = client.post("/review/sites", data={"name": "evening"}, headers={"Origin": "http://localhost"})
    assert answer.status_code == 200


def test_cookie_is_kept_from_scripts_and_sites(service: Service, moderator: Moderator, enter: Enter) -> None:
    enter("ann@example.org", Role.MODERATOR)
    form = {"email": "ann@example.org", "password": PASSWORD}
    plain = service.client.post("/review/sign-in", data=form, headers={"Origin": "http://localhost"})
    secure = service.client.post("/review/sign-in", data=form, headers=OURS | {"Origin": "https://localhost"})
    for answer, is_secure in ((plain, False), (secure, True)):
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) == is_secure


def test_wrong_password_is_slowed_down(service: Service, enter: Enter) -> None:
    enter("ann@example.org", Role.MODERATOR)
    form = {"email": "ann@example.org", "password": "not this one, no"}
    statuses = [service.client.post("/review/sign-in", data=form, headers=OURS).status_code for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    right = service.client.post("/review/sign-in", data=form | {"password": PASSWORD}, headers=OURS)
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/review/decided?by=ann", "/review/decided?by=ann"),
        ("/try", "/try"),
        ("https://evil.example/review", "/review"),
        ("//evil.example/review", "/review"),
        ("/\\evil.example/review", "/review"),
        ("javascript:alert(1)", "/review"),
        ("/reviewers", "/review"),
    ],
)
def test_sign_in_leads_to_own_pages(service: Service, enter: Enter, wanted: str, reached: str) -> None:
    enter("ann@example.org", Role.MODERATOR)
    form = {"email": "ann@example.org", "password": PASSWORD, "next": wanted}
    assert service.app.test_client().post("/review/sign-in", data=form, headers=OURS).location == reached


def test_signed_out_session_opens_nothing(enter: Enter) -> None:
    client = enter("ann@example.org", Role.MODERATOR)
    cookie = client.get_cookie("moderation_session")
    assert cookie is not None
    client.post("/review/sign-out", headers=OURS)
    client.set_cookie("moderation_session", cookie.value)
    assert client.get("/review").status_code == 302


def test_locked_user_is_out_at_once(enter: Enter, moderator: Moderator) -> None:
    enter("ann@example.org", Role.ADMINISTRATOR)
    client = enter("bob@example.org", Role.MODERATOR)
    bob = next(user for user in moderator.accounts.users() if user.email == "bob@example.org")
    moderator.accounts.set_active(bob.id, False)
    assert client.get("/review").status_code == 302


def test_password_is_changed_with_the_old_one(enter: Enter) -> None:
    client = enter("ann@example.org", Role.MODERATOR)
    wrong = client.post("/review/account/password", data={"password": "not this one, no"}, headers=OURS)
    assert wrong.status_code == 400
    right = client.post("/review/account/password", data={"password": PASSWORD}, headers=OURS)
    assert "/review/invitation/" in right.location


@pytest.mark.parametrize("path", ["/try", "/review/sign-in", "/review/invitation/none", "/review/no/such/page"])
def test_policy_allows_no_foreign_content(service: Service, path: str) -> None:
    answer = service.client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "style=" not in answer.text
    assert "<script>" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_attempts_behind_a_proxy_are_counted_by_client(service: Service, moderator: Moderator) -> None:
    app = create_app(replace(service.settings, proxies=1), service.release)

    def guess(number: int, forwarded: str) -> int:
        form = {"email": f"u{number}@example.org", "password": "wrong"}
        headers = OURS | {"X-Forwarded-For": forwarded}
        return app.test_client().post("/review/sign-in", data=form, headers=headers).status_code

    answers = [guess(number, f"198.51.100.{number}, 203.0.113.9") for number in range(21)]
    assert answers == [403] * 20 + [429]
    assert guess(21, "203.0.113.9, 203.0.113.10") == 403
