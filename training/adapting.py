"""How fast a site's correction learns: what is found there after so many of its decisions, in the orders of the queue.

Each site is left out of training once. It trains by the functions that make a release and writes none.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Pair, Score
from moderation.detection import adaptation, votes
from moderation.detection.adaptation import Example
from moderation.detection.classifier import Classifier, Parameters
from moderation.detection.votes import Vote
from training import measures, refine, train
from training.datasets import CORPUS, DataError, Dataset
from training.holdout import HoldOut, chosen, hold_outs

Rows = NDArray[np.intp]
Learned = dict[str, list[float]]
"""What is found at 1 % after each number of decisions, by way of deciding and learning."""
_ANCHORS = 1_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)  # nothing fades here


@dataclass(frozen=True, slots=True)
class _Site:
    """An unseen site under a release. ``decided`` may be, ``judged`` never are; ``columns`` are those of ``refine``."""

    pairs: list[Pair]
    scores: list[Score]
    promotional: NDArray[np.bool_]
    received: NDArray[np.float64]
    hold: float
    decided: Rows
    judged: Rows
    parameters: Parameters
    columns: NDArray[np.float64]
    anchors: NDArray[np.float64]


def adapt(
    data: Dataset,
    by_site: Collection[str],
    only: Collection[str],
    counts: Sequence[int],
    *,
    seed: int,
    jobs: int,
    say: Callable[[str], None],
) -> dict[str, Learned]:
    """Figures by site. Half of a site's comments, drawn at random, may be decided, the rest is measured on.

    Sites have 20 comments of each label at least, and are those named in ``only`` if any is. DataError where none is.
    """
    labels = (data.comments["label"] == "promotional").to_numpy(bool)
    sites = [
        one
        for one in hold_outs(data, by_site, (), seed)
        if "/" in one.name and (not only or one.name in only) and 20 <= labels[one.tested].sum() <= len(one.tested) - 20
    ]
    if not sites:
        raise DataError(f"No site of {', '.join(by_site)} that is asked for has 20 different comments of each label.")
    found = {}
    for one in sites:
        say(f"training without {one.name}")
        site = _unseen(data, one, seed, jobs)
        say(f"learning from {one.name}")
        found[one.name] = _learned(site, counts, seed)
    return found


def _unseen(data: Dataset, one: HoldOut, seed: int, jobs: int) -> _Site:
    candidate = train.train(chosen(data, one.trained), "unseen", seed, jobs, lambda step: None)
    here = chosen(data, one.tested)
    written = np.flatnonzero(data.comments["source"] == CORPUS)
    anchors = np.random.default_rng(seed).permutation(written)[:_ANCHORS]
    drawn, pairs = np.random.default_rng(seed).permutation(len(here.comments)), here.pairs()
    return _Site(
        pairs=pairs,
        scores=Classifier(candidate.parameters, "unseen").score_many(pairs),
        promotional=(here.comments["label"] == "promotional").to_numpy(bool),
        received=np.asarray(here.comments["created_at"].rank(method="first", na_option="bottom"), np.float64),
        hold=candidate.manifest["thresholds"]["hold"],
        decided=np.sort(drawn[: len(drawn) // 2]),
        judged=np.sort(drawn[len(drawn) // 2 :]),
        parameters=candidate.parameters,
        columns=refine.read_columns(candidate.parameters, here),
        anchors=refine.read_columns(candidate.parameters, chosen(data, anchors)),
    )


def _learned(site: _Site, counts: Sequence[int], seed: int) -> Learned:
    orders, told = _orders(site, seed), site.promotional
    found = {
        f"{name}, corrected": [_corrected(site, rows[:count], told) for count in counts]
        for name, rows in orders.items()
    }
    for name in ("most doubtful", "random of all"):
        found[f"{name}, refitted"] = [_refitted(site, orders[name][:count], told) for count in counts]
    for name, learn in (("corrected", _corrected), ("refitted", _refitted)):
        found[f"random of all, {name}, all wrong"] = [learn(site, orders["random of all"][:n], ~told) for n in counts]
    return found


def _orders(site: _Site, seed: int) -> dict[str, Rows]:
    """As the queue of held comments gives them to one moderator, and at random."""
    score = np.array([one.promotional for one in site.scores])
    held = site.decided[score[site.decided] >= site.hold]
    random = np.random.default_rng(seed)
    return {
        "most certain": held[np.argsort(-score[held], kind="stable")],
        "most doubtful": held[np.argsort(score[held], kind="stable")],
        "oldest": held[np.argsort(site.received[held], kind="stable")],
        "random held": random.permutation(held),
        "random of all": random.permutation(site.decided),
    }


def _weights(site: _Site, rows: Rows, label: NDArray[np.bool_], known: float) -> NDArray[np.float64]:
    """What each decision counts, all of one moderator by one door."""
    cast = [Vote(site.pairs[row][0], bool(label[row]), _NOW, "moderator", "door") for row in rows.tolist()]
    return votes.capped(np.ones(len(cast)), cast, votes.campaigns_of([vote.comment for vote in cast]), known)


def _corrected(site: _Site, rows: Rows, label: NDArray[np.bool_]) -> float:
    """What is found with the site's correction, which the service learns from ``adaptation.FEWEST`` decisions on."""
    logits = np.array([adaptation.logit(site.scores[row].promotional) for row in site.judged.tolist()])
    if len(rows) >= adaptation.FEWEST and len(set(label[rows].tolist())) > 1:
        weights = _weights(site, rows, label, adaptation.KNOWN)
        correction = adaptation.learn(
            [
                Example(site.pairs[row][0], site.scores[row], bool(label[row]), float(weight))
                for row, weight in zip(rows.tolist(), weights, strict=True)
            ],
            "unseen",
        )
        logits += [correction.of(site.pairs[row][0], site.scores[row]) for row in site.judged.tolist()]
    return _found(site, logits)


def _refitted(site: _Site, rows: Rows, label: NDArray[np.bool_]) -> float:
    """What is found by a release that is refined by these decisions alone."""
    columns, known = site.columns[site.judged], site.parameters
    logits = columns @ known.columns
    if len(set(label[rows].tolist())) > 1:
        weights = _weights(site, rows, label, refine.KNOWN)
        logits += columns @ refine.fit_step(known, site.columns[rows], label[rows], weights, site.anchors).columns
    return _found(site, logits)


def _found(site: _Site, logits: NDArray[np.float64]) -> float:
    spam = site.promotional[site.judged]
    return measures.found_at(logits[~spam], logits[spam], measures.FALSE_POSITIVES)
