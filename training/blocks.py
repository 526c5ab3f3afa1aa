"""Reads training comments block by block: their columns, their n-grams, and what the wording of each says.

A block is the unit of work for a thread or a worker elsewhere, and a file that is read again and again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import coo_matrix

from moderation.comment import Author, Comment, Pair
from moderation.detection.features import Batch, FeatureReader
from moderation.detection.ngrams import NOTHING
from moderation.detection.wording import BITS, Wording, WordingWeights, fields_of, ngrams, weigh
from training.datasets import Dataset
from training.work import Work

BATCH = 1_000
ROWS = 4_000
"""Of a block."""
FIELDS = ("body", "name", "url", "link")
TABLES = "tables"
WHOLE = -1
"""The copy of a comment lacks nothing: there is none. Others lack the article (0), the author (1) or both (2)."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rows:
    """What is known of the comments beside their texts; each of shape (comments,)."""

    promotional: NDArray[np.bool_]
    weight: NDArray[np.float64]
    fold: NDArray[np.intp]
    real: NDArray[np.bool_]
    """Which comments tell of real sites; see ``fit.real_rows``."""
    share: NDArray[np.float64]
    """Of each comment's weight, when columns are weighed."""
    worded: NDArray[np.bool_]
    """Which comments teach wording; padded copies do not."""
    missing: NDArray[np.int8]
    """What each one's copy lacks, or WHOLE."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts that teach wording: the buckets of each one's n-grams, once each, one text after another."""

    buckets: NDArray[np.int32]
    lengths: NDArray[np.int64]
    promotional: NDArray[np.bool_]
    weight: NDArray[np.float64]


def dealt(data: Dataset, seed: int) -> Dataset:
    """The comments in another order: articles by chance, so that blocks are alike, each with its comments together."""
    comments = data.comments
    alone = comments["article_id"] == ""
    numbers = pd.Series(np.arange(len(comments)).astype(str), comments.index)
    key = comments["source"] + "\0" + comments["article_id"].where(~alone, "\0" + numbers)
    group = pd.factorize(key)[0]
    place = np.random.default_rng(seed).permutation(int(group.max(initial=-1)) + 1)[group]
    return Dataset(comments.iloc[np.argsort(place, kind="stable")].reset_index(drop=True), data.articles)


def block_name(number: int) -> str:
    """Under which a block is kept."""
    return f"block-{number:05}"


def wording_name(number: int, weights: Sequence[str]) -> str:
    """Under which the wording of a block by some weights is kept."""
    return f"worded-{number:05}-{sha256(' '.join(weights).encode()).hexdigest()[:16]}"


def spans(count: int) -> list[slice]:
    """The rows of each block."""
    return [slice(begin, min(begin + ROWS, count)) for begin in range(0, count, ROWS)]


def followed(say: Say, told: str, steps: Iterable[object], total: int, before: int = 0) -> None:
    """Go through ``steps`` and tell of each tenth of the total that is done; ``before`` were done by a former run."""
    say(f"{told}: {before:,} of {total:,}")
    for done, _ in enumerate(steps, before + 1):
        if done * 10 // total > (done - 1) * 10 // total:
            say(f"{told}: {done:,} of {total:,}")


def read_blocks(work: Work, data: Dataset, rows: Rows, jobs: int, say: Say) -> None:
    """Read all comments by the tables that are kept as TABLES."""
    parts = spans(len(data.comments))
    left = [number for number in range(len(parts)) if not work.has(block_name(number))]
    tasks = (
        delayed(_read_block)(work, number, pairs_of(data, parts[number]), tuple(_of(rows, parts[number])))
        for number in left
    )
    followed(say, "reading blocks of comments", _side_by_side(jobs, tasks), len(parts), len(parts) - len(left))


def word_blocks(
    work: Work, data: Dataset, fold: NDArray[np.intp], weights: Sequence[str], *, jobs: int, say: Say
) -> None:
    """Weigh the wording of each comment by the weights of its fold."""
    parts = spans(len(data.comments))
    left = [number for number in range(len(parts)) if not work.has(wording_name(number, weights))]
    tasks = (
        delayed(_word_block)(work, number, pairs_of(data, parts[number]), (fold[parts[number]],), tuple(weights))
        for number in left
    )
    followed(say, "weighing the wording of blocks", _side_by_side(jobs, tasks), len(parts), len(parts) - len(left))


def _side_by_side(jobs: int, tasks: Iterable[object]) -> Iterable[object]:
    parallel = Parallel(n_jobs=jobs, prefer="threads", return_as="generator_unordered", batch_size=1)
    done: Iterable[object] = parallel(tasks)
    return done


def pairs_of(data: Dataset, part: slice) -> list[Pair]:
    """The comments of a block with their articles."""
    return Dataset(data.comments.iloc[part], data.articles).pairs()


def _of(rows: Rows, part: slice) -> Iterator[NDArray[np.generic]]:
    for values in (rows.missing, rows.promotional, rows.weight, rows.worded):
        yield values[part]


