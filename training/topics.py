"""Fits what tells a comment under its own article from one under another article of the same site.

The pairs are made: nobody labels off-topic comments by hand.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from moderation.comment import Comment, Pair
from moderation.detection.features import FeatureReader, Tables
from training import measures
from training.blocks import BATCH
from training.datasets import CORPUS, Dataset

_FEW_HAM = 50  # ordinary comments that a site needs for a figure of its own
_TOPIC_PAIRS = 1_500  # ordinary comments of one site that are held against articles
_ALL_TOPIC_PAIRS = 100_000  # of all sites
_TOLD_SITES = 50  # the largest ones have figures of their own


def fit_off_topic(data: Dataset, tables: Tables, seed: int) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Weights that tell an article's own ordinary comments from those of another article of the same site.

    Returns them with the base last, and the ROC AUC by site on sites that were left out.
    """
    own, other, site = topic_pairs(data, seed)
    width = len(FeatureReader(tables).read([(Comment(""), None)]).evidence[0])
    if not own:
        return np.zeros(width + 1), {}
    reader = FeatureReader(tables)
    values = np.concatenate(
        [
            np.concatenate(
                [reader.read(pairs[begin : begin + BATCH]).evidence for begin in range(0, len(pairs), BATCH)]
            )
            for pairs in (own, other)
        ]
    ).astype(np.float64)
    label = np.repeat([False, True], len(own))
    sites = np.array(site * 2, object)
    sizes = np.asarray(pd.Series(sites).map(pd.Series(sites).value_counts()), np.float64)
    figures = {}
    largest = pd.Series(site).value_counts(sort=False).nlargest(_TOLD_SITES).index
    for name in sorted(largest):
        here = sites == name
        if here.sum() >= 2 * _FEW_HAM and not here.all():
            model = _topic_model(values[~here], label[~here], sizes[~here])
            figures[name] = round(float(measures.auc(label[here], values[here] @ model[:-1])), 5)
    return _topic_model(values, label, sizes), figures


def _topic_model(
    values: NDArray[np.float64], label: NDArray[np.bool_], sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    model = LogisticRegression(C=1.0, max_iter=2_000).fit(values, label, sample_weight=1 / np.sqrt(sizes))
    return np.append(model.coef_[0], model.intercept_[0])


def topic_pairs(data: Dataset, seed: int) -> tuple[list[Pair], list[Pair], list[str]]:
    """Ordinary comments with their own articles, with another of the same site, and their sites."""
    random = np.random.default_rng(seed)
    comments = data.comments
    telling = {key for key, article in data.articles.items() if article.title or article.body}
    told = np.array([key in telling for key in zip(comments["source"], comments["article_id"], strict=True)], bool)
    real = (comments["source"] != CORPUS).to_numpy(bool)  # the corpus speaks of its articles too seldom
    chosen = comments[told & real & (comments["label"] == "ham").to_numpy(bool)]
    sites = list(chosen.groupby(["source", "site"], sort=True))
    places: list[int] = []
    foreign: list[str] = []
    names: list[str] = []
    for (source, site), rows in sites:
        articles = sorted(set(rows["article_id"]))
        if len(articles) < 2:
            continue
        drawn = random.permutation(rows.index.to_numpy())[: min(_TOPIC_PAIRS, _ALL_TOPIC_PAIRS // len(sites))]
        for place in drawn.tolist():
            other = str(random.choice(articles))
            while other == comments.at[place, "article_id"]:
                other = str(random.choice(articles))
            places.append(place)
            foreign.append(other)
            names.append(f"{source}/{site}")
    own = comments.loc[places]
    return Dataset(own, data.articles).pairs(), Dataset(own.assign(article_id=foreign), data.articles).pairs(), names
