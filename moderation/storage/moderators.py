"""Users, their one-time tokens and sessions, and the failures to sign in. Tokens stand here only as hashes."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.storage.errors import Conflict, NotFound
from moderation.storage.records import Role, Session, User
from moderation.storage.sites import hash_of
from moderation.storage.tables import attempts, invitations, sessions, upsert, users

_LONG_OVER = timedelta(days=2)


def add(connection: Connection, email: str, role: Role, now: datetime) -> int:
    """Add a user without a password. ``Conflict`` where the address is known."""
    insert = upsert(users, connection.dialect.name).on_conflict_do_nothing().returning(users.c.id)
    number = connection.execute(insert, {"email": email, "role": role.value, "created_at": now}).scalar()
    if number is None:
        raise Conflict("there is a user of this address already")
    return int(number)


def every(connection: Connection) -> tuple[User, ...]:
    """All users by address."""
    return tuple(map(_user, connection.execute(sa.select(users).order_by(users.c.email))))


def get(connection: Connection, user_id: int) -> User:
    """One user. Raises ``NotFound``."""
    row = connection.execute(sa.select(users).where(users.c.id == user_id)).first()
    if row is None:
        raise NotFound("there is no such user")
    return _user(row)


def with_password(connection: Connection, email: str) -> tuple[User, str] | None:
    """An active user with the hash of their password, where they have set one."""
    active = (users.c.email == email, users.c.active, users.c.password_hash != "")
    row = connection.execute(sa.select(users).where(*active)).first()
    return None if row is None else (_user(row), row.password_hash)


def set_password(connection: Connection, user_id: int, password_hash: str) -> None:
    """Change the hash of a password."""
    connection.execute(sa.update(users).where(users.c.id == user_id).values(password_hash=password_hash))


def set_role(connection: Connection, user_id: int, role: Role) -> None:
    """Change a role."""
    connection.execute(sa.update(users).where(users.c.id == user_id).values(role=role.value))


def set_active(connection: Connection, user_id: int, active: bool) -> None:
    """Lock a user out or let them in."""
    connection.execute(sa.update(users).where(users.c.id == user_id).values(active=active))


def administrators(connection: Connection) -> set[int]:
    """The active administrators who have a password; locked, so that the last two can not leave at once."""
    mine = (users.c.role == Role.ADMINISTRATOR.value, users.c.active, users.c.password_hash != "")
    query = sa.select(users.c.id).where(*mine).order_by(users.c.id).with_for_update()
    return set(connection.execute(query).scalars())


def invite(connection: Connection, user_id: int | None, token: str, ends_at: datetime) -> None:
    """Let a one-time token speak for a user, or for the first administrator; tokens given before end."""
    same = invitations.c.user_id.is_(None) if user_id is None else invitations.c.user_id == user_id
    connection.execute(sa.delete(invitations).where(same))
    values = {"token_hash": hash_of(token), "user_id": user_id, "ends_at": ends_at}
    connection.execute(sa.insert(invitations), values)


def invited(connection: Connection, token: str, now: datetime) -> str | None:
    """For whose address a token is, "" for the first administrator's; None where it is not valid."""
    query = (
        sa.select(sa.func.coalesce(users.c.email, ""))
        .select_from(invitations.outerjoin(users, users.c.id == invitations.c.user_id))
        .where(invitations.c.token_hash == hash_of(token), invitations.c.ends_at > now)
    )
    return connection.execute(query).scalar()


def use_invitation(connection: Connection, token: str, now: datetime) -> int | None:
    """Spend a token and give its user, None for the first administrator. ``NotFound`` where it is not valid."""
    valid = (invitations.c.token_hash == hash_of(token), invitations.c.ends_at > now)
    row = connection.execute(sa.delete(invitations).where(*valid).returning(invitations.c.user_id)).first()
    if row is None:
        raise NotFound("this link was used, has ended, or never was one: ask for a new one")
    return None if row.user_id is None else int(row.user_id)


