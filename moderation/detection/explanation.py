"""Turns the shares of a score into reasons: phrases of the text and named signals, the strongest first.

Shares of all columns add up to the logit without its base; so do the weights of the reasons, with one "rest". Which
these are is found in explanation.c.
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.comment import Reason, Score
from moderation.detection.features import PRAISE, Batch, Mix
from moderation.detection.kernels import Record, library, pointer, struct
from moderation.detection.signals import AUTHOR_FIELDS, SIGNAL_PHRASES, Signal
from moderation.detection.wording import Wording, WordingEvidence

STRONGEST = 8
REST = "rest"
DECIMALS = 4  # of a weight
_WORDING, _ORDINARY = "wording", "wording of ordinary comments"
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
_FIELDS = ("body", "author.name", "author.url")
_new = tuple.__new__  # makes a Reason or a Score at half the cost of its own way


class Explainer:
    """Makes scores by the names of one release's kinds, by its weights and by its name.

    ``columns``: log-odds for each column over what it ``usual``ly is; ``base`` and ``calibration`` as Parameters has
    them.
    """

    def __init__(
        self,
        release: str,
        kinds: Sequence[str],
        *,
        columns: NDArray[np.float64],
        usual: NDArray[np.float64],
        base: float,
        calibration: NDArray[np.float64],
    ) -> None:
        mix = len(Signal) + len(kinds)
        self._release = release
        self._names = _names(kinds)
        told = [
            *range(len(Signal)),
            *(mix + part for part in _MIX_PHRASES),
            *(mix + len(Mix) + part for part in _AUTHOR_WORDING),
        ]
        fields = [
            *(AUTHOR_FIELDS.get(signal, "body") for signal in Signal),
            *("body" for _ in _MIX_PHRASES),
            *(field for _, field in _AUTHOR_WORDING.values()),
        ]
        self._held = {  # C reads these as long as the explainer lives
            "told": np.array(told, np.int64),
            "field_of": np.array([_FIELDS.index(field) for field in fields], np.int64),
            "weights": np.ascontiguousarray(columns, np.float64),
            "usual": np.ascontiguousarray(usual, np.float64),
            "calibration": np.ascontiguousarray(calibration, np.float64),
        }
        counts = {"columns": len(columns), "tolds": len(told), "points": calibration.shape[1]}
        self._model = struct("model", **self._held, **counts, base=base, praise=kinds.index(PRAISE) + 1)

    def scores(self, batch: Batch, wording: WordingEvidence, columns: NDArray[np.float64]) -> list[Score]:
        """The probabilities of each comment and its reasons: the strongest, and one "rest" where anything is left."""
        count = len(batch.pairs)
        verdict = Record("verdict", {}, partial(library.place_verdict, self._model, batch.c))
        found = verdict.c
        library.explain(batch.folded.c, batch.c, wording.c, pointer(columns), self._model, found)
        edges = list(found.edges[0 : count + 1])
        reasons = self._reasons(batch.folded.text, found, edges[-1])
        known = zip(found.off_topic[0:count], batch.c.known[0:count], strict=True)
        off_topic = [probability if is_known else None for probability, is_known in known]
        of_comments = [tuple(reasons[begin:end]) for begin, end in pairwise(edges)]
        made = zip(found.promotional[0:count], off_topic, of_comments, repeat(self._release))
        return list(map(_new, repeat(Score), made))

    def _reasons(self, text: str, found: Any, count: int) -> list[Reason]:
        """The reasons of a batch one behind the other, with their texts out of all that was sent."""
        names = map(self._names.__getitem__, found.items[0:count])
        fields = map(_FIELDS.__getitem__, found.fields[0:count])
        spans = [
            (begin, end) if begin >= 0 else None
            for begin, end in zip(found.begins[0:count], found.ends[0:count], strict=True)
        ]
        texts = map(text.__getitem__, map(slice, found.cuts[0:count], found.cut_ends[0:count]))
        told = zip(names, fields, spans, texts, found.weights[0:count], strict=True)
        return list(map(_new, repeat(Reason), told))


def _names(kinds: Sequence[str]) -> list[str]:
    """How a reason is called, by its item: told columns, relevance, the rest; labels of phrases from the end."""
    columns = [*SIGNAL_PHRASES, *_MIX_PHRASES.values(), *(name for name, _field in _AUTHOR_WORDING.values())]
    labels = ["empty praise" if kind == PRAISE else f"{kind.replace('_', ' ')} term" for kind in kinds]
    return [*columns, *_OF_RELEVANCE, REST, *reversed([_ORDINARY, _WORDING, *labels])]
