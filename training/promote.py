"""The gate: compares a candidate release with the current one on the same comments, and says whether to promote it.

Every comparison is paired: the same comment under both releases, each with its own threshold, and both with thresholds
that 1 % of the ordinary comments pass. It is worse beyond chance where a sign test by campaign says so, with
Holm's correction over all comparisons at once. It draws and writes nothing.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moderation.comment import Comment, Pair, Score
from moderation.detection import votes
from moderation.detection.languages import language_of
from moderation.release import Release
from moderation.storage.records import Lesson
from training import measures, paired
from training.datasets import DataError, Dataset
from training.decisions import DECISIONS, dataset_of
from training.duplicates import group_duplicates
from training.evaluate import distinct, promotional_scores
from training.paired import Change

CHANCE = 0.05
"""The probability that the gate refuses, over all its comparisons together, a candidate that is as good."""

ENOUGH = 50
"""Comments of one label that a site or a language needs to be compared by itself."""

_DRAWS = 10_000  # of ordinary comments, or more where Holm's correction asks for smaller probabilities
_WORST = 20
_BOTH = 20  # comments of each label without which nothing is compared

Say = Callable[[str], None]


ORDINARY, PROMOTIONAL, FOUND = "ordinary held", "promotional held", "found at 1 % false positives"
"""What is compared: shares held or rejected, each by its release's threshold, and shares found at 1 %."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A share of some comments before and after.

    ``of`` says of which: ORDINARY (less is better), PROMOTIONAL or FOUND (more is better), of so many ``comments``.
    ``better`` and ``worse`` are those that one release judges right and the other wrong. ``low`` to ``high`` is the
    95 % interval of after less before, ``p`` the one-sided test (``training.paired``), and ``is_worse``
    what it says after Holm's correction.
    """

    where: str
    of: str
    comments: int
    before: float
    after: float
    better: int
    worse: int
    low: float
    high: float
    p: float
    is_worse: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The values for JSON."""
        return {name: _rounded(getattr(self, name)) for name in self.__slots__}

    def told(self) -> str:
        """It as half a sentence."""
        return (
            f"{_WORSE[self.of]} {self.where}: {self.after:.2%} in place of {self.before:.2%}"
            f" ({self.worse} against {self.better} of {self.comments:,}, p {self.p:.2g})"
        )


_WORSE = {
    ORDINARY: "more ordinary comments are held",
    PROMOTIONAL: "fewer promotional comments are held",
    FOUND: "fewer promotional comments are found at 1 % false positives",
}


@dataclass(frozen=True, slots=True)
class NewMistake:
    """A comment that the current release judges right and the candidate wrong; ``score`` is the candidate's."""

    id: str
    site: str
    label: str
    comment: Comment
    before: float
    score: Score


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found. ``scored`` has a row a comment: site, language, label, campaign, before and after.

    ``left_out`` counts decisions that the candidate may have learned from, ``trained_on`` the sources that its manifest
    names too.
    """

    candidate: Release
    current: Release
    comparisons: tuple[Comparison, ...]
    mistakes: tuple[NewMistake, ...]
    scored: pd.DataFrame
    left_out: int
    trained_on: tuple[str, ...]

    @property
    def faults(self) -> tuple[Comparison, ...]:
        """Where the candidate is worse beyond chance."""
        return tuple(one for one in self.comparisons if one.is_worse)

    @property
    def sentence(self) -> str:
        """Whether to promote it."""
        if not self.faults:
            return "promote"
        return f"do not promote, because {'; '.join(one.told() for one in self.faults)}"

    def as_dict(self) -> dict[str, Any]:
        """What is kept with a promotion: no reader's text is in it."""
        return {
            "verdict": self.sentence,
            "comments": len(self.scored),
            "decisions_left_out": self.left_out,
            "sources_trained_on": list(self.trained_on),
            "comparisons": [one.as_dict() for one in self.comparisons],
        }


def decided(lessons: Iterable[Lesson], most: int) -> Dataset:
    """The newest decisions that can be compared on, as ``training.decisions`` reads them."""
    return dataset_of(list(islice((lesson for lesson in lessons if lesson.is_fit), most)))


