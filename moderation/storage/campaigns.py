"""The traces by which comments of one campaign find each other, and the keys of their authors, all as 64-bit hashes.

What a trace is, the detector says; here each is only a kind and a value.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.comment import Author
from moderation.storage import bulk
from moderation.storage.tables import campaign_keys

Trace = tuple[str, str]


def key_of(kind: str, value: str) -> int:
    """A signed 64-bit hash of what two comments may share."""
    digest = blake2b(f"{kind}:{value}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def author_key(author: Author) -> int | None:
    """By which an author is known on a site: the e-mail address, else the name."""
    if author.email.strip():
        return key_of("email", author.email.strip().casefold())
    return name_key(author.name)


def name_key(name: str) -> int | None:
    """By which an author's name is looked up."""
    folded = " ".join(name.split()).casefold()
    return key_of("name", folded) if folded else None


def add(connection: Connection, traces: Iterable[tuple[int, int, Trace]]) -> None:
    """Keep traces of comments, each with its site's and its comment's number."""
    rows = [
        {"key": key_of(kind, value), "site_id": site_id, "comment_id": number}
        for site_id, number, (kind, value) in traces
    ]
    bulk.insert(connection, campaign_keys, rows, "ON CONFLICT DO NOTHING")


def forget(connection: Connection, numbers: Sequence[int]) -> None:
    """Remove all traces of comments."""
    connection.execute(sa.delete(campaign_keys).where(campaign_keys.c.comment_id.in_(numbers)))


def numbers_with(traces: Iterable[Trace], site_id: int | None = None, shared: int = 1) -> sa.Select[tuple[int]]:
    """A query for the numbers of comments that have at least so many of these traces."""
    keys = [key_of(kind, value) for kind, value in traces]
    query = sa.select(campaign_keys.c.comment_id).where(campaign_keys.c.key.in_(keys))
    if site_id is not None:
        query = query.where(campaign_keys.c.site_id == site_id)
    if shared == 1:
        return query
    return query.group_by(campaign_keys.c.comment_id).having(sa.func.count() >= shared)
