"""How far live comments have moved from those that a release was trained on, and a sentence when to train again.

Pure: numbers in, numbers out. ``reference`` makes what a manifest keeps of the training, ``measure`` holds live figures
against it. Must not know where the numbers come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.detection.features import Tables
from moderation.detection.ngrams import buckets
from moderation.detection.relevance import RARITY_BITS
from moderation.detection.text import Folder

STABLE = 0.25
"""The population stability index from which on two distributions count as different (Siddiqi 2006)."""

FACTOR = 3
"""A share is off where it is this many times the one of the training; the promises of a release have the same band."""

ENOUGH = 500
"""Comments, or decisions on what was held, without which nothing is said. With fewer, chance alone moves the index."""

_BINS = 10
_MOST_TEXTS = 2_000  # whose words are looked up
_LEAST = 1e-4  # share of an empty bin
_NEVER, _ONCE = 6, 15
"""How far below the largest rarity, in eighths of a bit, words of no text and of one text lie: it is -8 log2 of the
count and one half, so that none, one and two texts are 12.7 and 5.9 apart."""

_LEAST_UNSEEN = 0.02  # below it, a multiple of the training's share is no news


@dataclass(frozen=True, slots=True)
class Reference:
    """Figures of a release's training: held-out scores of ordinary comments, and how new their words were.

    ``edges`` part the probabilities of those not held into ten bins with ``shares`` in them; ``held`` is the share of
    ordinary comments at or above the threshold, ``unseen`` of words that no other text has, None where not counted.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    held: float
    unseen: float | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """Figures of the last stored comments: their probabilities, decisions on held ones and approvals among them."""

    promotional: NDArray[np.float64]
    decided: int
    approved: int
    unseen: float | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What ``measure`` found; None where there is too little to say.

    ``stability`` is the population stability index of the probabilities below the threshold. ``false_holds`` is the
    share of all comments that was held and then approved.
    """

    comments: int
    stability: float | None = None
    held: float | None = None
    false_holds: float | None = None
    unseen: float | None = None
    reasons: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What an operator should know."""
        if self.comments < ENOUGH:
            return f"Too few comments to tell whether they have changed: {self.comments} of {ENOUGH}."
        if not self.reasons:
            return "Comments are as they were in the training."
        return f"It is time to train again: {'; '.join(self.reasons)}."


def reference(ordinary: NDArray[np.float64], hold: float, unseen: float | None = None) -> dict[str, Any]:
    """What a manifest keeps as ``drift``, from held-out probabilities of real ordinary comments and the threshold."""
    below = ordinary[ordinary < hold]
    edges = np.unique(np.quantile(below, np.linspace(0, 1, _BINS + 1)[1:-1]).round(6)) if len(below) else np.zeros(0)
    return {
        "edges": edges.tolist(),
        "shares": _shares(below, edges).round(6).tolist(),
        "held": round(float((ordinary >= hold).mean()), 6) if len(ordinary) else 0.0,
        "unseen": None if unseen is None else round(unseen, 6),
    }


def of_manifest(manifest: Mapping[str, Any]) -> Reference | None:
    """The reference of a release, None where its training kept none or another."""
    told: Any = manifest.get("drift")
    try:
        return Reference(tuple(told["edges"]), tuple(told["shares"]), float(told["held"]), told["unseen"])
    except (TypeError, KeyError, ValueError):
        return None


def measure(known: Reference, live: Live, hold: float) -> Drift:
    """Hold live figures against the training's."""
    count = len(live.promotional)
    if count < ENOUGH:
        return Drift(count)
    held = float((live.promotional >= hold).mean())
    below = live.promotional[live.promotional < hold]
    stability = _stability(np.array(known.shares), _shares(below, np.array(known.edges)))
    false_holds = held * live.approved / live.decided if live.decided >= ENOUGH / 10 else None
    reasons = _reasons(known, stability, false_holds, live.unseen)
    return Drift(count, round(stability, 4), held, false_holds, live.unseen, tuple(reasons))


def unseen_share(tables: Tables, texts: Sequence[str], *, of_training: bool = False) -> float:
    """The share of words that no text of the training held.

    With ``of_training`` the texts are of the training themselves: then a word is new that no other text held.
    """
    some = texts[:: -(-len(texts) // _MOST_TEXTS) or 1]
    words = Folder(tables.alphabet).fold(some).hashes
    rarest = int(tables.rarity.max()) - (_ONCE if of_training else _NEVER)
    rarity = tables.rarity[buckets(words, RARITY_BITS)]
    return float((rarity > rarest).mean()) if len(words) else 0.0


def _reasons(known: Reference, stability: float, false_holds: float | None, unseen: float | None) -> Sequence[str]:
    reasons = []
    if stability > STABLE:
        reasons.append(f"the probabilities have moved (stability index {stability:.2f}, limit {STABLE})")
    if false_holds is not None and false_holds > FACTOR * max(known.held, _LEAST):
        reasons.append(f"{false_holds:.1%} of comments are held and then approved, {known.held:.1%} in the training")
    if unseen is not None and known.unseen is not None and unseen > max(FACTOR * known.unseen, _LEAST_UNSEEN):
        reasons.append(f"{unseen:.1%} of words are new, {known.unseen:.1%} in the training")
    return reasons


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    shares: NDArray[np.float64] = counts / max(len(values), 1)
    return shares


def _stability(expected: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    """The population stability index: the symmetric Kullback-Leibler divergence of two histograms."""
    before, after = np.maximum(expected, _LEAST), np.maximum(found, _LEAST)
    return float(((after - before) * np.log(after / before)).sum())
