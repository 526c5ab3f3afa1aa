"""What does a detector find on a site, or in a source, that it was not trained on, beside a plain pipeline?

    python benchmarks/unseen.py --data DIR [--data DIR ...] [--measure DIR ...] [--by-site blogs] [--only NAME ...]
                                [--corpus 3000] [--seed 1] [--jobs 2] [--sample N] [--json FILE]

Each site of the sources --by-site is left out in turn, and each other source as a whole. --measure names sources that
are never trained on. Tested comments are no near-duplicates of trained ones nor of each other; corrections of labels
are applied, and figures by the labels before them stand beside. Both detectors learn from the same rows and get the
body, the author's name and the author's address. The pipeline is scikit-learn's TF-IDF over words 1-2 and characters
2-5 that stand in at least three trained comments (that bound keeps it within memory), with logistic regression.
"""
# ruff: noqa: E402  # the path is set before anything can take a file beside this one for the standard library's

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if sys.path[0] == str(ROOT / "benchmarks"):
    sys.path[0] = str(ROOT)

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

from training import datasets, measures
from training.datasets import Dataset
from training.holdout import HoldOut, hold_outs, train_and_score

LEAST_TEXTS = 3
SUBMITTED = "submitted"
Counts = tuple[csr_matrix, csr_matrix]


def plain_text(comments: pd.DataFrame) -> "pd.Series[str]":
    """What the pipeline reads: author's name and address, and the body."""
    return comments["author_name"] + "\n" + comments["author_url"] + "\n" + comments["body"]


def count_ngrams(texts: "pd.Series[str]") -> Counts:
    """How often each n-gram of words and of characters stands in each text: counted once for all hold-outs."""
    words = CountVectorizer(ngram_range=(1, 2), min_df=LEAST_TEXTS, dtype=np.float32)
    characters = CountVectorizer(analyzer="char", ngram_range=(2, 5), min_df=LEAST_TEXTS, dtype=np.float32)
    return words.fit_transform(texts), characters.fit_transform(texts)


def weigh(counts: csr_matrix, trained: NDArray[np.intp], tested: NDArray[np.intp]) -> tuple[csr_matrix, csr_matrix]:
    """TF-IDF learned from the trained texts, as if no other text had been counted."""
    learned = counts[trained]
    known = np.flatnonzero(np.bincount(learned.indices, minlength=counts.shape[1]) >= LEAST_TEXTS)
    model = TfidfTransformer(sublinear_tf=True)
    return model.fit_transform(learned[:, known]), model.transform(counts[tested][:, known])


def plain_scores(counts: Counts, labels: NDArray[np.bool_], hold_out: HoldOut) -> NDArray[np.float64]:
    """Train the pipeline on a hold-out's comments and score the others."""
    parts = [weigh(part, hold_out.trained, hold_out.tested) for part in counts]
    trained, tested = (hstack([part[side] for part in parts]).tocsr() for side in (0, 1))
    model = LogisticRegression(max_iter=300).fit(trained, labels[hold_out.trained])
    scores: NDArray[np.float64] = model.decision_function(tested)
    return scores


def compare(data: Dataset, counts: Counts, hold_out: HoldOut, seed: int) -> dict[str, Any]:
    """Figures of both for one hold-out: by the labels, by those before corrections, on submissions alone."""
    comments = data.comments.iloc[np.sort(hold_out.tested)]
    labels = (data.comments["label"] == "promotional").to_numpy(bool)
    ours, thresholds = train_and_score(data, hold_out, seed)
    plain = plain_scores(counts, labels, hold_out)
    spam, raw = ((comments[column] == "promotional").to_numpy(bool) for column in ("label", "raw_label"))
    everything, submitted = np.ones(len(comments), bool), (comments["note"] == SUBMITTED).to_numpy(bool)
    found: dict[str, Any] = {"name": hold_out.name, "trained": len(hold_out.trained)}
    for view, label, rows in (("labels", spam, everything), ("raw", raw, everything), (SUBMITTED, spam, submitted)):
        found[view] = {
            "ours": measures.measure(label[rows], ours[rows], thresholds.hold, thresholds.reject).as_dict(),
            "plain": measures.measure(label[rows], plain[rows]).as_dict(),
        }
    return found


def table(results: list[dict[str, Any]], view: str) -> pd.DataFrame:
    """One row a hold-out."""
    rows = {}
    for result in results:
        ours, plain = result[view]["ours"], result[view]["plain"]
        rows[result["name"]] = {
            "tested": ours["comments"],
            "promo": ours["promotional"],
            "AUC": ours["auc"],
            "plain AUC": plain["auc"],
            "at 1 %": ours["found_at_1pct"],
            "plain at 1 %": plain["found_at_1pct"],
            "held": ours["held"],
            "ham held": ours["ham_held"],
            "ham rejected": ours["ham_rejected"],
        }
    return pd.DataFrame.from_dict(rows, orient="index").astype(float)


def means(results: list[dict[str, Any]], by_site: Iterable[str]) -> dict[str, dict[str, dict[str, float]]]:
    """The macro mean over the sites of each source that was left out by site, by view."""
    found = {}
    for source in by_site:
        of_source = [result for result in results if result["name"].startswith(source + "/")]
        if of_source:
            views = {view: table(of_source, view).mean().dropna() for view in ("labels", "raw", SUBMITTED)}
            found[source] = {
                view: {str(name): float(mean) for name, mean in row.items()} for view, row in views.items()
            }
    return found


def show(results: list[dict[str, Any]], by_site: list[str]) -> None:
    titles = {"labels": "By corrected labels", "raw": "By labels before corrections", SUBMITTED: "Submissions alone"}
    for view, title in titles.items():
        frame = table([result for result in results if result[view]["ours"]["comments"]], view)
        for source, of_source in means(results, by_site).items():
            frame.loc[f"{source}, macro mean"] = pd.Series(of_source[view])
        counts = {"tested": "{:.0f}".format, "promo": "{:.0f}".format}
        print(f"\n{title}\n{frame.to_string(formatters=counts, float_format='{:.4f}'.format, na_rep='-')}")


def sampled(data: Dataset, count: int | None, seed: int) -> Dataset:
    """A few comments of every source, to try the harness."""
    if not count:
        return data
    rows = data.comments.sample(frac=1, random_state=seed).groupby("source").head(count).index
    return data.select(pd.Series(data.comments.index.isin(rows), data.comments.index))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--measure", type=Path, action="append", default=[])
    parser.add_argument("--by-site", action="append")
    parser.add_argument("--only", action="append")
    parser.add_argument("--corpus", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    by_site = given.by_site or ["blogs"]
    data = sampled(datasets.load([*given.data, *given.measure], given.seed, given.corpus), given.sample, given.seed)
    chosen = hold_outs(data, by_site, [path.name for path in given.measure], given.seed)
    if given.only:
        chosen = [hold_out for hold_out in chosen if any(name in hold_out.name for name in given.only)]
    print(f"{len(data.comments):,} comments, {len(chosen)} hold-outs", flush=True)
    counts = count_ngrams(plain_text(data.comments))
    done = Parallel(n_jobs=given.jobs, return_as="generator", pre_dispatch="n_jobs")(
        delayed(compare)(data, counts, hold_out, given.seed) for hold_out in chosen
    )
    results = []
    for result in done:
        results.append(result)
        print(f"done: {result['name']}", flush=True)
    show(results, by_site)
    if given.json:
        told = {"seed": given.seed, "results": results, "means": means(results, by_site)}
        given.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
