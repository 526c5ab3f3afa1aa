"""Turns the shares of a score into reasons: phrases of the text and named signals, the strongest first.

Shares of all columns add up to the logit without its base; so do the weights of the reasons, with one "rest". Which
these are is found in explanation.c.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Comment, Reason
from moderation.detection.features import PRAISE, Batch, Mix
from moderation.detection.kernels import library, pointer, struct
from moderation.detection.signals import AUTHOR_FIELDS, SIGNAL_PHRASES, Place, Signal
from moderation.detection.wording import OF_WORDS, Wording, WordingEvidence

STRONGEST = 8
REST = "rest"
DECIMALS = 4  # of a weight
_LONGEST_TEXT = 200  # code points of a reason's text
_WORDING, _ORDINARY = "wording", "wording of ordinary comments"
_RELEVANCES = int(Mix.PROMOTED)  # the columns of Mix before it are told as one reason
_OF_RELEVANCE = ("words shared with the article", "names nothing in the article", "in keeping with the article")
_MIX_PHRASES = {
    Mix.PRAISE_AND_ADDRESS: "praise from an author with a web address",
    Mix.LATE_AND_ADDRESS: "web address long after the article",
    Mix.SHORT_AND_LINK: "link with hardly a word",
    Mix.PRAISE_AND_TERMS: "praise beside promotional terms",
    Mix.TERMS_AT_END: "promotional terms at the end",
}
_AUTHOR_WORDING = {
    Wording.NAME: ("wording of the author's name", "author.name"),
    Wording.URL: ("wording of the author's address", "author.url"),
}
_FIELDS: dict[int, str] = {
    **AUTHOR_FIELDS,
    **{len(Signal) + len(_MIX_PHRASES) + place: field for place, (_, field) in enumerate(_AUTHOR_WORDING.values())},
}
"""The field that a told column is about, as a whole."""
_new = tuple.__new__  # makes a Reason at half the cost of its own way


class Explainer:
    """Makes reasons by the names of one release's kinds."""

    def __init__(self, kinds: Sequence[str]) -> None:
        mix = len(Signal) + len(kinds)
        self._wording = mix + len(Mix)
        self._names = _names(kinds)
        told = [
            *range(len(Signal)),
            *(mix + part for part in _MIX_PHRASES),
            *(self._wording + part for part in _AUTHOR_WORDING),
        ]
        self._columns = {
            "told": np.array(told, np.int64),
            "tolds": len(told),
            "columns": self._wording + len(Wording),
            "first_kind": len(Signal),
            "kinds": len(kinds),
            "praise": kinds.index(PRAISE) + 1,
            "empty_praise": mix + Mix.EMPTY_PRAISE,
            "promoted": mix + Mix.PROMOTED,
            "promoted_share": mix + Mix.PROMOTED_SHARE,
            "relevance": mix,
            "relevances": _RELEVANCES,
        }

    def explain(
        self,
        batch: Batch,
        wording: WordingEvidence,
        shares: NDArray[np.float64],
        totals: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> list[tuple[Reason, ...]]:
        """The reasons of each comment: the strongest, and one "rest" where anything is left of the ``totals``."""
        count = len(batch.pairs)
        units = wording.units * weights[self._wording :].take(OF_WORDS)
        edges, room = np.empty(count + 1, np.int64), count * (STRONGEST + 1)
        rows, items, begins, ends = chosen = np.empty((4, room), np.int64)
        weight = np.empty(room)
        library.explain(
            batch.folded.view, struct("shares", of_columns=shares, totals=totals, **self._columns),
            pointer(wording.own), pointer(wording.linked), pointer(wording.passages), pointer(units),
            pointer(batch.word_kind), pointer(batch.kind_counts), pointer(batch.evidence.shared), count,
            pointer(np.empty(len(wording.own))), pointer(edges), pointer(rows), pointer(items), pointer(begins),
            pointer(ends), pointer(weight),
        )  # fmt: skip
        bounds = edges.tolist()
        reasons = self._reasons(batch, chosen[:, : bounds[-1]].tolist(), weight[: bounds[-1]].tolist())
        return [tuple(reasons[begin:end]) for begin, end in pairwise(bounds)]

    def _reasons(self, batch: Batch, chosen: list[list[int]], weights: list[float]) -> list[Reason]:
        """The reasons of a batch one behind the other: words of a body, or what is told without."""
        names, places = self._names, batch.signals.places
        comments = [comment for comment, _ in batch.pairs]
        bodies = [comment.body for comment in comments]
        return [
            _new(Reason, (names[item], "body", (begin, end), bodies[row][begin:end][:_LONGEST_TEXT], weight))
            if begin >= 0
            else _reason(comments[row], names[item], places.get((row, item)) or _FIELDS.get(item), weight)
            for row, item, begin, end, weight in zip(*chosen, weights, strict=True)
        ]


def _names(kinds: Sequence[str]) -> list[str]:
    """How a reason is called, by its item: told columns, relevance, the rest; labels of phrases from the end."""
    columns = [*SIGNAL_PHRASES, *_MIX_PHRASES.values(), *(name for name, _field in _AUTHOR_WORDING.values())]
    labels = ["empty praise" if kind == PRAISE else f"{kind.replace('_', ' ')} term" for kind in kinds]
    return [*columns, *_OF_RELEVANCE, REST, *reversed([_ORDINARY, _WORDING, *labels])]


def field_text(comment: Comment, field: str) -> str:
    """The text of the field that a reason names."""
    if field == "body":
        return comment.body
    return comment.author.name if field == "author.name" else comment.author.url


def _reason(comment: Comment, name: str, place: Place | str | None, weight: float) -> Reason:
    """A reason at a place, about a whole field where only that is named, or about the comment."""
    if place is None:
        return Reason(name, "body", None, "", weight)
    if isinstance(place, str):
        text = field_text(comment, place)
        return Reason(name, place, (0, len(text)), text[:_LONGEST_TEXT], weight)
    field, begin, end = place
    return Reason(
        name, field, (begin, end), field_text(comment, field)[begin : min(end, begin + _LONGEST_TEXT)], weight
    )
