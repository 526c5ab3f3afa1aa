"""Which release a running process scores with: it takes up what ``models/current`` names, beside its requests.

The new release is loaded beside the old one, and calls under way end with the one that they began with. One that does
not load leaves the old one serving, and is told of. Must not know how a release came to be current.
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable

from moderation import release as releases
from moderation.comment import Article, Comment
from moderation.gathering import GatheringRelease
from moderation.moderator import Moderator
from moderation.release import Release, ReleaseError
from moderation.shelf import Shelf

__all__ = ["ReleaseError", "Switch"]

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often a process looks. A release is loaded in some 40 ms, so that all processes have it within two seconds."""

TRY_AGAIN_S = 5.0
"""How long a release that did not load is left alone: its files may still be on their way."""

_PROBE = (Comment("Does it score?"), Article(title="A release"))


class Switch:
    """The release of one process. ``alert`` says in a line what is wrong, empty where nothing is.

    ``beside`` is done at each look, beside the requests; where it returns True it had work and is done again at once.
    """

    def __init__(
        self, shelf: Shelf, release: Release, moderator: Moderator, beside: Callable[[], bool] = lambda: False
    ) -> None:
        self.shelf = shelf
        self.release = release
        self.alert = ""
        self._moderator = moderator
        self._beside, self._trouble, self._beside_again_s = beside, "", 0.0
        self._name = release.version
        self._failed, self._again_s = "", 0.0

    def start(self) -> None:
        """Look from now on, in a thread that ends with this object."""
        threading.Thread(target=_watch, args=(weakref.ref(self),), daemon=True).start()

    def look(self) -> None:
        """Take up the release that is current now. Never raises."""
        try:
            name = self.shelf.current()
            if name == self._name:
                self.alert = self._failed = ""
            elif name != self._failed or time.monotonic() >= self._again_s:
                self._take_up(name)
        except Exception as error:  # whatever is wrong with the new one, the old one serves on
            self._tell(error)

    def work(self) -> bool:
        """Do what is to be done beside the requests once, and say whether there was something. Never raises."""
        if time.monotonic() < self._beside_again_s:
            return False
        try:
            more, self._trouble = self._beside(), ""
        except Exception as error:  # the thread has to go on looking
            if str(error) != self._trouble:
                logger.warning("beside the requests: %s", error)
            more, self._trouble, self._beside_again_s = False, str(error), time.monotonic() + TRY_AGAIN_S
        return more

    def _take_up(self, name: str) -> None:
        self._failed, self._again_s = name, time.monotonic() + TRY_AGAIN_S
        loaded = releases.load(self.shelf.models / name)
        loaded.classifier.score_many([_PROBE])
        self._moderator.release = GatheringRelease.of(loaded)
        self.release, self._name, self._failed, self.alert = loaded, name, "", ""
        logger.warning("release %s scores from now on", name)

    def _tell(self, error: Exception) -> None:
        what = f"release {self._failed} can not be loaded" if self._failed else "models/current can not be read"
        alert = f"{what}; {self.release.version} serves on"
        if alert != self.alert:
            logger.error("%s: %s", alert, error)
        self.alert = alert


def _watch(switch: "weakref.ref[Switch]") -> None:
    """Look until the switch is gone: this thread must not keep it."""
    while True:
        here = switch()
        if here is None:
            return
        here.look()
        more = here.work()
        del here
        time.sleep(LOOK_S / 20 if more else LOOK_S)
