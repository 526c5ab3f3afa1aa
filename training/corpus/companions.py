"""What stands beside the first remark of a comment: another remark, a sentence of the article, an innocent link.

People say two things at once, and promoters pad what they sell with harmless words. It also gives both labels the same
mean length, whatever the templates of a language are. It must not touch what the comment itself says.
"""

import re
from random import Random

from training.corpus.grammar import Kinds, Language, Recipe, pick
from training.corpus.scene import Scene

_OF_PROMOTION = 0.2  # companions that a promotional comment has on average
_MOST = 1.5
_SENTENCE_END = re.compile(r"(?<=[.!?。！？।])\s*")
_PILOT = 600  # comments written to learn the mean lengths
# These are whole comments or openings; nothing is written beside them by another.
_ALONE = frozenset({"one_word", "emoji_only", "quote", "reply", "friend_tag", "timestamp", "terse", "long_letter"})


class Companions:
    """Writes companions for one language. ``ordinary`` and ``promotional`` are how many a comment has on average."""

    def __init__(self, language: Language, rng: Random) -> None:
        remarks = [recipe for kind, recipes in language.ordinary.items() if kind not in _ALONE for recipe in recipes]
        self._remarks = remarks or [recipe for recipes in language.ordinary.values() for recipe in recipes]
        self.promotional = _OF_PROMOTION
        missing = _mean_length(language, language.promotional, rng) - _mean_length(language, language.ordinary, rng)
        own = sum(len(self._companion(_scene(language, rng))) for _ in range(_PILOT)) / _PILOT
        self.ordinary = min(max(self.promotional + missing / own, self.promotional), _MOST)

    def join(self, body: str, scene: Scene, wanted: float) -> str:
        """Return the body with about ``wanted`` companions on average, at most three, before or after it."""
        for _ in range(3):
            if scene.rng.random() >= wanted / (1 + wanted):
                break
            other = self._companion(scene)
            first, second = (body, other) if scene.rng.random() < 0.6 else (other, body)
            body = first + _joint(first, scene) + second
        return body

    def _companion(self, scene: Scene) -> str:
        choice = scene.rng.random()
        if choice < 0.15:
            return pick(scene.rng, [part for part in _SENTENCE_END.split(scene.story.body) if part])
        if choice < 0.22:
            return scene.draw("news_url")
        return scene.write(pick(scene.rng, self._remarks).text).strip()


def _joint(before: str, scene: Scene) -> str:
    if scene.rng.random() < 0.08:
        return scene.one_of("\n", "\n\n")
    return scene.one_of(". ", " ", ", ", "... ") if before[-1:].isalpha() else " "


def _scene(language: Language, rng: Random) -> Scene:
    return Scene(rng, language, pick(rng, language.stories))


def _mean_length(language: Language, kinds: Kinds, rng: Random) -> float:
    recipes: list[tuple[Recipe, ...]] = list(kinds.values())
    return sum(len(_scene(language, rng).write(pick(rng, pick(rng, recipes)).text)) for _ in range(_PILOT)) / _PILOT
