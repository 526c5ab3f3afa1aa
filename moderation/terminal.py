"""What commands share: options, the store that is configured, and text that steers no terminal."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from moderation import settings as every_setting

if TYPE_CHECKING:
    from moderation.moderator import Moderator

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def days(context: click.Context, option: click.Parameter, value: str) -> timedelta:
    """An option's number of days, written with a ``d``."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})d", value)
    if found is None:
        wanted = f"expected 1 to 99999 days, such as 180d, not {visible(value[:80])!r}"
        raise click.BadParameter(wanted, context, option)
    return timedelta(days=int(found[1]))


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


_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """``text`` with the characters that steer a terminal, or turn its text round, as escapes."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
