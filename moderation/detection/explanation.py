"""Turns the shares of a score into reasons: phrases of the text and named signals, the strongest first.

Shares of all columns add up to the logit without its base; so do the weights of the reasons, with one "rest".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Author, Comment, Reason
from moderation.detection.features import PRAISE, Batch, Mix
from moderation.detection.signals import Place, Signal
from moderation.detection.text import Places
from moderation.detection.wording import Wording, WordingEvidence

STRONGEST = 8
_LEAST = 0.05  # log-odds; what weighs less is told in the rest
_LEAST_WORD = 0.02  # log-odds of a word that can be part of a phrase
_LONGEST_TEXT = 200  # code points of a reason's text
_MOST_SHARED = 5  # words that a reason names as shared with the article
_WORDING, _ORDINARY = "wording", "wording of ordinary comments"
_RELEVANCE = (Mix.OFF_TOPIC, Mix.OFF_TOPIC_LINK, Mix.OFF_TOPIC_ADDRESS)  # told as one reason
_MIX_PHRASES = {
    Mix.PRAISE_AND_ADDRESS: "praise from an author with a web address",
    Mix.LATE_AND_ADDRESS: "web address long after the article",
    Mix.SHORT_AND_LINK: "link with hardly a word",
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

    def explain(
        self, batch: Batch, wording: WordingEvidence, shares: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> list[tuple[Reason, ...]]:
        """The reasons of each comment: the strongest, and one "rest" where anything is left."""
        phrases = self._phrases(batch, self._word_shares(batch, wording, shares, weights))
        found: list[list[Reason]] = [[] for _ in batch.pairs]
        self._add_named(found, batch, shares)
        self._add_phrases(found, batch, phrases)
        totals = shares.sum(1)
        return [_strongest(reasons, total) for reasons, total in zip(found, totals.tolist(), strict=True)]

    def _word_shares(
        self, batch: Batch, wording: WordingEvidence, shares: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What each word of the bodies adds: its n-grams, and its part of its kind's share."""
        count = len(batch.pairs)
        by_wording = weights[self._wording]
        words = wording.body_words * by_wording[Wording.BODY] + wording.passage_words * by_wording[Wording.PASSAGE]
        kind = batch.word_kind.astype(np.intp)
        text = np.repeat(np.arange(count), np.diff(batch.folded.first_word[: count + 1]))
        in_kind = np.flatnonzero(kind)
        rows, columns = text[in_kind], kind[in_kind] - 1
        counts = np.expm1(batch.kinds)[rows, columns]
        words[in_kind] += shares[:, self._kinds][rows, columns] / counts
        praised = in_kind[columns == self._praise]
        praises = np.expm1(batch.kinds[:, self._praise])
        both = shares[:, self._mix.start + Mix.EMPTY_PRAISE]
        words[praised] += both[text[praised]] / praises[text[praised]]
        return words

    def _phrases(self, batch: Batch, words: NDArray[np.float64]) -> _Phrases:
        """Neighbouring words of one label, without those that hardly weigh."""
        first_word = batch.folded.first_word[: len(batch.pairs) + 1]
        label = np.where(words > 0, np.where(batch.word_kind > 0, batch.word_kind + 1, 1), 0).astype(np.int64)
        label[np.abs(words) < _LEAST_WORD] = -1
        edge = np.ones(len(words) + 1, bool)
        edge[1:-1] = label[1:] != label[:-1]
        edge[first_word] = True
        edges = np.flatnonzero(edge)
        first, last = edges[:-1], edges[1:]
        sums = np.add.reduceat(words, first) if len(first) else np.zeros(0)
        heavy = (label[first] >= 0) & (np.abs(sums) >= _LEAST)
        first, last = first[heavy], last[heavy]
        row = np.searchsorted(first_word, first, "right") - 1
        return _Phrases(row, first, last, label[first], sums[heavy])

    def _add_phrases(self, found: list[list[Reason]], batch: Batch, phrases: _Phrases) -> None:
        folded = batch.folded
        order = np.lexsort((-np.abs(phrases.weight), phrases.row))
        rank = np.arange(len(order)) - np.searchsorted(phrases.row[order], phrases.row[order])
        order = order[rank < STRONGEST]
        rows = phrases.row[order].tolist()
        begins = folded.source[folded.word_start[phrases.first[order]]].tolist()
        ends = (folded.source[folded.word_end[phrases.last[order] - 1] - 1] + 1).tolist()
        labels, weights = phrases.label[order].tolist(), phrases.weight[order].tolist()
        for row, begin, end, label, weight in zip(rows, begins, ends, labels, weights, strict=True):
            text = batch.pairs[row][0].body[begin : min(end, begin + _LONGEST_TEXT)]
            found[row].append(Reason(self._labels[label], "body", (begin, end), text, weight))

    def _add_named(self, found: list[list[Reason]], batch: Batch, shares: NDArray[np.float64]) -> None:
        """Signals, mixes, author wording and relevance, each as one reason."""
        places = batch.signals.places
        for row, column in zip(
            *(axis.tolist() for axis in np.nonzero(np.abs(shares[:, : len(Signal)]) >= _LEAST)), strict=True
        ):
            signal = Signal(column)
            found[row].append(_reason(batch, row, signal.phrase, places.get((row, column)), shares[row, column]))
        relevance = shares[:, [self._mix.start + mix for mix in _RELEVANCE]].sum(1)
        for row in np.flatnonzero(np.abs(relevance) >= _LEAST).tolist():
            found[row].append(self._relevance_reason(batch, row, float(relevance[row])))
        for mix, phrase in _MIX_PHRASES.items():
            column = shares[:, self._mix.start + mix]
            for row in np.flatnonzero(np.abs(column) >= _LEAST).tolist():
                found[row].append(_reason(batch, row, phrase, None, column[row]))
        for part, field in ((Wording.NAME, "author.name"), (Wording.URL, "author.url")):
            column = shares[:, self._wording.start + part]
            for row in np.flatnonzero(np.abs(column) >= _LEAST).tolist():
                text = field_text(batch.pairs[row][0], field)
                place = (field, 0, len(text))
                name = "wording of the author's name" if part is Wording.NAME else "wording of the author's address"
                found[row].append(_reason(batch, row, name, place, column[row]))

    def _relevance_reason(self, batch: Batch, row: int, weight: float) -> Reason:
        folded = batch.folded
        first, last = int(folded.first_word[row]), int(folded.first_word[row + 1])
        shared = batch.evidence.shared[first:last]
        words = first + np.argsort(-shared, kind="stable")[:_MOST_SHARED]
        words = words[batch.evidence.shared[words] > 1]
        body = batch.pairs[row][0].body
        spans = [
            (int(folded.source[folded.word_start[word]]), int(folded.source[folded.word_end[word] - 1]) + 1)
            for word in words.tolist()
        ]
        text = ", ".join(dict.fromkeys(body[begin:end] for begin, end in spans))
        name = "words shared with the article" if spans else "names nothing in the article"
        return Reason(name, "body", spans[0] if spans else None, text[:_LONGEST_TEXT], weight)


def field_text(comment: Comment, field: str) -> str:
    """The text of the field that a reason names."""
    author: Author = comment.author
    return {"body": comment.body, "author.name": author.name, "author.url": author.url}[field]


def _reason(batch: Batch, row: int, name: str, place: Place | None, weight: float) -> Reason:
    if place is None:
        return Reason(name, "body", None, "", float(weight))
    field, begin, end = place
    text = field_text(batch.pairs[row][0], field)[begin : min(end, begin + _LONGEST_TEXT)]
    return Reason(name, field, (begin, end), text, float(weight))


def _strongest(reasons: list[Reason], total: float) -> tuple[Reason, ...]:
    reasons.sort(key=lambda reason: -abs(reason.weight))
    shown = [reason._replace(weight=round(reason.weight, 4)) for reason in reasons[:STRONGEST]]
    rest = round(total - sum(reason.weight for reason in shown), 4)
    return (*shown, Reason("rest", "body", None, "", rest)) if rest else tuple(shown)
