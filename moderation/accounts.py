"""Who may sign in: users and their roles, passwords, sessions that can be ended, throttled attempts, one-time links.

Knows the store and Argon2; neither cookies nor pages.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.engine import Connection

from moderation.storage import moderators, review_queue
from moderation.storage.database import Database
from moderation.storage.errors import Conflict, Invalid, NotFound, Throttled
from moderation.storage.records import Role, Session, User

_PASSWORD_LENGTHS = range(12, 1_025)
_LONGEST_ADDRESS = 254
_INVITED_FOR = timedelta(days=7)
_LINK_FOR = timedelta(hours=24)
_SESSION_FOR = timedelta(days=30)
_UNUSED_FOR = timedelta(hours=12)
_NOTED_EVERY = timedelta(minutes=1)
_WINDOW = timedelta(minutes=15)
_MOST_FROM_ONE, _MOST_OF_ACCOUNT, _MOST_OF_ADDRESS = 5, 30, 20


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: its token goes into the cookie and is stored only as a hash."""

    token: str
    user: User


class Accounts:
    """Users and their sessions."""

    def __init__(self, database: Database, clock: Callable[[], datetime], hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._nobody = ""

    # --- Joining -----------------------------------------------------------------------------------------------------

    def first_administrator_token(self) -> str | None:
        """A one-time token for the first administrator's link (24 hours); None where an active one exists.

        Each call makes a new token and ends the one before.
        """
        with self._database.writing() as connection:
            if moderators.administrators(connection):
                return None
            return self._invite(connection, None, _LINK_FOR)

    def add_user(self, email: str, role: Role) -> str:
        """Add a user and return the one-time token (7 days) to set their password with. ``Conflict`` where known."""
        address = _address(email)
        with self._database.writing() as connection:
            return self._invite(connection, moderators.add(connection, address, role, self._clock()), _INVITED_FOR)

    def reset_password(self, user_id: int) -> str:
        """A one-time token (24 hours) with which a user sets a new password; it ends their sessions when used."""
        with self._database.writing() as connection:
            return self._invite(connection, moderators.get(connection, user_id).id, _LINK_FOR)

    def invited(self, token: str) -> str | None:
        """The e-mail address that a one-time token is for ("" for the first administrator's); None if not valid."""
        with self._database.reading() as connection:
            return moderators.invited(connection, token, self._clock())

    def accept(self, token: str, password: str, email: str = "") -> User:
        """Use a one-time token: set the password of its user, or become the first administrator under ``email``.

        Raises ``NotFound`` where the token is used, old or wrong, ``Invalid`` where the password is shorter than 12
        characters or longer than 1,024, or the address is none.
        """
        address = _address(email) if self.invited(token) == "" else ""
        hashed = self._hash(password)
        with self._database.writing() as connection:
            user_id = moderators.use_invitation(connection, token, self._clock())
            if user_id is None:
                if moderators.administrators(connection):
                    raise NotFound("there is an administrator already: ask for an invitation")
                user_id = moderators.add(connection, address, Role.ADMINISTRATOR, self._clock())
            moderators.set_password(connection, user_id, hashed)
            moderators.end_sessions(connection, user_id)
            return moderators.get(connection, user_id)

    # --- Signing in --------------------------------------------------------------------------------------------------

    def sign_in(self, email: str, password: str, address: str = "", device: str = "") -> SignedIn | None:
        """A session where address and password are right and the user is active, else None (always as slow).

        Raises ``Throttled`` after 5 failures of an account from one network address, 30 of an account, or 20 of a
        network address within 15 minutes.
        """
        account = email.strip().casefold()[:_LONGEST_ADDRESS]
        keys = {
            f"{account}\n{address}": _MOST_FROM_ONE,
            f"account {account}": _MOST_OF_ACCOUNT,
            f"address {address}": _MOST_OF_ADDRESS,
        }
        with self._database.writing() as connection:  # counted first, so that attempts side by side count as well
            found = moderators.with_password(connection, account)
            failures = {key: moderators.fail(connection, key, self._clock(), _WINDOW) for key in keys}
        for key, most in keys.items():
            if failures[key].so_many > most:
                raise Throttled(max(1, round((failures[key].first_at + _WINDOW - self._clock()).total_seconds())))
        if not self._is_right(password, found[1] if found else self._hash_of_nobody()) or found is None:
            return None
        token = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            for key in keys:
                moderators.forgive(connection, key, wholly=not key.startswith("address "))
            moderators.start_session(connection, found[0].id, token, device, self._clock())
        return SignedIn(token, found[0])

    def session(self, token: str) -> Session | None:
        """The session of a cookie's token, or None: unknown, ended, unused for 12 hours, or older than 30 days."""
        now = self._clock()
        with self._database.reading() as connection:
            started_after, seen_after = now - _SESSION_FOR, now - _UNUSED_FOR
            session = moderators.session(connection, token, started_after=started_after, seen_after=seen_after)
        if session is not None and now - session.last_seen_at > _NOTED_EVERY:
            with self._database.writing() as connection:
                moderators.see(connection, session.id, now)
        return session

    def sign_out(self, token: str) -> None:
        """End the session of this token."""
        with self._database.writing() as connection:
            moderators.end_session(connection, token=token)

    def sessions(self, user_id: int) -> tuple[Session, ...]:
        """A user's open sessions, newest first."""
        started_after, seen_after = self._clock() - _SESSION_FOR, self._clock() - _UNUSED_FOR
        with self._database.reading() as connection:
            return moderators.sessions_of(connection, user_id, started_after=started_after, seen_after=seen_after)

    def end_session(self, user_id: int, session_id: int) -> None:
        """End one of a user's sessions."""
        with self._database.writing() as connection:
            moderators.end_sessions(connection, user_id, session_id)

    def end_sessions(self, user_id: int) -> None:
        """End all sessions of a user."""
        with self._database.writing() as connection:
            moderators.end_sessions(connection, user_id)

    # --- Users -------------------------------------------------------------------------------------------------------

    def users(self) -> tuple[User, ...]:
        """All users by e-mail address."""
        with self._database.reading() as connection:
            return moderators.every(connection)

    def set_role(self, user_id: int, role: Role) -> None:
        """Change a role. ``Conflict`` where it would leave no active administrator."""
        with self._database.writing() as connection:
            self._keep_an_administrator(connection, user_id, stays=role is Role.ADMINISTRATOR)
            moderators.set_role(connection, user_id, role)

    def set_active(self, user_id: int, active: bool) -> None:
        """Lock a user out (their sessions and claims end) or let them in. ``Conflict`` as in ``set_role``."""
        with self._database.writing() as connection:
            self._keep_an_administrator(connection, user_id, stays=active)
            moderators.set_active(connection, user_id, active)
            if not active:
                moderators.end_sessions(connection, user_id)
                review_queue.release_claims(connection, user_id)

    # --- Parts of the above ------------------------------------------------------------------------------------------

    def _invite(self, connection: Connection, user_id: int | None, valid_for: timedelta) -> str:
        token = secrets.token_urlsafe(32)
        moderators.invite(connection, user_id, token, self._clock() + valid_for)
        return token

    def _keep_an_administrator(self, connection: Connection, user_id: int, *, stays: bool) -> None:
        moderators.get(connection, user_id)
        if not stays and moderators.administrators(connection) == {user_id}:
            raise Conflict("this is the only active administrator: make another one first")

    def _hash(self, password: str) -> str:
        if len(password) not in _PASSWORD_LENGTHS:
            raise Invalid(f"a password has {_PASSWORD_LENGTHS.start} to {_PASSWORD_LENGTHS.stop - 1} characters")
        return self._hasher.hash(password.encode("utf-8", "replace"))

    def _is_right(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password.encode("utf-8", "replace")[: 4 * _PASSWORD_LENGTHS.stop])
        except (VerificationError, InvalidHashError):
            return False

    def _hash_of_nobody(self) -> str:
        """What an unknown user's password is compared with, so that the answer takes as long as a known one's."""
        if not self._nobody:
            self._nobody = self._hasher.hash(secrets.token_bytes(16))
        return self._nobody


def _address(email: str) -> str:
    address = email.strip().casefold()
    name, at, host = address.rpartition("@")
    if not (name and at and "." in host and len(address) <= _LONGEST_ADDRESS and address.isprintable()):
        raise Invalid("expected an e-mail address such as name@example.com")
    if any(map(str.isspace, address)):
        raise Invalid("an e-mail address has no blanks")
    return address
