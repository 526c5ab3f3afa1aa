"""Measures any release on any labelled comments, by the scoring path that serves.

It gives values: figures by group, promised rates, relevance, what disguise hides, the worst mistakes. It draws nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moderation.comment import Comment, Pair, Score, Thresholds
from moderation.detection.classifier import Classifier
from moderation.detection.languages import language_of
from moderation.release import Release
from training import measures
from training.datasets import DataError, Dataset
from training.disguise import ATTACKS, disguise
from training.duplicates import group_duplicates
from training.measures import Figures
from training.topics import topic_pairs

BATCH = 1_000
GROUPINGS = ("site", "source", "language", "kind", "length")
_LENGTHS = {"to 40": 40, "41 to 120": 120, "121 to 400": 400, "401 to 1,000": 1_000, "over 1,000": 10**9}
_ATTACKED = 500  # promotional comments that each attack disguises
_ORDINARY = 200  # good comments to pad with
_WORST = 20  # mistakes of each kind
_FACTOR = 3  # a promise is kept where the measured rate is between a third of the stated one and three times it
_FEWEST_HITS = 10  # expected at the stated rate; a site with fewer ordinary comments can not show how the rate is kept

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Promise:
    """A stated share of ordinary comments above a threshold, and what it was here: mean over sites, and all together.

    ``bound_95`` is the one-sided bound of the share of all together. ``kept`` of ``sites`` large enough to tell lie
    between a third of the stated share and three times it.
    """

    stated: float
    sites_mean: float
    measured: float
    bound_95: float
    kept: int
    sites: int

    def as_dict(self) -> dict[str, float | int | None]:
        """The values by name."""
        return {name: _round(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Survival:
    """Promotional comments that were caught plain and that an attack changes, and those of them still caught."""

    caught: int
    still_caught: int

    @property
    def share(self) -> float | None:
        """What is still caught of what was; None where the attack changes nothing."""
        return self.still_caught / self.caught if self.caught else None

    def as_dict(self) -> dict[str, float | int | None]:
        """The values by name."""
        return {"caught": self.caught, "still_caught": self.still_caught, "share": _round(self.share)}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A comment whose score is far from its label."""

    id: str
    site: str
    label: str
    comment: Comment
    score: Score


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is measured of a release.

    ``scored`` has a row a comment: source, site, label, raw_label, language, kind, length and promotional (the score).
    ``left_out`` are near-duplicates of comments that were scored; ``trained_on`` the sources that the release's
    manifest names too, so that figures on them may be of memory. ``relevance`` is the ROC AUC of own against other
    articles, by site.
    """

    release: str
    thresholds: Thresholds
    scored: pd.DataFrame
    left_out: int
    trained_on: tuple[str, ...]
    overall: Figures
    by_raw_label: Figures
    groups: Mapping[str, Mapping[str, Figures]]
    macro: Mapping[str, float]
    promises: Mapping[str, Promise]
    relevance: Mapping[str, float]
    attacks: Mapping[str, Survival]
    mistakes: tuple[Mistake, ...]

    def as_dict(self) -> dict[str, Any]:
        """The figures for JSON: no reader's text and no name is among them, but the ids of the mistakes."""
        return {
            "release": self.release,
            "thresholds": {"hold": self.thresholds.hold, "reject": self.thresholds.reject},
            "near_duplicates_left_out": self.left_out,
            "sources_trained_on": list(self.trained_on),
            "overall": self.overall.as_dict(),
            "by_raw_label": self.by_raw_label.as_dict(),
            "macro": dict(self.macro),
            "groups": {by: {name: f.as_dict() for name, f in of.items()} for by, of in self.groups.items()},
            "reliability": [
                {"mean_probability": _round(mean), "share_promotional": _round(share), "weight": _round(weight)}
                for mean, share, weight in zip(*reliability(self.scored), strict=True)
            ],
            "ordinary": {action: promise.as_dict() for action, promise in self.promises.items()},
            "off_topic_auc": {name: _round(auc) for name, auc in self.relevance.items()},
            "attacks": {name: survival.as_dict() for name, survival in self.attacks.items()},
            "mistakes": [_told(mistake) for mistake in self.mistakes],
        }