def judge(candidate: Release, current: Release, data: Dataset, seed: int, say: Say) -> Verdict:
    """Compare two releases on labelled comments. Raises DataError where there are too few to tell anything.

    Of the source DECISIONS only those are used that neither release can have learned from (``unlearned``).
    """
    given = len(data.comments)
    data = unlearned(data, max(filter(None, map(learned_until, (candidate, current))), default=None))
    left_out = given - len(data.comments)
    say("removing near-duplicates")
    data = distinct(data)
    _expect_enough(data.comments["label"])
    say(f"scoring {len(data.comments):,} comments with both releases")
    scored = _table(data, current, candidate)
    comparisons = _corrected(list(_comparisons(scored, current, candidate, seed)))
    mistakes = _new_mistakes(data, scored, current, candidate)
    sources = set(candidate.manifest.get("data", {}).get("sources", {})) - {DECISIONS}
    trained_on = tuple(sorted(sources & set(data.comments["source"])))
    return Verdict(candidate, current, comparisons, mistakes, scored, left_out, trained_on)


def learned_until(release: Release) -> datetime | None:
    """The time of the last decision that a release learned from, as its manifest tells, or None."""
    told = release.manifest.get("data", {}).get(DECISIONS, {}).get("until")
    return None if told is None else datetime.fromisoformat(told)


def unlearned(data: Dataset, until: datetime | None) -> Dataset:
    """Without the decisions made up to then, and without all of a campaign one of which was decided on up to then.

    The column ``made_at`` has the times of decisions; comments of other sources stay.
    """
    comments = data.comments
    decided = (comments["source"] == DECISIONS).to_numpy(bool)
    if until is None or not decided.any():
        return data
    campaign = np.full(len(comments), -1, np.intp)
    campaign[decided] = group_duplicates(comments.loc[decided, "body"].tolist())
    early = decided & (pd.to_datetime(comments["made_at"], utc=True) <= until).to_numpy(bool)
    return data.select(pd.Series(~(decided & np.isin(campaign, campaign[early])), comments.index))


def _expect_enough(labels: "pd.Series[str]") -> None:
    counts = labels.value_counts()
    for label in ("ham", "promotional"):
        if counts.get(label, 0) < _BOTH:
            raise DataError(
                f"{counts.get(label, 0)} comments to compare on are labelled {label!r}; at least {_BOTH} are needed."
                " Name labelled comments with --data, or let moderators decide on more."
            )


def _table(data: Dataset, current: Release, candidate: Release) -> pd.DataFrame:
    comments, pairs = data.comments, data.pairs()
    guessed = [
        known or language_of(body) or "not told"
        for known, body in zip(comments["language"], comments["body"], strict=True)
    ]
    return pd.DataFrame(
        {
            "site": comments["source"] + "/" + comments["site"],
            "language": guessed,
            "label": comments["label"],
            "campaign": _campaigns(comments["label"], pairs),
            "before": promotional_scores(current.classifier, pairs),
            "after": promotional_scores(candidate.classifier, pairs),
        }
    )


def _campaigns(labels: "pd.Series[str]", pairs: Sequence[Pair]) -> NDArray[np.intp]:
    """The campaign of each promotional comment; each ordinary one is by itself, since readers share domains too."""
    campaign = np.arange(len(pairs))
    rows = np.flatnonzero(labels == "promotional")
    campaign[rows] = rows[votes.campaigns_of([pairs[row][0] for row in rows.tolist()])]
    return campaign


def _comparisons(scored: pd.DataFrame, current: Release, candidate: Release, seed: int) -> Iterator[Comparison]:
    """All together, then each language and each site that has enough of a label."""
    random = np.random.default_rng(seed)
    groups = {"all together": scored}
    for by in ("language", "site"):
        groups |= {f"{'in' if by == 'language' else 'at'} {name}": rows for name, rows in scored.groupby(by)}
    draws = max(_DRAWS, math.ceil(2 * len(_WORSE) * len(groups) / CHANCE))
    for where, rows in groups.items():
        fewest = _BOTH if where == "all together" else ENOUGH
        promotional, campaign = (rows["label"] == "promotional").to_numpy(bool), rows["campaign"].to_numpy(np.intp)
        before, after = rows["before"].to_numpy(float), rows["after"].to_numpy(float)
        held = before >= current.thresholds.hold, after >= candidate.thresholds.hold
        kinds = {ORDINARY: ~promotional, PROMOTIONAL: promotional}
        enough = {of: chosen for of, chosen in kinds.items() if chosen.sum() >= fewest}
        for of, chosen in enough.items():
            change = paired.change_of_share(held[0][chosen], held[1][chosen], campaign[chosen], random)
            yield compare(where, of, change)
        if len(enough) == len(kinds):
            change = paired.change_of_found(promotional, before, after, campaign, draws=draws, random=random)
            yield compare(where, FOUND, change)


