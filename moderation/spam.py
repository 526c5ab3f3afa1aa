"""Spam or not: all that Akismet's protocol can be told of a comment, which has no word for a held one."""

from moderation.comment import Action, Status
from moderation.storage.records import SiteSettings


def is_spam(action: Action, status: Status, settings: SiteSettings) -> bool:
    """What is said of a comment that stands there. A site that only watches publishes what its people see as held."""
    if status is Status.HELD:
        return action is not Action.PUBLISH and not settings.akismet_passes_held
    return status is Status.REJECTED
