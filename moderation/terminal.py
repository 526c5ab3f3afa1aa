"""What commands share: options, the store that is configured, and text that steers no terminal."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from moderation import settings as every_setting

if TYPE_CHECKING:
    from moderation.moderator import Moderator

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@contextmanager
def opened_moderator() -> Iterator["Moderator"]:
    """The use cases of records over the configured database; nothing is scored."""
    from moderation import release
    from moderation.moderator import Moderator
    from moderation.storage.database import Database

    settings = every_setting.load()
    database = Database.open(settings.database_url, connections=1)
    try:
        yield Moderator(release.load(release.current(settings.models)), database)
    finally:
        database.close()


_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """``text`` with the characters that steer a terminal, or turn its text round, as escapes."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