def _read_block(work: Work, number: int, pairs: list[Pair], known: tuple[NDArray[np.generic], ...]) -> None:
    """Arrays go as a tuple: alone, Dask would hand them to one worker, and they would die with it."""
    missing, promotional, weight, worded = known
    reader = FeatureReader(work.read_object(TABLES)[0])
    columns, counted = [], []
    for batch in _batches(reader, pairs):
        columns.append(reader.columns(batch))
        counted.append(ngram_buckets(batch))
    copied = missing != WHOLE
    copies = [without(pair, what) for pair, what in zip(pairs, missing.tolist(), strict=True) if what != WHOLE]
    nothing = np.zeros((0, columns[0].shape[1]))
    arrays = {
        "columns": np.concatenate(columns),
        "copy_columns": np.concatenate([nothing, *(reader.columns(batch) for batch in _batches(reader, copies))]),
        "copied": copied,
        "has_author": missing == 0,
        "promotional": promotional,
        "weight": weight,
        "worded": worded,
    }
    for field, parts in zip(FIELDS, zip(*counted, strict=True), strict=True):
        arrays[f"{field}.lengths"] = np.concatenate([lengths for lengths, _ in parts])
        arrays[f"{field}.buckets"] = np.concatenate([buckets for _, buckets in parts])
    work.keep(block_name(number), arrays)


def _batches(reader: FeatureReader, pairs: Sequence[Pair]) -> Iterator[Batch]:
    return (reader.read(pairs[begin : begin + BATCH]) for begin in range(0, len(pairs), BATCH))


def without(pair: Pair, missing: int) -> Pair:
    """A comment as many sites send it: without its article (0), its author (1) or both (2)."""
    comment, article = pair
    author = comment.author if missing == 0 else Author()
    return Comment(comment.body, created_at=comment.created_at, author=author), article if missing == 1 else None


def ngram_buckets(batch: Batch) -> list[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """How many n-grams each body, name, address and links have, and their buckets, once each; in FIELDS' order."""
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
    # an n-gram counts once, however often it is said
    matrix = coo_matrix((np.ones(len(row), np.int8), (row, column)), shape=(4 * count, 1 << BITS)).tocsr()
    starts = matrix.indptr[::count]
    lengths = np.diff(matrix.indptr).astype(np.int64)
    return [
        (
            lengths[field * count : (field + 1) * count],
            matrix.indices[starts[field] : starts[field + 1]].astype(np.int32),
        )
        for field in range(4)
    ]


def texts_of(work: Work, fields: Sequence[str], chosen: NDArray[np.bool_], numbers: Iterable[int]) -> Iterator[Texts]:
    """The n-grams of some fields of the chosen comments that teach wording, block by block; empty texts left out."""
    keys = [f"{field}.{part}" for field in fields for part in ("lengths", "buckets")]
    for number in numbers:
        promotional, weight, worded, *found = work.read(block_name(number), "promotional", "weight", "worded", *keys)
        here = worded & chosen[number * ROWS : number * ROWS + len(worded)]
        lengths, buckets = np.concatenate(found[::2]), np.concatenate(found[1::2])
        wanted = np.tile(here, len(fields)) & (lengths > 0)
        label, weights = np.tile(promotional, len(fields)), np.tile(weight, len(fields))
        yield Texts(buckets[np.repeat(wanted, lengths)], lengths[wanted], label[wanted], weights[wanted])


def _word_block(
    work: Work, number: int, pairs: list[Pair], known: tuple[NDArray[np.intp]], weights: tuple[str, ...]
) -> None:
    [fold] = known
    reader = FeatureReader(work.read_object(TABLES)[0])
    wording = np.zeros((len(pairs), len(Wording)))
    for one in np.unique(fold).tolist():
        here = np.flatnonzero(fold == one)
        learned = read_weights(work, weights[one])
        batches = _batches(reader, [pairs[row] for row in here.tolist()])
        wording[here] = np.concatenate([weigh(batch, learned).columns for batch in batches])
    work.keep(wording_name(number, weights), {"wording": wording})


def read_weights(work: Work, name: str) -> WordingWeights:
    """Weights of n-grams that are kept under a name."""
    buckets, scale = work.read(name, "buckets", "scale")
    return WordingWeights(buckets, float(scale[0]))


def block_columns(work: Work, number: int, weights: Sequence[str]) -> NDArray[np.float64]:
    """All columns of a block, its wording by the weights of each comment's fold among them."""
    [columns], [wording] = work.read(block_name(number), "columns"), work.read(wording_name(number, weights), "wording")
    return np.hstack([columns, wording])


def weighed_part(
    work: Work, number: int, part: slice, weights: Sequence[str], weighed: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Of one block, the columns of the comments that are weighed, and of their copies, with whose they are."""
    here = np.zeros(part.stop - part.start, bool)
    here[weighed[slice(*np.searchsorted(weighed, [part.start, part.stop]))] - part.start] = True
    copies, copied, has_author = work.read(block_name(number), "copy_columns", "copied", "has_author")
    of = np.flatnonzero(copied & here)
    return block_columns(work, number, weights)[here], of + part.start, copies[here[copied]], has_author[of]
