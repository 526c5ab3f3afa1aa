"""What the store gives back: frozen values, none of which knows a table or a connection."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from moderation.comment import Action, Article, Comment, Decision, Score, Status

T = TypeVar("T")


def utc_now() -> datetime:
    """The time of now, for whoever is given no clock."""
    return datetime.now(UTC)


class Role(StrEnum):
    """What a signed-in person may do: decide, or also keep users, sites, keys, rules and releases."""

    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class Order(StrEnum):
    """How a page is ordered: surest promotion first, most doubtful first, by arrival."""

    CERTAIN = "certain"
    DOUBTFUL = "doubtful"
    OLDEST = "oldest"
    NEWEST = "newest"


NEWEST_CURSOR = r"newest\.[0-9]{1,17}\.[0-9]{1,18}"
"""How the cursor of a page in order of ``NEWEST`` looks."""


class RuleKind(StrEnum):
    """What a site's rule looks at. ``author`` is an e-mail address or a name, ``address`` an IP address or network."""

    WORD = "word"
    DOMAIN = "domain"
    AUTHOR = "author"
    ADDRESS = "address"


class KeyKind(StrEnum):
    """What a key of a site opens: everything, or what a CMS with its Akismet plugin needs."""

    SITE = "site"
    AKISMET = "akismet"


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """How a site wants its comments treated. None leaves the release's own threshold.

    ``hold_off_topic`` is the probability of being off-topic from which a comment is held; None never holds for it.
    Akismet's protocol knows no held comment: with ``akismet_passes_held`` it is not called spam there. With
    ``akismet_discards`` a rejected one may be dropped unseen by the CMS.
    """

    hold: float | None = None
    reject: float | None = None
    hold_off_topic: float | None = None
    hold_new_authors: bool = False
    watch_only: bool = False
    akismet_passes_held: bool = False
    akismet_discards: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A publication that asks. ``id`` is the store's own number, ``name`` is unique."""

    id: int
    name: str
    settings: SiteSettings = field(default_factory=SiteSettings)
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a site's rules: what is looked for, and the action then (``publish`` allows, ``reject`` blocks)."""

    kind: RuleKind
    value: str
    action: Action
    id: int = 0
    created_at: datetime | None = None
    created_by: str = ""


class Door(StrEnum):
    """A way in whose calls are signed: the native webhook (Standard Webhooks), Coral's calls (its own signature)."""

    WEBHOOK = "webhook"
    CORAL = "coral"


@dataclass(frozen=True, slots=True)
class Secret:
    """What may be shown of a secret: it signs for ``door`` until ``ends_at``, None where no end is set."""

    door: Door
    created_at: datetime
    ends_at: datetime | None


class Seen(NamedTuple):
    """A stored comment as somebody saw it: ``version`` rises with each change, so that a stale view is noticed."""

    number: int
    version: int


@dataclass(frozen=True, slots=True)
class StoredComment:
    """A comment with what the service knows of it.

    ``number`` is the store's own and unique over all sites; ``comment.id`` is the publication's and unique on its
    site. ``article`` has no body here: ``Moderator.article`` gives it. ``comment`` is without text once purged.
    ``decision`` is the one that stands, None where no person decided on the text as it is.
    ``language`` is an ISO 639-1 code, empty where nobody asked for it (a comment that never was held or rejected).
    """

    number: int
    site: str
    comment: Comment
    article: Article | None
    score: Score
    action: Action
    rule: str
    status: Status
    revision: int
    version: int
    received_at: datetime
    decision: Decision | None = None
    language: str = ""
    purged: bool = False
    opened_by: str = ""

    @property
    def seen(self) -> Seen:
        """What a decision on this view of the comment has to name."""
        return Seen(self.number, self.version)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a comment's history: a ``decision``, an ``undo``, or a former ``revision`` with its body."""

    kind: str
    at: datetime
    by: str = ""
    decision: Decision | None = None
    status: Status | None = None
    batch: str = ""
    undone: bool = False
    revision: int = 1
    body: str | None = None


