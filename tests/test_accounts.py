"""Joining, signing in, sessions and roles, on both databases."""

import threading

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher, Type, extract_parameters

from moderation.accounts import Accounts
from moderation.comment import Comment
from moderation.moderator import Conflict, Filter, Invalid, Moderator, NotFound, Order, Role, Site, Throttled, User
from moderation.storage.database import Database
from tests.conftest import SPAM, Clock

EMAIL = "ann@example.org"
PASSWORD = "a long enough password"


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    """Accounts whose passwords are hashed in a moment."""
    return Accounts(database, clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def ann(accounts: Accounts) -> User:
    return join(accounts, EMAIL)


def join(accounts: Accounts, email: str, role: Role = Role.MODERATOR) -> User:
    return accounts.accept(accounts.add_user(email, role), PASSWORD)


def test_first_administrator_joins_once(accounts: Accounts) -> None:
    old, token = accounts.first_administrator_token(), accounts.first_administrator_token()
    assert old is not None
    assert token is not None
    assert (accounts.invited(old), accounts.invited(token)) == (None, "")
    user = accounts.accept(token, PASSWORD, " Ann@Example.ORG ")
    assert (user.email, user.role) == (EMAIL, Role.ADMINISTRATOR)
    assert accounts.first_administrator_token() is None
    with pytest.raises(NotFound):
        accounts.accept(token, PASSWORD, "eve@example.org")


def test_link_of_first_administrator_ends(accounts: Accounts, clock: Clock) -> None:
    token = accounts.first_administrator_token()
    assert token is not None
    clock.advance(hours=24)
    with pytest.raises(NotFound):
        accounts.accept(token, PASSWORD, EMAIL)


def test_two_can_not_become_the_first(accounts: Accounts, database: Database) -> None:
    token = accounts.first_administrator_token()
    assert token is not None
    results: list[object] = []

    def accept(email: str) -> None:
        try:
            results.append(accounts.accept(token, PASSWORD, email))
        except NotFound as error:
            results.append(error)

    threads = [threading.Thread(target=accept, args=(f"{name}@example.org",)) for name in ("ann", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(result).__name__ for result in results) == ["NotFound", "User"]
    assert len(accounts.users()) == 1


def test_invited_user_sets_a_password(accounts: Accounts) -> None:
    token = accounts.add_user(EMAIL, Role.MODERATOR)
    assert accounts.invited(token) == EMAIL
    assert accounts.sign_in(EMAIL, "") is None
    assert accounts.accept(token, PASSWORD).role is Role.MODERATOR
    assert accounts.sign_in(EMAIL, PASSWORD) is not None
    with pytest.raises(Conflict):
        accounts.add_user(EMAIL.upper(), Role.MODERATOR)


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1_025])
def test_bad_password_spends_no_token(accounts: Accounts, password: str) -> None:
    token = accounts.add_user(EMAIL, Role.MODERATOR)
    with pytest.raises(Invalid, match="12 to 1024"):
        accounts.accept(token, password)
    accounts.accept(token, PASSWORD)


@pytest.mark.parametrize(
    "email", ["", "ann", "ann@", "@example.org", "ann@example", "a b@example.org", "a\n@example.org"]
)
def test_bad_address_is_refused(accounts: Accounts, email: str) -> None:
    with pytest.raises(Invalid):
        accounts.add_user(email, Role.MODERATOR)


def test_sign_in_makes_a_session(accounts: Accounts, ann: User, clock: Clock) -> None:
    signed_in = accounts.sign_in(" ANN@example.org ", PASSWORD, "192.0.2.1", "Firefox on Linux")
    assert signed_in is not None
    session = accounts.session(signed_in.token)
    assert session is not None
    assert (session.user.id, session.device, session.started_at) == (ann.id, "Firefox on Linux", clock.now)
    assert accounts.session("another") is None
    accounts.sign_out(signed_in.token)
    assert accounts.session(signed_in.token) is None


def test_wrong_password_makes_none(accounts: Accounts, ann: User) -> None:
    assert accounts.sign_in(EMAIL, PASSWORD + " ") is None
    assert accounts.sign_in("nobody@example.org", PASSWORD) is None
    assert accounts.sign_in(EMAIL, "\ud800" * 5_000) is None


def test_secrets_are_stored_as_hashes(accounts: Accounts, ann: User, database: Database) -> None:
    signed_in = accounts.sign_in(EMAIL, PASSWORD)
    invitation = accounts.reset_password(ann.id)
    assert signed_in is not None
    with database.reading() as connection:
        stored = [
            repr(tuple(row))
            for table in ("users", "sessions", "invitations", "attempts")
            for row in connection.execute(sa.text(f"SELECT * FROM {table}"))
        ]
    assert any("$argon2id$" in row for row in stored)
    assert not any(secret in row for row in stored for secret in (PASSWORD, signed_in.token, invitation))