def start_session(connection: Connection, user_id: int, token: str, device: str, now: datetime) -> None:
    """Let a token speak for a user until its session ends."""
    values = {"token_hash": hash_of(token), "user_id": user_id, "started_at": now, "last_seen_at": now}
    connection.execute(sa.insert(sessions), values | {"device": device[:200]})
    connection.execute(sa.update(users).where(users.c.id == user_id).values(last_seen_at=now))


def session(connection: Connection, token: str, *, started_after: datetime, seen_after: datetime) -> Session | None:
    """The open session of a token, with its active user."""
    query = _sessions().where(
        sessions.c.token_hash == hash_of(token),
        sessions.c.started_at > started_after,
        sessions.c.last_seen_at > seen_after,
        users.c.active,
    )
    row = connection.execute(query).first()
    return None if row is None else _session(row)


def see(connection: Connection, session_id: int, now: datetime) -> None:
    """Note that a session was used."""
    connection.execute(sa.update(sessions).where(sessions.c.id == session_id).values(last_seen_at=now))


def sessions_of(
    connection: Connection, user_id: int, *, started_after: datetime, seen_after: datetime
) -> tuple[Session, ...]:
    """A user's open sessions, newest first."""
    still = (sessions.c.started_at > started_after, sessions.c.last_seen_at > seen_after)
    query = _sessions().where(sessions.c.user_id == user_id, *still).order_by(sessions.c.id.desc())
    return tuple(map(_session, connection.execute(query)))


def end_session(connection: Connection, *, token: str) -> None:
    """End the session of a token."""
    connection.execute(sa.delete(sessions).where(sessions.c.token_hash == hash_of(token)))


def end_sessions(connection: Connection, user_id: int, session_id: int | None = None) -> None:
    """End one session of a user, or all."""
    where = [sessions.c.user_id == user_id] + ([] if session_id is None else [sessions.c.id == session_id])
    connection.execute(sa.delete(sessions).where(*where))


class Failures(NamedTuple):
    """How often a sign-in failed under a key, and when the first time was."""

    so_many: int
    first_at: datetime


def fail(connection: Connection, key: str, now: datetime, window: timedelta) -> Failures:
    """Count a failure under a key and give how many there are; one outside the window begins anew."""
    insert = upsert(attempts, connection.dialect.name)
    over = attempts.c.first_at <= now - window
    counted = insert.on_conflict_do_update(
        index_elements=["key_hash"],
        set_={
            "failures": sa.case((over, 1), else_=attempts.c.failures + 1),
            "first_at": sa.case((over, insert.excluded.first_at), else_=attempts.c.first_at),
        },
    ).returning(attempts.c.failures, attempts.c.first_at)
    row = connection.execute(counted, {"key_hash": hash_of(key), "failures": 1, "first_at": now}).one()
    return Failures(row.failures, row.first_at)


def forgive(connection: Connection, key: str, *, wholly: bool) -> None:
    """Forget all failures under a key, or the last one."""
    mine = attempts.c.key_hash == hash_of(key)
    if wholly:
        connection.execute(sa.delete(attempts).where(mine))
    else:
        connection.execute(sa.update(attempts).where(mine).values(failures=attempts.c.failures - 1))


def sweep(connection: Connection, now: datetime) -> None:
    """Remove links that have ended, and sessions and failures that are old enough to count no more."""
    connection.execute(sa.delete(sessions).where(sessions.c.last_seen_at < now - _LONG_OVER))
    connection.execute(sa.delete(attempts).where(attempts.c.first_at < now - _LONG_OVER))
    connection.execute(sa.delete(invitations).where(invitations.c.ends_at < now))


def _sessions() -> sa.Select[Any]:
    named = (sessions.c.id.label("session_id"), sessions.c.started_at, sessions.c.device)
    used = sessions.c.last_seen_at.label("used_at")
    return sa.select(users, *named, used).join(sessions, sessions.c.user_id == users.c.id)


def _session(row: sa.Row[Any]) -> Session:
    return Session(row.session_id, _user(row), row.started_at, row.used_at, row.device)


def _user(row: sa.Row[Any]) -> User:
    return User(row.id, row.email, Role(row.role), row.active, row.created_at, row.last_seen_at)
