"""Fits a detector: n-gram weights, then the weights of all columns on texts that the n-gram weights have not seen.

It judges nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.linear_model import SGDClassifier

from moderation.detection.features import PRAISE, Mix
from moderation.detection.signals import Signal
from moderation.detection.wording import BITS, DAMPING, Wording
from training.blocks import WHOLE, Rows, Say, Texts, followed, spans, texts_of
from training.datasets import DROPPED, NAMED, WRITTEN
from training.work import Work

FOLDS = 12
GAPS = 0.5
"""The share of comments that are copied with less around them."""
_FEWEST = 50  # texts of a field that it takes to learn from them
_EPOCHS, _FEWEST_EPOCHS = 6, 2
_STEPS = 1_200_000  # after which stochastic gradient descent has come near enough to the best weights
_LABELS = np.array([False, True])
_ALPHA = 1e-5
_COLUMNS_C = 0.3
_LBFGS = {"maxiter": 500, "maxcor": 20}
_WRITTEN_SHARE = 0.05  # of a written comment's weight when columns are weighed: nobody ever sent it
_PADDED_SHARE = 0.5  # of a padded copy
_DROPPED_SHARE = 6.0  # of those of the one kind that no real source has: praise with a keyword dropped behind it
_NAMED_SHARE = 0.2  # of names that stand out, by fancy letters or digits behind them


_OF_EITHER = {
    Signal.MENTION, Signal.LINK_MARKUP, Signal.OWN_LINK, Signal.CAPITALS, Signal.EXCLAMATION, Signal.SYMBOLS,
    Signal.CURRENCY, Signal.DIGITS, Signal.LENGTH, Signal.SHORTNESS, Signal.LINES,
}  # fmt: skip
_PROMOTING = {
    Mix.OFF_TOPIC, Mix.OFF_TOPIC_LINK, Mix.OFF_TOPIC_ADDRESS, Mix.PROMOTED, Mix.PROMOTED_SHARE, Mix.EMPTY_PRAISE,
    Mix.PRAISE_AND_ADDRESS, Mix.SHORT_AND_LINK, Mix.PRAISE_AND_TERMS, Mix.TERMS_AT_END,
}  # fmt: skip
_RELEVANT = {Mix.SHARED_SHARE, Mix.SHARED_PER_SIZE, Mix.COSINE}
_BOUNDS = {1: (0.0, None), 0: (None, None), -1: (None, 0.0)}


def rows_of(comments: pd.DataFrame, seed: int) -> Rows:
    """What is known of the comments beside their texts. Some get a copy with less around them."""
    random = np.random.default_rng(seed)
    copied = np.flatnonzero(random.random(len(comments)) < GAPS)
    missing = np.full(len(comments), WHOLE, np.int8)
    missing[copied] = random.integers(0, 3, len(copied))
    return Rows(
        promotional=(comments["label"] == "promotional").to_numpy(bool),
        weight=site_weights(comments),
        fold=np.unique(group_folds(comments), return_inverse=True)[1],
        real=real_rows(comments),
        share=column_shares(comments),
        worded=~comments["padded"].to_numpy(bool),
        missing=missing,
    )


def real_rows(comments: pd.DataFrame) -> NDArray[np.bool_]:
    """The comments that nobody wrote or padded for training, or all where there are no others."""
    real = ~(comments["source"].isin(WRITTEN) | comments["padded"]).to_numpy(bool)
    return real if real.any() else np.ones(len(comments), bool)


def learned_columns(kinds: Sequence[str]) -> NDArray[np.bool_]:
    """Which columns are weighed; shape (columns,).

    A kind of promotion is known from the written corpus alone, so all share one weight in the columns that are made of
    them; praise has its own.
    """
    learned = np.ones(len(Signal) + len(kinds) + len(Mix) + len(Wording), bool)
    learned[len(Signal) : len(Signal) + len(kinds)] = [kind == PRAISE for kind in kinds]
    return learned


def sides(kinds: int) -> NDArray[np.int64]:
    """Which columns may be no sign of an ordinary comment (1), or of promotion (-1), or are free (0); shape (columns,).

    At the sites at hand they may look like one, but that would be a habit of theirs.
    """
    signals = [signal not in _OF_EITHER for signal in Signal]
    mix = [int(part in _PROMOTING) - (part in _RELEVANT) for part in Mix]
    return np.array([*signals, *[1] * kinds, *mix, *[1] * len(Wording)], np.int64)


def column_shares(comments: pd.DataFrame) -> NDArray[np.float64]:
    """What share of its weight each comment has when columns are weighed; shape (comments,)."""
    made = np.where(comments["note"] == DROPPED, _DROPPED_SHARE, _WRITTEN_SHARE)
    made[comments["note"].isin(NAMED)] = _NAMED_SHARE
    made[comments["padded"].to_numpy(bool)] = _PADDED_SHARE
    return np.where(real_rows(comments), 1.0, made)


def site_weights(comments: pd.DataFrame, power: float = 0.5) -> NDArray[np.float64]:
    """A weight a comment: large sites count less for each of theirs, both labels the same in all."""
    size = comments.groupby(["source", "site", "label"])["label"].transform("size").to_numpy(float)
    weight = size**-power
    if "weight" in comments:  # decisions count by their age and their source
        weight *= comments["weight"].to_numpy(float)
    promotional = (comments["label"] == "promotional").to_numpy(bool)
    for label in (promotional, ~promotional):
        weight[label] *= len(weight) / 2 / max(weight[label].sum(), 1e-9)
    return weight


def fit_wording(work: Work, blocks: int, chosen: bytes, seed: int) -> str:
    """Fit the n-gram weights of bodies, of names, and of addresses, each on its own, and keep them.

    ``chosen`` are bits, one a comment (``numpy.packbits``). Returns the name that the weights are kept under.
    """
    name = f"wording-{sha256(chosen + str(seed).encode()).hexdigest()[:16]}"
    if work.has(name):
        return name
    fitted = np.zeros(1 << BITS)
    rows = np.unpackbits(np.frombuffer(chosen, np.uint8)).astype(bool)
    for fields in (("body",), ("name",), ("url", "link")):
        fitted += _fit_ngrams(partial(texts_of, work, fields, rows), blocks, seed)
    scale = max(float(np.abs(fitted).max()), 1e-9) / 32_767
    whole: NDArray[np.int16] = np.round(fitted / scale).astype(np.int16)
    work.keep(name, {"buckets": whole, "scale": np.array([scale])})
    return name


def _fit_ngrams(read: Callable[[Iterable[int]], Iterator[Texts]], blocks: int, seed: int) -> NDArray[np.float64]:
    """Log-odds of each bucket. Rare ones count for more, by the logarithm of how few texts hold them."""
    held, count, promotional, weight = np.zeros(1 << BITS, np.int64), 0, 0, 0.0
    for texts in read(range(blocks)):
        held += np.bincount(texts.buckets, minlength=len(held))
        count += len(texts.lengths)
        promotional += int(texts.promotional.sum())
        weight += float(texts.weight.sum())
    if count <= _FEWEST or not 0 < promotional < count:
        return np.zeros(len(held))
    rarity = (np.log(count / (1 + held)) + 1) / 7
    rarity[held == 0] = 0
    random = np.random.RandomState(seed)
    model = SGDClassifier(loss="log_loss", alpha=_ALPHA, average=True, random_state=random, learning_rate="optimal")
    scale = rarity.astype(np.float32)
    for _ in range(min(max(-(-_STEPS // count), _FEWEST_EPOCHS), _EPOCHS)):
        for texts in read(random.permutation(blocks).tolist()):
            if len(texts.lengths):
                weights = texts.weight * count / weight
                model.partial_fit(_matrix(texts, scale), texts.promotional, _LABELS, weights)
    fitted: NDArray[np.float64] = model.coef_[0] * rarity
    return fitted


def _matrix(texts: Texts, rarity: NDArray[np.float32]) -> csr_matrix:
    """One row a text: the rarity of its n-grams over the root of how many there are."""
    damped = (1 / np.sqrt(texts.lengths + DAMPING)).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(texts.lengths)]).astype(np.int32)
    values = rarity[texts.buckets] * np.repeat(damped, texts.lengths)
    return csr_matrix((values, texts.buckets, starts), shape=(len(texts.lengths), len(rarity)))


def held_out_wording(
    work: Work, fold: NDArray[np.intp], chosen: NDArray[np.bool_], *, seed: int, jobs: int, say: Say
) -> list[str]:
    """Weights for each fold that were fitted on the chosen ones of the others, by the names they are kept under."""
    blocks, folds = len(spans(len(fold))), range(int(fold.max()) + 1)
    tasks = (delayed(fit_wording)(work, blocks, np.packbits((fold != one) & chosen).tobytes(), seed) for one in folds)
    names: list[str] = []
    steps = Parallel(n_jobs=jobs, prefer="threads", return_as="generator", batch_size=1)(tasks)
    followed(say, "fitting folds of sites", map(names.append, steps), len(folds))
    return names


def fit_columns(
    columns: NDArray[np.float64],
    promotional: NDArray[np.bool_],
    weight: NDArray[np.float64],
    learned: NDArray[np.bool_],
    sides: NDArray[np.int64],
) -> tuple[NDArray[np.float64], float]:
    """The weight of every column, in log-odds, and the base: logistic regression with a ridge.

    Columns that are not ``learned`` weigh 0, those of one side never less, or more, than that.
    """
    known, sign = columns[:, learned], np.where(promotional, 1.0, -1.0)
    each = weight * len(weight) / weight.sum()

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, margin = parameters[:-1], sign * (known @ parameters[:-1] + parameters[-1])
        pull = -sign * each * expit(-margin)
        total = each @ np.logaddexp(0, -margin) + weights @ weights / (2 * _COLUMNS_C)
        return float(total), np.append(known.T @ pull + weights / _COLUMNS_C, pull.sum())

    bounds = [_BOUNDS[side] for side in (*sides[learned].tolist(), 0)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds, options=_LBFGS).x
    weights = np.zeros(columns.shape[1])
    weights[learned] = found[:-1]
    return weights, float(found[-1])


def group_folds(comments: pd.DataFrame, folds: int = FOLDS) -> NDArray[np.intp]:
    """A fold for each comment: a site stays whole, and the folds hold about the same number of promotional ones.

    What was written for training has a fold of its own behind the others, so that all of it teaches each of them.
    """
    real = real_rows(comments)
    site = (comments["source"] + "\0" + comments["site"])[real]
    sizes = (comments.loc[real, "label"] == "promotional").groupby(site).sum() + 0.05 * site.value_counts()
    load = np.zeros(folds)
    fold_of = {}
    for name, size in sizes.sort_values(ascending=False, kind="stable").items():
        fold_of[name] = int(load.argmin())
        load[fold_of[name]] += float(size)
    names = comments["source"] + "\0" + comments["site"]
    return np.asarray(names.map(fold_of).fillna(folds), np.intp)