@dataclass(frozen=True, slots=True)
class DecidedComment:
    """A comment in the log of decisions, with the event that concerns it."""

    item: StoredComment
    event: Event


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some records and the cursor of the next ones, None at the end."""

    items: tuple[T, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which comments a page shows; an absent field asks for nothing. All given ones must hold.

    ``article`` is the publication's id (it needs ``site``), ``signal`` the strongest reason's name, ``author`` an
    e-mail address or a name, ``domain`` one that the comment links to, ``like`` the number of a comment whose
    near-duplicates are meant, ``campaign`` that of one whose text, link, contact or sender is shared, ``text`` words
    that all stand in the comment, looked for among those that were held, rejected or decided.
    """

    site: str | None = None
    status: Status | None = Status.HELD
    article: str | None = None
    signal: str | None = None
    language: str | None = None
    author: str | None = None
    domain: str | None = None
    like: int | None = None
    campaign: int | None = None
    text: str | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many comments are held, by facet, and how many stand at each status; of one site or of all.

    ``site`` is by the site's name, ``article`` by id (or address) and title, ``day`` by the ISO date of arrival in UTC.
    Each facet has its 100 largest values.
    """

    status: dict[Status, int]
    site: dict[str, int]
    article: dict[tuple[str, str], int]
    signal: dict[str, int]
    language: dict[str, int]
    day: dict[str, int]


@dataclass(frozen=True, slots=True)
class AuthorHistory:
    """What the same author did on the same site before: comments, what people decided, and when first seen."""

    comments: int
    approved: int
    rejected: int
    first_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Selection:
    """A snapshot of comments that a bulk decision acts on, and on no other. ``id`` names it for a day."""

    id: str
    count: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision or an undo did: the ``batch`` that undoes it as one step, and what was left alone.

    ``skipped`` holds the numbers of comments that had changed since they were seen, or that another has open.
    """

    batch: str
    numbers: tuple[int, ...]
    skipped: tuple[int, ...] = ()
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in."""

    id: int
    email: str
    role: Role
    active: bool = True
    created_at: datetime | None = None
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. ``id`` ends it; the token that proves it is shown only once, at the sign-in."""

    id: int
    user: User
    started_at: datetime
    last_seen_at: datetime
    device: str = ""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How often people decided against the advice where ``signal`` was the strongest reason."""

    signal: str
    decided: int
    against: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the dashboard shows. Days are ISO dates in UTC, oldest first; times are in seconds."""

    received: dict[str, dict[Action, int]]
    decided: dict[str, dict[Decision, int]]
    disagreement: tuple[Disagreement, ...]
    oldest_held_s: float | None
    median_to_decision_s: float | None
    slow_to_decision_s: float | None


class Unfit(StrEnum):
    """Why a decision says nothing of its comment's text as it stands."""

    UNDONE = "taken back"
    DECIDED_AGAIN = "decided again later"
    CHANGED = "the comment's text changed since"
    PURGED = "the comment's text was purged"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A decision as it is learned from, with the comment and, where it is asked for, the whole article as they stand.

    ``number`` is the log's own. ``door`` is by which way it came: the review pages, or one site's API.
    ``promotional`` is the comment's score as it stands.
    """

    number: int
    site: str
    comment: Comment
    article: Article | None
    decision: Decision
    made_at: datetime
    made_by: str
    door: str
    comment_number: int
    promotional: float
    unfit: Unfit | None = None

    @property
    def stood(self) -> bool:
        """Whether it was made on the text as it stands and nobody took it back; another may have replaced it."""
        return self.unfit in (None, Unfit.DECIDED_AGAIN)

    @property
    def is_fit(self) -> bool:
        """Whether it stands and says what kind of comment this is; ``reject_other`` does not."""
        return self.unfit is None and self.decision is not Decision.REJECT_OTHER

    @property
    def is_promotional(self) -> bool:
        """The label: a comment that was refused as off-topic is an ordinary one."""
        return self.decision is Decision.REJECT_PROMOTIONAL


@dataclass(frozen=True, slots=True)
class StoredCorrection:
    """What a site's decisions correct of one release's scores, as it is kept."""

    site: str
    active: bool
    release: str
    decisions: int
    weights: bytes
    changed_at: datetime