def compare(where: str, of: str, change: Change) -> Comparison:
    """A change as better or worse."""
    shown = {name: getattr(change, name) for name in ("comments", "before", "after", "low", "high")}
    if of == ORDINARY:
        return Comparison(where, of, **shown, better=change.lost, worse=change.gained, p=change.p_more)
    return Comparison(where, of, **shown, better=change.gained, worse=change.lost, p=change.p_less)


def _corrected(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Holm's correction (1979): the smallest p against CHANCE shared by all, the next by all but one, and so on."""
    order = sorted(range(len(comparisons)), key=lambda place: comparisons[place].p)
    worse = set()
    for rank, place in enumerate(order):
        if comparisons[place].p > CHANCE / (len(comparisons) - rank):
            break
        worse.add(place)
    return tuple(replace(one, is_worse=place in worse) for place, one in enumerate(comparisons))


def _new_mistakes(data: Dataset, scored: pd.DataFrame, current: Release, candidate: Release) -> tuple[NewMistake, ...]:
    """Ordinary comments that only the candidate holds, then promotional ones that only it misses; the worst first."""
    promotional = (scored["label"] == "promotional").to_numpy(bool)
    right = (scored["before"] >= current.thresholds.hold).to_numpy(bool) == promotional
    wrong = (scored["after"] >= candidate.thresholds.hold).to_numpy(bool) != promotional
    new = scored[right & wrong].sort_values("after", kind="stable")
    rows = [*new[new["label"] == "ham"].index[::-1][:_WORST], *new[new["label"] != "ham"].index[:_WORST]]
    pairs = data.pairs()
    scores = candidate.classifier.score_many([pairs[row] for row in rows])
    told, before = scored[["site", "label"]].assign(id=data.comments["id"]), scored["before"].to_numpy(float)
    return tuple(
        NewMistake(
            id=str(told.at[row, "id"]),
            site=str(told.at[row, "site"]),
            label=str(told.at[row, "label"]),
            comment=pairs[row][0],
            before=float(before[row]),
            score=score,
        )
        for row, score in zip(rows, scores, strict=True)
    )


def summary(verdict: Verdict) -> Mapping[str, tuple[float | None, float | None]]:
    """Figures of all together, before and after: as ``measures`` has them."""
    promotional = (verdict.scored["label"] == "promotional").to_numpy(bool)
    both = [
        measures.measure(promotional, verdict.scored[name].to_numpy(float), limits.hold, limits.reject)
        for name, limits in (("before", verdict.current.thresholds), ("after", verdict.candidate.thresholds))
    ]
    names = ("found_at_1pct", "held", "ham_held", "ham_rejected")
    return {name: (getattr(both[0], name), getattr(both[1], name)) for name in names}


def describe(verdict: Verdict) -> list[str]:
    """The verdict as lines for a terminal."""
    rows = [
        {
            "": f"{one.of}, {one.where}",
            "comments": one.comments,
            verdict.current.version: f"{one.before:.2%}",
            verdict.candidate.version: f"{one.after:.2%}",
            "95 % of the difference": f"{one.low:+.2%} to {one.high:+.2%}",
            "p": f"{one.p:.2g}{'  worse' if one.is_worse else ''}",
        }
        for one in verdict.comparisons
    ]
    table = pd.DataFrame(rows).set_index("").to_string().splitlines()
    notes = []
    if verdict.left_out:
        notes.append(f"{verdict.left_out:,} decisions that one of them may have learned from were left out.")
    if verdict.trained_on:
        notes.append(f"It was trained on sources of this name too: {', '.join(verdict.trained_on)}.")
    told = "Worse is by one-sided sign tests, a campaign as a whole, with Holm's correction at 5 % over all."
    return [*table, "", told, *notes, f"{verdict.candidate.version}: {verdict.sentence}."]


def _rounded(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value