def test_session_ends_unused_and_old(accounts: Accounts, ann: User, clock: Clock) -> None:
    signed_in = accounts.sign_in(EMAIL, PASSWORD)
    assert signed_in is not None
    for _ in range(30 * 24 // 11):
        clock.advance(hours=11)
        assert accounts.session(signed_in.token) is not None
    clock.advance(hours=11)
    assert accounts.session(signed_in.token) is None
    again = accounts.sign_in(EMAIL, PASSWORD)
    assert again is not None
    clock.advance(hours=12)
    assert accounts.session(again.token) is None
    assert accounts.sessions(ann.id) == ()


def test_sessions_can_be_ended(accounts: Accounts, ann: User, other_user: User) -> None:
    tokens = [signed_in.token for _ in range(3) if (signed_in := accounts.sign_in(EMAIL, PASSWORD))]
    newest = accounts.sessions(ann.id)[0]
    accounts.end_session(other_user.id, newest.id)
    assert len(accounts.sessions(ann.id)) == 3
    accounts.end_session(ann.id, newest.id)
    assert [accounts.session(token) is not None for token in tokens] == [True, True, False]
    accounts.end_sessions(ann.id)
    assert accounts.sessions(ann.id) == ()


def test_reset_password_ends_sessions(accounts: Accounts, ann: User) -> None:
    signed_in = accounts.sign_in(EMAIL, PASSWORD)
    assert signed_in is not None
    accounts.accept(accounts.reset_password(ann.id), PASSWORD[::-1])
    assert accounts.session(signed_in.token) is None
    assert accounts.sign_in(EMAIL, PASSWORD) is None
    assert accounts.sign_in(EMAIL, PASSWORD[::-1]) is not None


def test_guessing_is_throttled(accounts: Accounts, ann: User, clock: Clock) -> None:
    for _ in range(5):
        assert accounts.sign_in(EMAIL, "wrong", "192.0.2.1") is None
    clock.advance(minutes=5)
    with pytest.raises(Throttled) as throttled:
        accounts.sign_in(EMAIL, PASSWORD, "192.0.2.1")
    assert throttled.value.retry_after_s == 600
    assert accounts.sign_in(EMAIL, PASSWORD, "192.0.2.2") is not None
    clock.advance(minutes=10)
    assert accounts.sign_in(EMAIL, PASSWORD, "192.0.2.1") is not None


def test_spraying_is_throttled_by_address(accounts: Accounts, ann: User) -> None:
    for number in range(20):
        accounts.sign_in(f"u{number}@example.org", "wrong", "192.0.2.1")
    with pytest.raises(Throttled):
        accounts.sign_in(EMAIL, PASSWORD, "192.0.2.1")


def test_right_password_forgives_mistakes(accounts: Accounts, ann: User) -> None:
    for _ in range(3):
        for _ in range(4):
            assert accounts.sign_in(EMAIL, "wrong", "192.0.2.1") is None
        assert accounts.sign_in(EMAIL, PASSWORD, "192.0.2.1") is not None


def test_locked_out_user_is_out(
    moderator: Moderator, accounts: Accounts, site: Site, ann: User, other_user: User
) -> None:
    signed_in = accounts.sign_in(EMAIL, PASSWORD)
    assert signed_in is not None
    moderator.check(site, Comment(SPAM, "c-1"))
    moderator.review.take(Filter(), Order.OLDEST, ann)
    accounts.set_active(ann.id, False)
    assert accounts.session(signed_in.token) is None
    assert accounts.sign_in(EMAIL, PASSWORD) is None
    assert len(moderator.review.take(Filter(), Order.OLDEST, other_user).items) == 1
    accounts.set_active(ann.id, True)
    assert accounts.sign_in(EMAIL, PASSWORD) is not None


def test_last_administrator_stays(accounts: Accounts, ann: User) -> None:
    admin = join(accounts, "root@example.org", Role.ADMINISTRATOR)
    with pytest.raises(Conflict):
        accounts.set_role(admin.id, Role.MODERATOR)
    with pytest.raises(Conflict):
        accounts.set_active(admin.id, False)
    accounts.set_role(ann.id, Role.ADMINISTRATOR)
    accounts.set_role(admin.id, Role.MODERATOR)
    assert [(one.email, one.role) for one in accounts.users()] == [
        (EMAIL, Role.ADMINISTRATOR),
        ("root@example.org", Role.MODERATOR),
    ]
    with pytest.raises(NotFound):
        accounts.set_role(99, Role.MODERATOR)


def test_shipped_hash_is_slow_to_guess(moderator: Moderator, database: Database) -> None:
    token = moderator.accounts.add_user(EMAIL, Role.MODERATOR)
    moderator.accounts.accept(token, PASSWORD)
    with database.reading() as connection:
        stored = connection.execute(sa.text("SELECT password_hash FROM users")).scalar_one()
    parameters = extract_parameters(stored)
    assert (parameters.type, parameters.memory_cost >= 19 * 1024, parameters.time_cost >= 2) == (Type.ID, True, True)
