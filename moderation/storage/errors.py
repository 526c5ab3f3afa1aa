"""What the store refuses, each in one line that a person can act on and without any reader's text.

Knows neither HTTP nor the command line: they give these errors their form.
"""
# ruff: noqa: N818  # each name says what was refused, as it is caught: except Conflict


class StoreError(Exception):
    """Any refusal of the store. Its text is fit to be shown."""


class Unavailable(StoreError):
    """The database does not answer or is locked: nothing was stored, try again."""


class NewerDatabase(StoreError):
    """The database was written by a newer program than this one."""


class OutdatedDatabase(StoreError):
    """The database needs ``moderation db upgrade`` before this program may use it."""


class NotFound(StoreError):
    """No such record, or it is another site's."""


class Conflict(StoreError):
    """The record changed, or another moderator has it open, since the caller saw it."""


class Invalid(StoreError):
    """A value that can not be taken; the text says what is allowed."""


class Throttled(StoreError):
    """Too many attempts. ``retry_after_s`` says when the next one is looked at."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many attempts: try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s
