"""All that one look at a comment tells, gathered from the store and cut into what a template shows.

Must not know HTTP, nor what a moderator may do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from moderation.comment import Article, Decision, Reason, Score
from moderation.moderator import Around, AuthorHistory, Moderator, StoredComment, utc_now
from moderation.web.review_text import Passage, Piece, best_passage, plain, strength, weighed

DECISIONS = {
    Decision.APPROVE: "Approved",
    Decision.REJECT_PROMOTIONAL: "Rejected as promotional",
    Decision.REJECT_OFF_TOPIC: "Rejected as off-topic",
    Decision.REJECT_OTHER: "Rejected for another reason",
}
_REST = "rest"
_FULL_BAR = 3.0  # log-odds that fill a reason's bar, where none of the comment's weighs more
_WORDS = 60  # code points of the words that a reason names
_STEPS = ((timedelta(days=365), "year"), (timedelta(days=30), "month"), (timedelta(days=1), "day"),
          (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))  # fmt: skip


class ReasonBar(NamedTuple):
    """A reason as a phrase, the words it was seen in, its weight in log-odds and its bar's length from 0 to 100."""

    phrase: str
    words: tuple[Piece, ...]
    weight: float
    kind: str
    length: float


class Domain(NamedTuple):
    """A registered domain and, where it is written in other letters, what browsers really look up."""

    name: str
    looked_up: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A comment with all that is shown beside it. ``is_cut`` says that its text is not whole."""

    item: StoredComment
    body: tuple[Piece, ...]
    is_cut: bool
    author_name: tuple[Piece, ...]
    author_url: tuple[Piece, ...]
    reasons: tuple[ReasonBar, ...]
    passage: Passage | None
    parent: StoredComment | None
    author: AuthorHistory
    domains: tuple[Domain, ...]


def show_all(moderator: Moderator, items: Sequence[StoredComment], *, whole: bool = False) -> list[Shown]:
    """Comments at a glance, in their order. Raises ``Unavailable``."""
    return [_show(item, around, whole) for item, around in zip(items, moderator.review.around(items), strict=True)]


def _show(item: StoredComment, around: Around, whole: bool) -> Shown:
    comment, article = item.comment, around.article
    body = weighed(comment.body, item.score.reasons, whole=whole)
    return Shown(
        item=item,
        body=body,
        is_cut=any(piece.kind == "gap" for piece in body),
        author_name=plain(comment.author.name),
        author_url=plain(comment.author.url),
        reasons=reason_bars(item.score),
        passage=None if article is None else best_passage(article.body, comment.body),
        parent=around.parent,
        author=around.author,
        domains=tuple(map(_domain, around.domains)),
    )


def reason_bars(score: Score) -> tuple[ReasonBar, ...]:
    """The reasons of a score, strongest first and what is left at the end."""
    ranked = sorted(score.reasons, key=lambda reason: (reason.signal == _REST, -abs(reason.weight)))
    longest = max([_FULL_BAR, *(abs(reason.weight) for reason in ranked)])
    return tuple(_bar(reason, longest) for reason in ranked)


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago something was, in one unit."""
    if moment is None:
        return "at an unknown time"
    return f"{lasting((now or utc_now()) - moment)} ago"


def lasting(time: timedelta | float | None) -> str:
    """A length of time (seconds or a timedelta) in one unit; a dash where it is not known."""
    if time is None:
        return "–"
    time = time if isinstance(time, timedelta) else timedelta(seconds=time)
    for step, unit in _STEPS:
        if time >= step:
            count = int(time / step)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def article_name(article: Article) -> str:
    """What an article is called by: its title, or what else is known of it."""
    return article.title or article.url or article.id


def _bar(reason: Reason, longest: float) -> ReasonBar:
    phrase = "all other signs together" if reason.signal == _REST else reason.signal
    length = round(100 * abs(reason.weight) / longest, 1)
    return ReasonBar(phrase, _words(reason.text), reason.weight, strength(reason.weight), length)


def _words(text: str) -> tuple[Piece, ...]:
    return plain(text) if len(text) <= _WORDS else (*plain(text[:_WORDS]), Piece(" …"))


def _domain(name: str) -> Domain:
    if name.isascii():
        return Domain(name, "")
    try:
        return Domain(name, name.encode("idna").decode())
    except UnicodeError:
        return Domain(name, "no valid domain")
