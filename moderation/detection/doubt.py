"""Stretches of time in which a moderator decided against all that is known: the wrong key, pressed for an hour.

Values in, values out. A decision is held against what the release was sure of and against what others decided on the
same campaign; where these two contradict each other, or neither says anything, it counts for nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import log

from moderation.comment import Comment
from moderation.detection import votes

SURE = 0.9
"""The probability of promotion from which the release is sure, and one minus it to which; chosen, not measured."""
CHANCE = 0.001
"""How probable it is at most that a moderator who errs at the usual rate is listed; over all stretches of theirs."""
_WRONG = 0.5  # of the decisions of a doubtful stretch, at the least about so many go against what is known
_USUAL = (1, 20)  # against, of so many: the usual rate before anything is known
_MOST_STRETCHES = 20  # of one moderator
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is looked at of a decision. ``score`` is the release's probability of promotion."""

    number: int
    comment: Comment
    comment_number: int
    promotional: bool
    score: float
    made_at: datetime
    moderator: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A moderator's decisions from the first to the last moment of a doubtful time, both among them.

    ``against`` of the ``compared`` ones, of all ``decided``, went against what is known; ``usual`` is the share of
    such decisions otherwise. ``examples`` are comments' numbers in the store.
    """

    moderator: str
    begins_at: datetime
    ends_at: datetime
    decided: int
    compared: int
    against: int
    usual: float
    examples: tuple[int, ...] = field(default=())

    @property
    def share(self) -> float:
        """The share against, of those that could be compared."""
        return self.against / self.compared


def doubtful(rulings: Sequence[Ruling]) -> list[Stretch]:
    """The doubtful stretches of all moderators, newest first."""
    rulings = sorted(rulings, key=lambda one: one.number)
    against = _against(rulings)
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, ruling in enumerate(rulings):
        places[ruling.moderator].append(place)
    judged = [one for one in against if one is not None]
    found = []
    for mine in places.values():
        own = [against[place] for place in mine]
        beside = sum(judged) - sum(map(bool, own)), len(judged) - sum(one is not None for one in own)
        for first, last, usual in _stretches(own, _rate(*beside)):
            found.append(_stretch([rulings[place] for place in mine[first : last + 1]], own[first : last + 1], usual))
    return sorted(found, key=lambda one: one.ends_at, reverse=True)


def _against(rulings: Sequence[Ruling]) -> list[bool | None]:
    """For each decision whether it goes against what is known of its comment; None where nothing is."""
    campaigns = votes.campaigns_of([one.comment for one in rulings])
    said: defaultdict[int, defaultdict[str, set[bool]]] = defaultdict(lambda: defaultdict(set))
    for one, campaign in zip(rulings, campaigns, strict=True):
        said[int(campaign)][one.moderator].add(one.promotional)
    return [_is_against(one, said[int(campaign)]) for one, campaign in zip(rulings, campaigns, strict=True)]


def _is_against(one: Ruling, said: dict[str, set[bool]]) -> bool | None:
    others = {label for moderator, labels in said.items() if moderator != one.moderator for label in labels}
    known = others if len(others) == 1 else set()
    if one.score >= SURE or one.score <= 1 - SURE:
        known = known | {one.score >= SURE}
    return None if len(known) != 1 else one.promotional not in known


def _stretches(own: Sequence[bool | None], others: float) -> list[tuple[int, int, float]]:
    """The first and last place of each doubtful stretch of a moderator, with the usual rate that it exceeds."""
    left = list(own)
    found: list[tuple[int, int, float]] = []
    while len(found) < _MOST_STRETCHES:
        first, last, _evidence = _strongest(left, others)
        outside = [one for one in (*left[:first], *left[last + 1 :]) if one is not None]
        usual = max(others, _rate(sum(outside), len(outside)))
        first, last, evidence = _strongest(left, usual)
        if evidence <= log(max(1, sum(one is not None for one in own)) / CHANCE):
            return found
        found.append((first, last, usual))
        left[first : last + 1] = [None] * (last + 1 - first)
    return found


def _strongest(own: Sequence[bool | None], usual: float) -> tuple[int, int, float]:
    """The stretch with most evidence that it is not of the usual rate: its places and the logarithm of the odds.

    Page's cumulative sum (Biometrika 1954) of log likelihood ratios. From one start the ratio passes 1 / p with a
    probability of p at most (Ville's inequality), whatever its length, so that with n starts log(n / p) bounds the
    chance of any. Where half or more go against as usual, nothing stands out.
    """
    if usual >= _WRONG:
        return 0, 0, 0.0
    for_it, against_it = log(_WRONG / usual), log((1 - _WRONG) / (1 - usual))
    best, begin, sum_here = (0, 0, 0.0), 0, 0.0
    for place, one in enumerate(own):
        if one is None:
            continue
        if sum_here <= 0:
            begin, sum_here = place, 0.0
        sum_here += for_it if one else against_it
        if sum_here > best[2]:
            best = begin, place, sum_here
    return best


def _rate(against: int, compared: int) -> float:
    return (against + _USUAL[0]) / (compared + _USUAL[1])


def _stretch(rulings: Sequence[Ruling], against: Sequence[bool | None], usual: float) -> Stretch:
    wrong = [one.comment_number for one, is_against in zip(rulings, against, strict=True) if is_against]
    return Stretch(
        moderator=rulings[0].moderator,
        begins_at=rulings[0].made_at,
        ends_at=rulings[-1].made_at,
        decided=len(rulings),
        compared=sum(one is not None for one in against),
        against=len(wrong),
        usual=usual,
        examples=tuple(dict.fromkeys(wrong))[:_EXAMPLES],
    )
