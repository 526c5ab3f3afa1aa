"""Fits a detector: n-gram weights, then the weights of all columns on texts that the n-gram weights have not seen.

It takes tables of comments and gives arrays. It writes nothing and judges nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import coo_matrix, csr_matrix, diags, vstack
from scipy.special import expit
from sklearn.linear_model import SGDClassifier

from moderation.comment import Pair
from moderation.detection.features import PRAISE, Batch, FeatureReader, Mix, Tables
from moderation.detection.ngrams import NOTHING
from moderation.detection.signals import Signal
from moderation.detection.wording import BITS, DAMPING, Wording, WordingWeights, fields_of, ngrams, weigh
from training.datasets import DROPPED, NAMED, WRITTEN

BATCH = 1_000
FOLDS = 12
_FEWEST = 50  # texts of a field that it takes to learn from them
_EPOCHS = 6
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


@dataclass(frozen=True, slots=True)
class Rows:
    """What is read of the training comments once: their batches, n-gram counts and columns; one row a comment."""

    batches: list[Batch]
    fields: tuple[csr_matrix, ...]
    """N-grams of bodies, names, addresses and links."""
    columns: NDArray[np.float64]
    promotional: NDArray[np.bool_]
    weight: NDArray[np.float64]
    fold: NDArray[np.intp]
    real: NDArray[np.bool_]
    """Which comments tell of real sites; see ``real_rows``."""
    share: NDArray[np.float64]
    """Of each comment's weight, when columns are weighed."""
    worded: NDArray[np.bool_]
    """Which comments teach wording; padded copies do not."""


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


def read_rows(comments: pd.DataFrame, pairs: Sequence[Pair], tables: Tables, fold: NDArray[np.intp]) -> Rows:
    """Read all comments by some tables; ``fold`` says which comments are kept apart together."""
    reader = FeatureReader(tables)
    batches = [reader.read(pairs[begin : begin + BATCH]) for begin in range(0, len(pairs), BATCH)]
    counts = [ngram_counts(batch) for batch in batches]
    return Rows(
        batches=batches,
        fields=tuple(vstack(parts).tocsr() for parts in zip(*counts, strict=True)),
        columns=np.concatenate([reader.columns(batch) for batch in batches]),
        promotional=(comments["label"] == "promotional").to_numpy(bool),
        weight=site_weights(comments),
        fold=fold,
        real=real_rows(comments),
        share=column_shares(comments),
        worded=~comments["padded"].to_numpy(bool),
    )


def ngram_counts(batch: Batch) -> list[csr_matrix]:
    """Which buckets occur in bodies, names, addresses and links, over the root of how many do."""
    folded, count = batch.folded, len(batch.pairs)
    fields = fields_of(batch)
    of_place = np.arange(3 * count).repeat(np.diff(folded.starts))
    linked = fields.in_link[: len(of_place)]
    of_place[linked] += 3 * count
    of_word = of_place[folded.word_start]
    rows, columns = [], []
    for found, of_words in ngrams(batch, fields):
        text = of_word if of_words else of_place
        size = min(len(text), len(found))
        some = found[:size] != NOTHING
        rows.append(text[:size][some])
        columns.append(found[:size][some].astype(np.int64))
    row, column = np.concatenate(rows), np.concatenate(columns)
    matrix = coo_matrix((np.ones(len(row), np.float32), (row, column)), shape=(4 * count, 1 << BITS)).tocsr()
    matrix.data[:] = 1  # an n-gram counts once, however often it is said
    scaled = (diags((1 / np.sqrt(np.diff(matrix.indptr) + DAMPING)).astype(np.float32)) @ matrix).astype(np.float32)
    return [scaled[field * count : (field + 1) * count] for field in range(4)]


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


def fit_wording(rows: Rows, chosen: NDArray[np.bool_], seed: int) -> WordingWeights:
    """Fit the n-gram weights of bodies, and of names and addresses, each on its own."""
    chosen = chosen & rows.worded
    promotional, weight = rows.promotional[chosen], rows.weight[chosen]
    fitted = np.zeros(1 << BITS)
    body, name, url, link = (field[chosen] for field in rows.fields)
    for matrix in (body, name, vstack([url, link]).tocsr()):
        times = matrix.shape[0] // len(weight)
        filled = np.diff(matrix.indptr) > 0
        label = np.tile(promotional, times)[filled]
        if filled.sum() > _FEWEST and 0 < label.sum() < filled.sum():
            fitted += _fit_ngrams(matrix[filled], label, np.tile(weight, times)[filled], seed)
    scale = max(float(np.abs(fitted).max()), 1e-9) / 32_767
    whole: NDArray[np.int16] = np.round(fitted / scale).astype(np.int16)
    return WordingWeights(whole, scale)


def _fit_ngrams(
    matrix: csr_matrix, promotional: NDArray[np.bool_], weight: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Log-odds of each bucket. Rare ones count for more, by the logarithm of how few texts hold them."""
    held = np.bincount(matrix.indices, minlength=matrix.shape[1])
    rarity = (np.log(matrix.shape[0] / (1 + held)) + 1) / 7
    rarity[held == 0] = 0
    model = SGDClassifier(
        loss="log_loss",
        alpha=_ALPHA,
        max_iter=_EPOCHS,
        tol=None,
        average=True,
        random_state=seed,
        learning_rate="optimal",
    )
    scaled = (matrix @ diags(rarity.astype(np.float32))).tocsr()
    model.fit(scaled, promotional, sample_weight=weight * len(weight) / weight.sum())
    fitted: NDArray[np.float64] = model.coef_[0] * rarity
    return fitted


def held_out_wording(rows: Rows, seed: int, jobs: int) -> NDArray[np.float64]:
    """Each row's wording by weights that were fitted on the other folds; shape (comments, Wording)."""
    folds = np.unique(rows.fold)
    done = Parallel(n_jobs=jobs, prefer="threads")(delayed(_one_fold)(rows, fold, seed) for fold in folds)
    result = np.zeros((len(rows.fold), len(Wording)))
    for fold, columns in zip(folds, done, strict=True):
        result[rows.fold == fold] = columns
    return result


def _one_fold(rows: Rows, fold: int, seed: int) -> NDArray[np.float64]:
    weights, here = fit_wording(rows, rows.fold != fold, seed), rows.fold == fold
    parts = zip(rows.batches, np.split(here, range(BATCH, len(here), BATCH)), strict=True)
    return np.concatenate([weigh(batch, weights).columns[wanted] for batch, wanted in parts if wanted.any()])


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