def evaluate(release: Release, data: Dataset, seed: int, say: Say) -> Evaluation:
    """Score and measure. ``say`` is told each step as it begins. Raises DataError where there is nothing to measure."""
    given = len(data.comments)
    if not given:
        raise DataError("No comment in the data is labelled ham or promotional.")
    say("removing near-duplicates")
    data = distinct(data)
    pairs = data.pairs()
    say(f"scoring {len(pairs):,} comments")
    scored = _table(data, promotional_scores(release.classifier, pairs))
    hold, reject = release.thresholds.hold, release.thresholds.reject
    spam, scores = _labels(scored), scored["promotional"].to_numpy(float)
    groups = {by: measures.by_group(scored[by], spam, scores, hold, reject) for by in GROUPINGS}
    groups["length"] = {name: groups["length"][name] for name in _LENGTHS if name in groups["length"]}
    say("comparing with other articles")
    relevance = relevance_by_site(release.classifier, data, seed)
    say(f"disguising promotional comments in {len(ATTACKS)} ways")
    attacks = survivals(release.classifier, data, scored, hold, seed)
    return Evaluation(
        release=release.version,
        thresholds=release.thresholds,
        scored=scored,
        left_out=given - len(pairs),
        trained_on=_trained_on(release, scored),
        overall=measures.measure(spam, scores, hold, reject),
        by_raw_label=_by_raw_label(scored, hold, reject),
        groups=groups,
        macro=measures.macro(groups["site"].values()),
        promises=_promises(release, scored, groups["site"]),
        relevance=relevance,
        attacks=attacks,
        mistakes=_worst(release.classifier, data, pairs, scored),
    )


def distinct(data: Dataset) -> Dataset:
    """The first comment of each group of near-duplicates with one label."""
    group = group_duplicates(data.comments["body"].tolist())
    return data.select(~data.comments.assign(group=group).duplicated(["group", "label"]))


