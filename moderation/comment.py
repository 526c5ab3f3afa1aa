"""The vocabulary: what a comment, its article, a score and a decision are.

Values, and what gives their scores, from the standard library alone. Every other part speaks in these words; none of
them is known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Action(StrEnum):
    """What the service advises for a new comment."""

    PUBLISH = "publish"
    HOLD = "hold"
    REJECT = "reject"


class Status(StrEnum):
    """Where a stored comment stands."""

    PUBLISHED = "published"
    HELD = "held"
    REJECTED = "rejected"


class Decision(StrEnum):
    """What a person said about a comment."""

    APPROVE = "approve"
    REJECT_PROMOTIONAL = "reject_promotional"
    REJECT_OFF_TOPIC = "reject_off_topic"
    REJECT_OTHER = "reject_other"


class Manner(StrEnum):
    """How a comment was sent, as far as the publication can tell. Policy asks for it, the score does not know it."""

    ORDINARY = "ordinary"
    BY_STAFF = "by staff"
    TRAPPED = "hidden field filled in"
    HASTY = "form sent at once"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a comment, as the publication's own form sent it."""

    name: str = ""
    url: str = ""
    email: str = ""
    ip: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A reader's comment. Only the body is always known."""

    body: str
    id: str = ""
    created_at: datetime | None = None
    parent_id: str | None = None
    author: Author = field(default_factory=Author)
    manner: Manner = Manner.ORDINARY


@dataclass(frozen=True, slots=True)
class Article:
    """What a comment stands under. Title and body are empty where only an id or an address is known."""

    id: str = ""
    title: str = ""
    body: str = ""
    url: str = ""
    published_at: datetime | None = None


Pair = tuple[Comment, Article | None]
"""A comment with the article it stands under, or with None where that is not known."""


class Reason(NamedTuple):
    """One named signal with its share of a score.

    ``span`` counts code points of ``field`` as it was sent, end excluded; it is None where no place in a text is
    meant. ``weight`` is in log-odds: positive speaks for promotion, negative for an ordinary comment.
    """

    signal: str
    field: str
    span: tuple[int, int] | None
    text: str
    weight: float


class Score(NamedTuple):
    """What the detector says about one comment. It depends on the comment, its article and the release alone.

    ``promotional`` and ``off_topic`` are calibrated probabilities; ``off_topic`` is None where no article is known.
    The weights of ``reasons`` and the release's base add up to the logit of ``promotional`` before calibration.
    """

    promotional: float
    off_topic: float | None
    reasons: tuple[Reason, ...]
    release: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability of promotion on a comment is held, and from which it is rejected."""

    hold: float
    reject: float


class Scorer(Protocol):
    """What gives scores."""

    def score_many(self, pairs: Sequence[Pair]) -> list[Score]:
        """Score comments with their articles, in their order."""

    def with_reason(self, score: Score, signal: str, weight: float) -> Score:
        """A score of this scorer with one more reason, of so many log-odds."""


class Release(Protocol):
    """A loaded release."""

    @property
    def version(self) -> str:
        """Which release it is."""

    @property
    def thresholds(self) -> Thresholds:
        """From where on it would hold and reject."""

    @property
    def classifier(self) -> Scorer:
        """Its detector."""
