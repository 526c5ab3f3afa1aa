"""The gate: compares a candidate release with the current one on the same comments, and says whether to promote it.

Every comparison is paired: the same comment under both releases, each with its own threshold. It is worse beyond chance
where an exact McNemar test says so, with Holm's correction over all comparisons at once. It draws and writes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

from moderation.comment import Comment, Score
from moderation.detection.languages import language_of
from moderation.release import Release
from moderation.storage.records import Lesson
from training import measures
from training.datasets import DataError, Dataset
from training.decisions import DECISIONS, dataset_of
from training.duplicates import group_duplicates
from training.evaluate import distinct, promotional_scores

CHANCE = 0.05
"""The probability that the gate refuses, over all its comparisons together, a candidate that is as good."""

ENOUGH = 50
"""Comments of one label that a site or a language needs to be compared by itself."""

_DRAWS = 10_000
_WORST = 20
_BOTH = 20  # comments of each label without which nothing is compared

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The share of some comments that is held or rejected, before and after.

    ``comments`` are ordinary ones (``of`` is ``ordinary``: less is better) or promotional ones (more is better).
    ``better`` and ``worse`` are those that one release judges right and the other wrong. ``low`` to ``high`` is the
    95 % interval of after less before (paired bootstrap), ``p`` the one-sided exact McNemar test, and ``is_worse`` what
    it says after Holm's correction.
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
        what = "ordinary comments are held" if self.of == ORDINARY else "promotional comments are found"
        more_or_less = "more" if self.of == ORDINARY else "fewer"
        return (
            f"{more_or_less} {what} {self.where}: {self.after:.2%} in place of {self.before:.2%}"
            f" ({self.worse} against {self.better} of {self.comments:,}, p {self.p:.2g})"
        )


ORDINARY, PROMOTIONAL = "ordinary", "promotional"


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
    """What the gate found. ``scored`` has a row a comment: site, language, label, before and after.

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
            "before": promotional_scores(current.classifier, pairs),
            "after": promotional_scores(candidate.classifier, pairs),
        }
    )


def _comparisons(scored: pd.DataFrame, current: Release, candidate: Release, seed: int) -> Iterator[Comparison]:
    """All together, then each language and each site that has enough of a label."""
    held = pd.DataFrame(
        {
            "before": scored["before"] >= current.thresholds.hold,
            "after": scored["after"] >= candidate.thresholds.hold,
            "promotional": scored["label"] == "promotional",
        }
    )
    random = np.random.default_rng(seed)
    groups = {"all together": held}
    for by in ("language", "site"):
        groups |= {f"{'in' if by == 'language' else 'at'} {name}": rows for name, rows in held.groupby(scored[by])}
    for where, rows in groups.items():
        for of, chosen in ((ORDINARY, ~rows["promotional"]), (PROMOTIONAL, rows["promotional"])):
            if chosen.sum() >= (ENOUGH if where != "all together" else _BOTH):
                before, after = (rows.loc[chosen, name].to_numpy(bool) for name in ("before", "after"))
                yield _compare(where, of, before, after, random)


def _compare(
    where: str, of: str, before: NDArray[np.bool_], after: NDArray[np.bool_], random: np.random.Generator
) -> Comparison:
    count, more, less = len(before), int((after & ~before).sum()), int((before & ~after).sum())
    worse, better = (more, less) if of == ORDINARY else (less, more)
    low, high = _interval(more, less, count, random)
    p = float(binomtest(worse, worse + better, 0.5, alternative="greater").pvalue) if worse + better else 1.0
    shares = float(before.mean()), float(after.mean())
    return Comparison(where, of, count, *shares, better=better, worse=worse, low=low, high=high, p=p)


def _interval(more: int, less: int, count: int, random: np.random.Generator) -> tuple[float, float]:
    """The 95 % interval of a paired difference of shares: draws of ``count`` comments, each held by one or both."""
    draws = random.multinomial(count, [more / count, less / count, (count - more - less) / count], _DRAWS)
    low, high = np.quantile((draws[:, 0] - draws[:, 1]) / count, [0.025, 0.975])
    return float(low), float(high)


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
    told = "Shares held or rejected; worse is by exact McNemar tests, one-sided, with Holm's correction at 5 %."
    return [*table, "", told, *notes, f"{verdict.candidate.version}: {verdict.sentence}."]


def _rounded(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value