def promotional_scores(classifier: Classifier, pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """The probabilities of promotion; shape (pairs,)."""
    return np.array([score.promotional for score in _in_batches(classifier, pairs)])


def reliability(scored: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean probability, share of promotion and weight of each bin, at even odds."""
    return measures.reliability(_labels(scored), scored["promotional"].to_numpy(float))


def relevance_by_site(classifier: Classifier, data: Dataset, seed: int) -> dict[str, float]:
    """How well own articles are told from others of the same site, for ordinary comments: ROC AUC by site."""
    own, other, sites = topic_pairs(data, seed)
    label = np.repeat([False, True], len(own))
    scores = np.array([score.off_topic for score in _in_batches(classifier, [*own, *other])], float)
    rows = pd.Series(range(2 * len(own))).groupby(np.array(sites * 2, object)).indices
    return {str(site): measures.auc(label[here], scores[here]) for site, here in sorted(rows.items())}


def survivals(
    classifier: Classifier, data: Dataset, scored: pd.DataFrame, hold: float, seed: int
) -> dict[str, Survival]:
    """For each attack, how many of the promotional comments that are caught plain are caught after it."""
    caught = scored[_labels(scored) & (scored["promotional"] >= hold).to_numpy(bool)]
    chosen = caught.sample(min(_ATTACKED, len(caught)), random_state=seed).index
    pairs = data.select(pd.Series(scored.index.isin(chosen), scored.index)).pairs()
    ham = data.comments.loc[~_labels(scored), "body"]
    ordinary = ham.sample(min(_ORDINARY, len(ham)), random_state=seed).tolist()
    found = {}
    for attack in ATTACKS:
        disguised = [pair for pair in disguise(attack, pairs, ordinary, seed) if pair is not None]
        still = int((promotional_scores(classifier, disguised) >= hold).sum())
        found[attack] = Survival(len(disguised), still)
    return found


def _in_batches(classifier: Classifier, pairs: Sequence[Pair]) -> list[Score]:
    parts = (classifier.score_many(pairs[begin : begin + BATCH]) for begin in range(0, len(pairs), BATCH))
    return [score for part in parts for score in part]


def _table(data: Dataset, scores: NDArray[np.float64]) -> pd.DataFrame:
    comments = data.comments
    lengths = pd.cut(comments["body"].str.len(), [0, *_LENGTHS.values()], labels=list(_LENGTHS))
    known = comments["language"]
    guessed = [language or language_of(body) for language, body in zip(known, comments["body"], strict=True)]
    return pd.DataFrame(
        {
            "source": comments["source"],
            "site": comments["source"] + "/" + comments["site"],
            "label": comments["label"],
            "raw_label": comments["raw_label"],
            "language": pd.Series(guessed, comments.index).replace("", "not told"),
            "kind": comments["note"].replace("", "no note"),
            "length": lengths.astype(str),
            "promotional": scores,
        }
    )


def _labels(scored: pd.DataFrame, column: str = "label") -> NDArray[np.bool_]:
    return (scored[column] == "promotional").to_numpy(bool)


def _by_raw_label(scored: pd.DataFrame, hold: float, reject: float) -> Figures:
    """Figures by the labels as they were before corrections, on the same comments."""
    return measures.measure(_labels(scored, "raw_label"), scored["promotional"].to_numpy(float), hold, reject)


def _trained_on(release: Release, scored: pd.DataFrame) -> tuple[str, ...]:
    known = release.manifest.get("data", {}).get("sources", {})
    return tuple(sorted(set(known) & set(scored["source"])))


def _promises(release: Release, scored: pd.DataFrame, sites: Mapping[str, Figures]) -> dict[str, Promise]:
    ham = scored.loc[~_labels(scored), "promotional"].to_numpy(float)
    rates = release.manifest["thresholds"]["rates"]
    limits = {"hold": release.thresholds.hold, "reject": release.thresholds.reject}
    return {action: _promise(rates[action]["stated"], ham, limit, action, sites) for action, limit in limits.items()}


def _promise(
    stated: float, ham: NDArray[np.float64], limit: float, action: str, sites: Mapping[str, Figures]
) -> Promise:
    shares = {"hold": "ham_held", "reject": "ham_rejected"}
    measured = {name: getattr(figures, shares[action]) for name, figures in sites.items()}
    large = [
        measured[name]
        for name, figures in sites.items()
        if (figures.comments - figures.promotional) * stated >= _FEWEST_HITS
    ]
    hits = int((ham >= limit).sum())
    return Promise(
        stated=stated,
        sites_mean=float(np.mean([share for share in measured.values() if share is not None] or [0.0])),
        measured=hits / max(len(ham), 1),
        bound_95=measures.upper_bound(hits, len(ham)) if len(ham) else 1.0,
        kept=sum(stated / _FACTOR <= share <= stated * _FACTOR for share in large),
        sites=len(large),
    )


def _worst(classifier: Classifier, data: Dataset, pairs: Sequence[Pair], scored: pd.DataFrame) -> tuple[Mistake, ...]:
    """Ordinary comments with the highest scores, then promotional ones with the lowest, scored again for reasons."""
    spam = _labels(scored)
    ordered = scored["promotional"].sort_values(kind="stable").index.to_numpy()
    rows = [*ordered[~spam[ordered]][::-1][:_WORST], *ordered[spam[ordered]][:_WORST]]
    scores = classifier.score_many([pairs[row] for row in rows])
    return tuple(
        Mistake(
            str(data.comments.at[row, "id"]),
            str(scored.at[row, "site"]),
            str(scored.at[row, "label"]),
            pairs[row][0],
            score,
        )
        for row, score in zip(rows, scores, strict=True)
    )


def _told(mistake: Mistake) -> dict[str, Any]:
    reasons = [{"signal": reason.signal, "weight": reason.weight} for reason in mistake.score.reasons]
    told = {"id": mistake.id, "site": mistake.site, "label": mistake.label}
    return {**told, "promotional": mistake.score.promotional, "reasons": reasons}


def _round(value: float | None) -> float | None:
    return round(float(value), 6) if isinstance(value, float) else value
