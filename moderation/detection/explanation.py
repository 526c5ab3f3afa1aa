"""Turns the shares of a score into reasons: phrases of the text and named signals, the strongest first.

Shares of all columns add up to the logit without its base; so do the weights of the reasons, with one "rest". Which
these are is found in explanation.c.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Comment, Reason
from moderation.detection.features import PRAISE, Batch, Mix
from moderation.detection.kernels import library, pointer, struct
from moderation.detection.signals import AUTHOR_FIELDS, SIGNAL_PHRASES, Place, Signal
from moderation.detection.wording import OF_WORDS, Wording, WordingEvidence

STRONGEST = 8
_LONGEST_TEXT = 200  # code points of a reason's text
_WORDING, _ORDINARY = "wording", "wording of ordinary comments"
_RELEVANCES = int(Mix.PROMOTED)  # the columns of Mix before it are told as one reason
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


class Explainer:
    """Makes reasons by the names of one release's kinds."""

    def __init__(self, kinds: Sequence[str]) -> None:
        labels = {PRAISE: "empty praise"}
        self._labels = [_ORDINARY, _WORDING, *(labels.get(kind, f"{kind.replace('_', ' ')} term") for kind in kinds)]
        mix = len(Signal) + len(kinds)
        self._wording = mix + len(Mix)
        self._named = [*((phrase, None) for phrase in _MIX_PHRASES.values()), *_AUTHOR_WORDING.values()]
        self._told = np.array(
            [*range(len(Signal)), *(mix + part for part in _MIX_PHRASES), *(self._wording + x for x in _AUTHOR_WORDING)],
            np.int64,
        )
        self._columns = {
            "columns": self._wording + len(Wording),
            "told": self._told,
            "tolds": len(self._told),
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
        units = wording.units * weights[self._wording :][OF_WORDS]
        edges, items = np.empty(count + 1, np.int64), np.empty(count * STRONGEST, np.int64)
        spans, weight = np.empty((count * STRONGEST, 2), np.int64), np.empty(count * STRONGEST)
        rests = np.empty(count)
        library.explain(
            batch.folded.view, struct("shares", of_columns=shares, totals=totals, **self._columns),
            pointer(wording.own), pointer(wording.linked), pointer(wording.passages), pointer(units),
            pointer(batch.word_kind), pointer(batch.kind_counts), pointer(batch.evidence.shared), count,
            pointer(np.empty(len(wording.own))), pointer(edges), pointer(items), pointer(spans), pointer(weight),
            pointer(rests),
        )  # fmt: skip
        found = int(edges[-1])
        chosen = zip(items[:found].tolist(), spans[:found].tolist(), weight[:found].tolist(), strict=True)
        bounds, left = edges.tolist(), rests.tolist()
        reasons = []
        for row, (comment, _) in enumerate(batch.pairs):
            own = [self._reason(batch, row, comment, *next(chosen)) for _ in range(bounds[row + 1] - bounds[row])]
            if left[row]:
                own.append(Reason("rest", "body", None, "", left[row]))
            reasons.append(tuple(own))
        return reasons

    def _reason(
        self, batch: Batch, row: int, comment: Comment, item: int, span: tuple[int, int], weight: float
    ) -> Reason:
        """The reason of an item: one of the told columns, relevance behind them, or below 0 a phrase."""
        if item < 0:
            begin, end = span
            text = comment.body[begin : min(end, begin + _LONGEST_TEXT)]
            return Reason(self._labels[-1 - item], "body", (begin, end), text, weight)
        if item < len(SIGNAL_PHRASES):
            place = batch.signals.places.get((row, item)) or AUTHOR_FIELDS.get(item)
            return _reason(comment, SIGNAL_PHRASES[item], place, weight)
        if item < len(self._told):
            name, field = self._named[item - len(SIGNAL_PHRASES)]
            return _reason(comment, name, field, weight)
        return _relevance_reason(comment.body, span, weight)


def _relevance_reason(body: str, span: tuple[int, int], weight: float) -> Reason:
    if span[0] < 0:
        return Reason("names nothing in the article", "body", None, "", weight)
    begin, end = span
    text = body[begin : min(end, begin + _LONGEST_TEXT)]
    return Reason("words shared with the article", "body", (begin, end), text, weight)


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
