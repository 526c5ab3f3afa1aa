"""Turns the shares of a score into reasons: phrases of the text and named signals, the strongest first.

Shares of all columns add up to the logit without its base; so do the weights of the reasons, with one "rest".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Comment, Reason
from moderation.detection.features import PRAISE, Batch, Mix, promoted_words
from moderation.detection.signals import AUTHOR_FIELDS, SIGNAL_PHRASES, Place, Signal
from moderation.detection.text import Places
from moderation.detection.wording import Wording, WordingEvidence

STRONGEST = 8
_LEAST = 0.1  # log-odds; what weighs less is told in the rest
_LEAST_WORD = 0.02  # log-odds of a word that can be part of a phrase
_DECIMALS = 4  # of a weight
_LONGEST_TEXT = 200  # code points of a reason's text
_SILENT, _SPEAKING, _PROMOTING, _PRAISING = range(4)  # what a word does: hardly weigh, speak for, against, or praise
_LAST_SIGN = 127
_ENDS_SENTENCE = np.isin(np.arange(_LAST_SIGN + 1), [ord(sign) for sign in ".!?;:"])
_WORDING, _ORDINARY = "wording", "wording of ordinary comments"
_RELEVANCE = tuple(mix for mix in Mix if mix < Mix.PROMOTED)  # told as one reason
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


@dataclass(slots=True)
class _Phrases:
    """Runs of words that weigh in one direction for one reason: word places, end excluded, and their weight."""

    row: Places
    first: Places
    last: Places
    label: NDArray[np.int64]
    weight: NDArray[np.float64]


class Explainer:
    """Makes reasons by the names of one release's kinds."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._praise = kinds.index(PRAISE)
        labels = {PRAISE: "empty praise"}
        self._labels = [_ORDINARY, _WORDING, *(labels.get(kind, f"{kind.replace('_', ' ')} term") for kind in kinds)]
        self._kinds = slice(len(Signal), len(Signal) + len(kinds))
        self._mix = slice(self._kinds.stop, self._kinds.stop + len(Mix))
        self._wording = slice(self._mix.stop, self._mix.stop + len(Wording))
        self._relevance = [self._mix.start + mix for mix in _RELEVANCE]
        self._named = [*((phrase, None) for phrase in _MIX_PHRASES.values()), *_AUTHOR_WORDING.values()]
        self._told = [
            *range(len(Signal)),
            *(self._mix.start + mix for mix in _MIX_PHRASES),
            *(self._wording.start + part for part in _AUTHOR_WORDING),
        ]

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
        phrases = self._phrases(batch, self._word_shares(batch, wording, shares, weights))
        told = np.empty((count, len(self._told) + 1))
        told[:, :-1] = shares[:, self._told]
        told[:, -1] = np.add.reduce(shares[:, self._relevance], axis=1)
        rows, columns = (np.abs(told) >= _LEAST).nonzero()
        row = np.concatenate((rows, phrases.row))
        weight = np.concatenate((told[rows, columns], phrases.weight)).round(_DECIMALS)
        item = np.concatenate((columns, np.arange(-len(phrases.row), 0)))  # phrases from the end
        order = np.lexsort((-np.abs(weight), row))
        rank = np.arange(len(order)) - row[order].searchsorted(row[order])
        order = order[rank < STRONGEST]
        row, weight = row[order], weight[order]
        rest = (totals - np.bincount(row, weight, count)).round(_DECIMALS).tolist()
        reasons = self._reasons(batch, phrases, zip(row.tolist(), item[order].tolist(), weight.tolist(), strict=True))
        edges = row.searchsorted(np.arange(count + 1)).tolist()
        return [
            (*reasons[begin:end], Reason("rest", "body", None, "", left)) if left else tuple(reasons[begin:end])
            for begin, end, left in zip(edges[:-1], edges[1:], rest, strict=True)
        ]

    def _word_shares(
        self, batch: Batch, wording: WordingEvidence, shares: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What each word of the bodies adds: its n-grams, and its part of its kind's share."""
        by_wording = weights[self._wording]
        words: NDArray[np.float64] = wording.body_words * by_wording[Wording.BODY]
        words += wording.passage_words * by_wording[Wording.PASSAGE]
        words += wording.link_words * by_wording[Wording.LINKS]
        in_kind = batch.word_kind.nonzero()[0]
        if not len(in_kind):
            return words
        rows = batch.folded.first_word[: len(batch.pairs) + 1].searchsorted(in_kind, "right") - 1
        columns = batch.word_kind[in_kind].astype(np.intp) - 1
        of_kind = shares[:, self._kinds].copy()
        of_kind[:, self._praise] += shares[:, self._mix.start + Mix.EMPTY_PRAISE]
        of_any = shares[:, self._mix.start + Mix.PROMOTED] + shares[:, self._mix.start + Mix.PROMOTED_SHARE]
        promoted = promoted_words(batch.kinds, self._praise)
        each = np.divide(of_any, promoted, out=np.zeros(len(promoted)), where=promoted > 0)
        words[in_kind] += of_kind[rows, columns] / np.expm1(batch.kinds[rows, columns])
        words[in_kind] += np.where(columns == self._praise, 0.0, each[rows])
        return words

    def _phrases(self, batch: Batch, words: NDArray[np.float64]) -> _Phrases:
        """Neighbouring words of one sentence that weigh in one direction; praise stands apart from promotion.

        A phrase is named after the word in it that belongs to a kind of the lexicon and weighs most.
        """
        folded, kind = batch.folded, batch.word_kind
        if not len(words):
            nowhere = np.zeros(0, np.intp)
            return _Phrases(nowhere, nowhere, nowhere, nowhere, np.zeros(0))
        first_word = folded.first_word[: len(batch.pairs) + 1]
        direction = np.where(words > 0, np.where(kind == self._praise + 1, _PRAISING, _PROMOTING), _SPEAKING)
        direction[np.abs(words) < _LEAST_WORD] = _SILENT
        edge = np.ones(len(words) + 1, bool)
        edge[1:-1] = direction[1:] != direction[:-1]
        edge[1:-1] |= _ENDS_SENTENCE[np.minimum(folded.codes[folded.word_end[: len(words) - 1]], _LAST_SIGN)]
        edge[first_word] = True
        edges = edge.nonzero()[0]
        first, last = edges[:-1], edges[1:]
        sums = np.add.reduceat(words, first)
        heavy = (direction[first] != _SILENT) & (np.abs(sums) >= _LEAST)
        first, last = first[heavy], last[heavy]
        row = first_word.searchsorted(first, "right") - 1
        label = (direction[first] != _SPEAKING).astype(np.int64)
        if len(first) and kind.any():
            named = np.zeros(len(words) + 1)
            named[:-1] = np.where(kind > 0, np.maximum(words, 0), 0)
            top = np.maximum.reduceat(named, np.stack([first, last], axis=1).ravel())[::2]
            for phrase in ((top > 0) & (label > 0)).nonzero()[0].tolist():
                word = first[phrase] + named[first[phrase] : last[phrase]].argmax()
                label[phrase] = kind[word] + 1
        return _Phrases(row, first, last, label, sums[heavy])

    def _reasons(self, batch: Batch, phrases: _Phrases, chosen: Iterable[tuple[int, int, float]]) -> list[Reason]:
        """The reasons of some (comment, item, weight): items from 0 are told columns, those below 0 phrases."""
        folded = batch.folded
        begins = folded.source[folded.word_start[phrases.first]].tolist()
        ends = (folded.source[folded.word_end[phrases.last - 1] - 1] + 1).tolist()
        labels, places, shared = phrases.label.tolist(), batch.signals.places, _shared_words(batch)
        reasons = []
        for row, item, weight in chosen:
            comment = batch.pairs[row][0]
            if item < 0:
                begin, end = begins[item], ends[item]
                text = comment.body[begin : min(end, begin + _LONGEST_TEXT)]
                reasons.append(Reason(self._labels[labels[item]], "body", (begin, end), text, weight))
            elif item < len(SIGNAL_PHRASES):
                place = places.get((row, item)) or AUTHOR_FIELDS.get(item)
                reasons.append(_reason(comment, SIGNAL_PHRASES[item], place, weight))
            elif item < len(self._told):
                name, field = self._named[item - len(SIGNAL_PHRASES)]
                reasons.append(_reason(comment, name, field, weight))
            else:
                reasons.append(_relevance_reason(comment.body, shared.get(row), weight))
        return reasons


def _shared_words(batch: Batch) -> dict[int, tuple[int, int]]:
    """By comment, the place of the most telling word that it shares with its article."""
    folded, shared = batch.folded, batch.evidence.shared
    words = (shared > 1).nonzero()[0]
    words = words[np.lexsort((-shared[words], folded.word_text[words]))]
    rows, first = np.unique(folded.word_text[words], return_index=True)
    begins = folded.source[folded.word_start[words[first]]].tolist()
    ends = (folded.source[folded.word_end[words[first]] - 1] + 1).tolist()
    return dict(zip(rows.tolist(), zip(begins, ends, strict=True), strict=True))


def _relevance_reason(body: str, span: tuple[int, int] | None, weight: float) -> Reason:
    if span is None:
        return Reason("names nothing in the article", "body", None, "", weight)
    text = body[span[0] : min(span[1], span[0] + _LONGEST_TEXT)]
    return Reason("words shared with the article", "body", span, text, weight)


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
