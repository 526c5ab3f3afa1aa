"""Sites, their keys, their settings and their rules.

A key is 32 random bytes, so that its plain SHA-256 is as hard to guess as the key itself and can be looked up. An
Akismet key has six, since its clients take no more: it opens less, and a stolen database gives it away.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Action
from moderation.storage.errors import Conflict, NotFound
from moderation.storage.records import KeyKind, Rule, RuleKind, Site, SiteSettings
from moderation.storage.tables import site_keys, site_rules, sites, upsert

_SETTINGS = tuple(field.name for field in fields(SiteSettings))


def hash_of(secret: str) -> bytes:
    """Under what a key or token of high entropy is stored."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def add(connection: Connection, name: str, settings: SiteSettings, now: datetime) -> int:
    """Add a site and give its number. Raises ``Conflict`` where the name is taken."""
    insert = upsert(sites, connection.dialect.name).on_conflict_do_nothing().returning(sites.c.id)
    number = connection.execute(insert.values(name=name, created_at=now, **_columns(settings))).scalar()
    if number is None:
        raise Conflict(f"there is a site {name!r} already")
    return int(number)


def every(connection: Connection) -> tuple[Site, ...]:
    """All sites by name."""
    return tuple(site_of(row) for row in connection.execute(sa.select(sites).order_by(sites.c.name)))


def named(connection: Connection, name: str) -> Site:
    """The site of that name. Raises ``NotFound``."""
    row = connection.execute(sa.select(sites).where(sites.c.name == name)).first()
    if row is None:
        raise NotFound(f"there is no site {name!r}")
    return site_of(row)


def numbered(connection: Connection, site_id: int) -> Site:
    """The site of that number."""
    return site_of(connection.execute(sa.select(sites).where(sites.c.id == site_id)).one())


def set_settings(connection: Connection, site_id: int, settings: SiteSettings) -> None:
    """Change a site's settings; other processes see by the rules' version that something changed."""
    values = _columns(settings) | {"rules_version": sites.c.rules_version + 1}
    connection.execute(sa.update(sites).where(sites.c.id == site_id).values(**values))


def add_key(connection: Connection, site_id: int, key: str, kind: KeyKind, now: datetime) -> None:
    """Let a key speak for a site from now on."""
    values = {"site_id": site_id, "kind": kind, "key_hash": hash_of(key), "created_at": now}
    connection.execute(sa.insert(site_keys), values)


def end_keys(connection: Connection, site_id: int, kind: KeyKind, ends_at: datetime) -> None:
    """Let all keys of a kind of a site end then, or before where they did already."""
    mine = (site_keys.c.site_id == site_id, site_keys.c.kind == kind)
    later = sa.or_(site_keys.c.ends_at.is_(None), site_keys.c.ends_at > ends_at)
    connection.execute(sa.update(site_keys).where(*mine, later).values(ends_at=ends_at))


def of_key(connection: Connection, key: str, now: datetime) -> tuple[Site, KeyKind] | None:
    """The site that a key speaks for and the key's kind, or None."""
    valid = sa.or_(site_keys.c.ends_at.is_(None), site_keys.c.ends_at > now)
    query = sa.select(sites, site_keys.c.kind).join(site_keys).where(site_keys.c.key_hash == hash_of(key), valid)
    row = connection.execute(query).first()
    return None if row is None else (site_of(row), KeyKind(row.kind))


def rules_version(connection: Connection, site_id: int) -> int:
    """A number that rises whenever a site's settings or rules change. Raises ``NotFound``."""
    version = connection.execute(sa.select(sites.c.rules_version).where(sites.c.id == site_id)).scalar()
    if version is None:
        raise NotFound("there is no such site")
    return int(version)


def settings_of(connection: Connection, site_id: int) -> SiteSettings:
    """A site's settings as they stand now."""
    return numbered(connection, site_id).settings


def rules(connection: Connection, site_id: int) -> tuple[Rule, ...]:
    """A site's rules by kind and value."""
    query = sa.select(site_rules).where(site_rules.c.site_id == site_id)
    ordered = query.order_by(site_rules.c.kind, site_rules.c.value)
    return tuple(_rule(row) for row in connection.execute(ordered))


def add_rules(connection: Connection, site_id: int, added: Sequence[Rule], by: str, now: datetime) -> int:
    """Add rules, or change the action of those that are there; give how many were new or changed."""
    there = {(rule.kind, rule.value): rule.action for rule in rules(connection, site_id)}
    rows = [
        {"site_id": site_id, "kind": kind, "value": value, "action": action, "created_at": now, "created_by": by}
        for (kind, value), action in {(rule.kind, rule.value): rule.action for rule in added}.items()
        if there.get((kind, value)) != action
    ]
    insert = upsert(site_rules, connection.dialect.name)
    new = {column: insert.excluded[column] for column in ("action", "created_at", "created_by")}
    if rows:
        connection.execute(insert.on_conflict_do_update(index_elements=["site_id", "kind", "value"], set_=new), rows)
        _touch(connection, site_id)
    return len(rows)


def remove_rules(connection: Connection, site_id: int, rule_ids: Sequence[int]) -> None:
    """Remove rules of a site; those of another are left."""
    rows = [{"rule": rule_id} for rule_id in rule_ids]
    if not rows:
        return
    mine = site_rules.c.site_id == site_id
    connection.execute(sa.delete(site_rules).where(mine, site_rules.c.id == sa.bindparam("rule")), rows)
    _touch(connection, site_id)


def count_rules(connection: Connection, site_id: int, kind: RuleKind | None = None) -> int:
    """How many rules a site has, of one kind or of all."""
    query = sa.select(sa.func.count()).select_from(site_rules).where(site_rules.c.site_id == site_id)
    if kind is not None:
        query = query.where(site_rules.c.kind == kind.value)
    return int(connection.execute(query).scalar_one())


def _touch(connection: Connection, site_id: int) -> None:
    changed = sa.update(sites).where(sites.c.id == site_id)
    connection.execute(changed.values(rules_version=sites.c.rules_version + 1))


def _columns(settings: SiteSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in _SETTINGS}


def site_of(row: sa.Row[Any]) -> Site:
    """The site of a row."""
    settings = SiteSettings(**{name: getattr(row, name) for name in _SETTINGS})
    return Site(row.id, row.name, settings, row.created_at)


def _rule(row: sa.Row[Any]) -> Rule:
    return Rule(RuleKind(row.kind), row.value, Action(row.action), row.id, row.created_at, row.created_by)
