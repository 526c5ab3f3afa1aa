"""Puts good comments, or passages of the article, around comments, as senders do whose promotion is to drown in them.

The padded copies teach how much the best passage of a comment counts beside all of it, and no words.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from moderation.comment import Article
from training.datasets import WRITTEN, Dataset

_COPIES = 4_000  # of each label
_MOST_AROUND = 3  # good comments around one
_LONGEST = 400  # code points of a good comment
_READ, _WORDS = 20_000, 80  # code points of an article, and words of a passage


def with_padded(data: Dataset, seed: int) -> Dataset:
    """All comments, and behind them padded copies of some real ones, marked in the column ``padded``.

    Both labels are padded, so that neither padding nor length is a sign of either.
    """
    comments = data.comments.assign(padded=False)
    real = comments[~comments["source"].isin(WRITTEN)]
    good = real.loc[(real["label"] == "ham") & (real["body"].str.len() <= _LONGEST), "body"].to_numpy(object)
    if not len(good):
        return Dataset(comments, data.articles)
    random = np.random.default_rng(seed)
    copies = [rows.sample(min(_COPIES, len(rows)), random_state=seed) for _, rows in real.groupby("label", sort=True)]
    chosen = pd.concat(copies).assign(padded=True)
    articles = [data.articles.get(key) for key in zip(chosen["source"], chosen["article_id"], strict=True)]
    chosen["body"] = [
        _around(body, _passage(article, random) or random.choice(good, random.integers(1, _MOST_AROUND + 1)), random)
        for body, article in zip(chosen["body"], articles, strict=True)
    ]
    return Dataset(pd.concat([comments, chosen], ignore_index=True), data.articles)


def _passage(article: Article | None, random: np.random.Generator) -> list[str]:
    """Some words in a row of every other article that is known, else nothing."""
    words = article.body[:_READ].split() if article else []
    if not words or random.random() < 0.5:
        return []
    first = int(random.integers(0, max(len(words) - _WORDS, 1)))
    return [" ".join(words[first : first + int(random.integers(1, _WORDS))])]


def _around(body: str, padding: Iterable[str], random: np.random.Generator) -> str:
    parts = list(padding)
    parts.insert(int(random.choice([0, len(parts)])), body)
    return "\n".join(parts)
