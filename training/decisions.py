"""Moderators' decisions as training data: which of them are used, how much each counts, and what was left out and why.

It takes decisions as values; where they are kept, the store knows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moderation.comment import Article
from moderation.detection import votes
from moderation.detection.votes import Vote
from moderation.storage.records import Lesson
from training.datasets import COLUMNS, Dataset
from training.duplicates import group_duplicates
from training.train import TrainingError

DECISIONS = "decisions"
"""The source under which decided comments stand among training data."""
FEWEST = 20
"""Decisions of each kind that it takes to learn from them."""
OTHER, DUPLICATE = "refused for another reason", "near-duplicates of a text that has its vote"


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions that are learned from. ``weight`` is a vote's share of one that counts in full; a row a comment.

    ``left_out`` counts the others by why; ``drawn_down`` is how much weight the bounds on sources took, as a share;
    ``until`` is when the last of them was made.
    """

    data: Dataset
    weight: NDArray[np.float64]
    left_out: Mapping[str, int]
    drawn_down: float
    until: datetime

    def beside(self, data: Dataset) -> Dataset:
        """The decided comments after other data, with what each weighs."""
        own = self.data.comments.assign(weight=self.weight)
        comments = pd.concat([data.comments.assign(weight=1.0), own], ignore_index=True)
        return Dataset(comments, {**data.articles, **self.data.articles})

    def described(self) -> list[str]:
        """What was used and what was not, as lines for a terminal."""
        label, sites = self.data.comments["label"], self.data.comments["site"].nunique()
        spam = int((label == "promotional").sum())
        lines = [f"Decisions: {len(label):,} used, {spam:,} of them promotional, of {sites} sites"]
        lines += [f"Decisions left out, {why}: {count:,}" for why, count in sorted(self.left_out.items())]
        if self.drawn_down > 0:
            lines.append(f"Weight taken so that no moderator, door or campaign has too much: {self.drawn_down:.1%}")
        return lines


@dataclass(frozen=True, slots=True)
class Taught:
    """The store's decisions, newest first, the time of now, and how fast they fade."""

    lessons: Iterable[Lesson]
    now: datetime
    half_life: timedelta | None = None

    def choose(self, known: float) -> Decided:
        """See ``choose``."""
        return choose(self.lessons, self.now, self.half_life, known)


def choose(lessons: Iterable[Lesson], now: datetime, half_life: timedelta | None, known: float) -> Decided:
    """Choose the decisions to learn from; the newest of near-duplicates has their vote.

    ``lessons`` come newest first, ``known`` is the weight of everything else that is learned from. Raises
    TrainingError with what is missing.
    """
    left_out: Counter[str] = Counter()
    fit: list[Lesson] = []
    for lesson in lessons:
        if lesson.unfit is not None:
            left_out[lesson.unfit.value] += 1
        elif not lesson.is_fit:
            left_out[OTHER] += 1
        else:
            fit.append(lesson)
    group = pd.Series(group_duplicates([lesson.comment.body for lesson in fit]))
    used = [lesson for lesson, repeated in zip(fit, group.duplicated(), strict=True) if not repeated]
    left_out[DUPLICATE] += len(fit) - len(used)
    _expect_both_kinds(used)
    cast = [_vote(lesson) for lesson in used]
    faded = votes.fading(cast, now, half_life)
    weight = votes.capped(faded, cast, votes.campaigns_of([vote.comment for vote in cast]), known)
    taken = 1 - float(weight.sum() / faded.sum())
    told = {why: count for why, count in left_out.items() if count}
    return Decided(dataset_of(used), weight, told, taken, max(lesson.made_at for lesson in fit))


def _expect_both_kinds(used: list[Lesson]) -> None:
    promotional = sum(lesson.is_promotional for lesson in used)
    for kind, count in (("promotional", promotional), ("ordinary", len(used) - promotional)):
        if count < FEWEST:
            raise TrainingError(
                f"{count} decisions on different texts say {kind}; at least {FEWEST} of each kind are needed."
            )


def _vote(lesson: Lesson) -> Vote:
    return Vote(lesson.comment, lesson.is_promotional, lesson.made_at, lesson.made_by, lesson.door)


def dataset_of(used: Sequence[Lesson]) -> Dataset:
    """Decisions as labelled comments of the source DECISIONS, with their times in the column ``made_at``."""
    rows = [_row(lesson) for lesson in used]
    comments = pd.DataFrame(rows, columns=[*COLUMNS, "raw_label", "language", "source", "made_at"])
    for time in ("created_at", "made_at"):
        comments[time] = pd.to_datetime(comments[time], utc=True)
    articles = {(DECISIONS, _article_key(lesson)): lesson.article for lesson in used if lesson.article is not None}
    return Dataset(comments, articles)


def _row(lesson: Lesson) -> dict[str, object]:
    comment = lesson.comment
    label = "promotional" if lesson.is_promotional else "ham"
    return {
        "id": comment.id,
        "site": lesson.site,
        "article_id": _article_key(lesson),
        "label": label,
        "body": comment.body,
        "author_name": comment.author.name,
        "author_url": comment.author.url,
        "created_at": comment.created_at,
        "note": "",
        "raw_label": label,
        "language": "",
        "source": DECISIONS,
        "made_at": lesson.made_at,
    }


def _article_key(lesson: Lesson) -> str:
    article: Article | None = lesson.article
    return "" if article is None else f"{lesson.site}\0{article.id or article.url}"
