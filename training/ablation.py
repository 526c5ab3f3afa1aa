"""What each group of signals, each source and the written corpus is worth: the figures without it, on unseen sites.

It trains by the functions that make a release and tells figures; it writes no release.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.detection.features import Mix
from moderation.detection.signals import Signal
from moderation.detection.wording import Wording
from training import measures, train
from training.datasets import CORPUS, WRITTEN, Dataset
from training.measures import Figures
from training.work import passing

EVERYTHING = "everything"
_SIGNALS = {
    "links": "LINK MORE_LINKS BARE_DOMAIN BROKEN_LINK LINK_MARKUP LINK_SHARE LINK_AT_END",
    "contacts": "EMAIL PHONE LONG_CODE MENTION",
    "author": "AUTHOR_URL AUTHOR_DEEP_URL AUTHOR_KEYWORDS AUTHOR_SMALL_LETTERS AUTHOR_NAME_IN_URL AUTHOR_NAME_DIGITS"
    " AUTHOR_NAME_SCRIPT"
    " AUTHOR_DOMAIN_NAME OWN_LINK",
    "disguise": "LOOK_ALIKES STYLED SPACED LEET INVISIBLE",
    "habits": "CAPITALS EXCLAMATION SYMBOLS CURRENCY DIGITS LINES",
    "length": "LENGTH SHORTNESS",
}
GROUP_OF_SIGNAL = {name: group for group, names in _SIGNALS.items() for name in names.split()}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Worth:
    """Figures with everything and without one part, both as means over the same unseen real sites."""

    part: str
    sites: int
    with_it: Mapping[str, float]
    without: Mapping[str, float]


def ablate_signals(data: Dataset, seed: int, jobs: int, say: Say) -> Iterator[Worth]:
    """Leave each group of columns out of the last fit: what it gives that the others can not make up for."""
    with passing() as work:
        read = train.prepare(train.thinned(data, seed), seed, jobs, say, work)
        real = ~(read.comments["source"].isin(WRITTEN) | read.comments["padded"]).to_numpy(bool)
        sites = (read.comments["source"] + "/" + read.comments["site"])[real]
        places = {str(name): np.flatnonzero(real)[of_site] for name, of_site in sites.groupby(sites).indices.items()}

        def figures(kept: NDArray[np.bool_]) -> dict[str, Figures]:
            logits = train.held_out_logits(read, kept)
            labels = read.rows.promotional
            return {name: measures.measure(labels[place], logits[place]) for name, place in places.items()}

        whole = figures(np.ones(read.columns.shape[1], bool))
        for name, group in column_groups(len(read.tables.kinds)).items():
            say(f"without {name}")
            yield _worth(name, whole, figures(~group))


def column_groups(kinds: int) -> dict[str, NDArray[np.bool_]]:
    """Which columns belong to each group; every column to exactly one. ``kinds`` is how many the lexicon has."""
    names = [GROUP_OF_SIGNAL.get(signal.name, "other signals") for signal in Signal]
    names += ["lexicon"] * kinds
    names += ["relevance" if mix.name.startswith("OFF_TOPIC") else "combinations" for mix in Mix]
    names += [f"wording of {part.name.lower()}" for part in Wording]
    return {name: np.array(names) == name for name in dict.fromkeys(names)}


def ablate_sources(data: Dataset, seed: int, jobs: int, say: Say) -> Iterator[Worth]:
    """Train without each source. Compared are the other real sources' sites, each scored by what never saw it."""
    say("training on everything")
    whole = _site_figures(data, seed, jobs)
    for source in sorted(set(data.comments["source"])):
        say(f"training without {source}")
        without = _site_figures(data.select(data.comments["source"] != source), seed, jobs)
        yield _worth(source, whole, without)


def _site_figures(data: Dataset, seed: int, jobs: int) -> dict[str, Figures]:
    """The figures by real site of a release's manifest, where each site is scored without having been trained on."""
    candidate = train.train(data, "ablation", seed, jobs, lambda step: None)
    sites = {name: Figures(**figures) for name, figures in candidate.manifest["metrics"]["sites"].items()}
    return {name: figures for name, figures in sites.items() if name.partition("/")[0] not in WRITTEN}


def _worth(part: str, whole: Mapping[str, Figures], without: Mapping[str, Figures]) -> Worth:
    both = [name for name, figures in whole.items() if name in without and figures.auc is not None]
    with_it, less = (measures.macro(of[name] for name in both) for of in (whole, without))
    return Worth("written corpus" if part == CORPUS else part, len(both), with_it, less)
