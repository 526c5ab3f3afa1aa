"""How long does a comment take, with probabilities and reasons, beside fastText and a plain scikit-learn pipeline?

    python benchmarks/scoring.py --data DIR [--data DIR ...] [--release DIR] [--comments 4000] [--trained 20000]
                                 [--rounds 7] [--json FILE]

Real comments, each with its article, sorted by site and article as they come in on a site, so that an article is known
after its first comment; what a first comment costs more is told apart. fastText (word bigrams, subwords 2-5, dimension
16, one thread) and the pipeline (TF-IDF of words 1-2 and characters 2-5, LinearSVC) are trained on real comments in the
same run and read the same text. Rounds go through all of them in turn; told are medians, and medians of the ratios
within a round. Needs the package fasttext-wheel. Memory is the peak of a process that loads the release and scores.
"""
# ruff: noqa: E402  # the path is set before anything can take a file beside this one for the standard library's

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
ROOT = HERE.parent.parent
if sys.path[0] == str(HERE.parent):
    sys.path[0] = str(ROOT)

from moderation import release
from moderation.comment import Article, Author, Comment, Pair

BATCH = 1_000
PLAIN_ONES = 200  # comments that the pipeline is given one at a time: it is slow, and so are few enough
PLAIN_BATCHES = 1
Run = Callable[[], object]


class OurModel:
    """The release."""

    def __init__(self, directory: Path, pairs: Sequence[Pair]) -> None:
        self.classifier, self.pairs = release.load(directory).classifier, pairs

    def one_at_a_time(self) -> None:
        """Score each by itself."""
        score = self.classifier.score
        for comment, article in self.pairs:
            score(comment, article)

    def batches(self) -> None:
        """Score them 1,000 at a time."""
        for begin in range(0, len(self.pairs), BATCH):
            self.classifier.score_many(self.pairs[begin : begin + BATCH])


class FastText:
    """fastText called below its Python wrapper, which no longer works with NumPy 2."""

    def __init__(self, trained: Sequence[str], labels: Sequence[str], texts: Sequence[str]) -> None:
        import fasttext

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "comments.txt"
            lines = (f"__label__{label} {text}\n" for label, text in zip(labels, trained, strict=True))
            path.write_text("".join(lines), encoding="utf-8")
            model = fasttext.train_supervised(str(path), wordNgrams=2, minn=2, maxn=5, dim=16, thread=1, verbose=0)
        self.model, self.lines = model.f, [text + "\n" for text in texts]

    def one_at_a_time(self) -> None:
        """Score each by itself."""
        predict = self.model.predict
        for line in self.lines:
            predict(line, 1, 0.0, "strict")

    def batches(self) -> None:
        """Score them 1,000 at a time."""
        for begin in range(0, len(self.lines), BATCH):
            self.model.multilinePredict(self.lines[begin : begin + BATCH], 1, 0.0, "strict")


class PlainPipeline:
    """scikit-learn as one would write it first."""

    def __init__(self, trained: Sequence[str], labels: Sequence[str], texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline, make_union
        from sklearn.svm import LinearSVC

        words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
        characters = TfidfVectorizer(analyzer="char", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
        self.model = make_pipeline(make_union(words, characters), LinearSVC()).fit(trained, labels)
        self.texts = texts

    def one_at_a_time(self) -> None:
        """Score each by itself."""
        for text in self.texts[:PLAIN_ONES]:
            self.model.predict([text])

    def batches(self) -> None:
        """Score them 1,000 at a time."""
        self.model.predict(self.texts[: PLAIN_BATCHES * BATCH])


def us_each(run: Run, count: int) -> float:
    """Microseconds a comment."""
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) / count * 1e6


def measure(ours: OurModel, fasttext: FastText, plain: PlainPipeline, rounds: int) -> dict[str, Any]:
    count = len(ours.pairs)
    runs: dict[str, dict[str, tuple[Run, int]]] = {
        "batches": {
            "ours": (ours.batches, count),
            "fastText": (fasttext.batches, count),
            "plain": (plain.batches, min(count, PLAIN_BATCHES * BATCH)),
        },
        "one at a time": {
            "ours": (ours.one_at_a_time, count),
            "fastText": (fasttext.one_at_a_time, count),
            "plain": (plain.one_at_a_time, min(count, PLAIN_ONES)),
        },
    }
    ours.batches()  # every article is known from here on
    release.settle()  # as a serving process does; what this one read and trained is no part of a scoring one
    times: dict[str, dict[str, list[float]]] = {way: {name: [] for name in models} for way, models in runs.items()}
    for _ in range(rounds):
        for way, models in runs.items():
            for name, (run, of) in models.items():
                times[way][name].append(us_each(run, of))
    return {way: summary(of_way) for way, of_way in times.items()}


def summary(times: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Median microseconds a comment, and the median of how many times ours another's time is, round by round."""
    return {
        name: {
            "us": round(statistics.median(values), 1),
            "times ours": round(statistics.median(a / b for a, b in zip(values, times["ours"], strict=True)), 2),
        }
        for name, values in times.items()
    }


def cold_article_us(directory: Path, pairs: Sequence[Pair]) -> tuple[float, int]:
    """What an article's first comment costs more than a later one, in microseconds, and over how many articles."""
    first = {(article.title, article.body): (comment, article) for comment, article in reversed(pairs) if article}
    model = OurModel(directory, list(first.values())[:BATCH])
    model.classifier.score(Comment("Nothing is cold but the articles."))
    count = len(model.pairs)
    return us_each(model.one_at_a_time, count) - us_each(model.one_at_a_time, count), count


def peak_memory_mb(directory: Path, pairs: Sequence[Pair]) -> dict[str, float]:
    """Peak resident memory of a fresh process, loaded, and after it scored the pairs one at a time and in batches."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comments.jsonl"
        path.write_text("".join(json.dumps(as_json(pair)) + "\n" for pair in pairs), encoding="utf-8")
        command = [sys.executable, str(HERE), "--child", str(directory), str(path)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(told)
    return found


def as_json(pair: Pair) -> dict[str, str]:
    comment, article = pair
    author = {"name": comment.author.name, "url": comment.author.url}
    return {
        "body": comment.body,
        **author,
        "title": article.title if article else "",
        "text": article.body if article else "",
    }


def serve_like(directory: str, path: str) -> None:
    """Load and score as a serving process does, and tell the peak of memory. Nothing of training is imported."""
    classifier = release.load(Path(directory)).classifier
    release.settle()
    loaded = peak_mb()
    with Path(path).open(encoding="utf-8") as lines:
        batch: list[Pair] = []
        for line in lines:
            row = json.loads(line)
            article = Article(title=row["title"], body=row["text"])
            batch.append((Comment(row["body"], author=Author(row["name"], row["url"])), article))
            classifier.score(*batch[-1])
            if len(batch) == BATCH:
                classifier.score_many(batch)
                batch.clear()
    print(json.dumps({"loaded": loaded, "peak": peak_mb()}))


def peak_mb() -> float:
    """VmHWM: unlike getrusage, it forgets the process that this one was forked from."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024, 1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--release", type=Path)
    parser.add_argument("--comments", type=int, default=4_000)
    parser.add_argument("--trained", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    from training import datasets

    directory = given.release or release.current(ROOT / "models")
    data = datasets.load(given.data, 1)
    order = data.comments.sort_values(["source", "site", "article_id", "created_at"], kind="stable").index
    pairs = data.pairs()
    begin = max((len(order) - given.comments) // 2, 0)
    stretch = [pairs[row] for row in order[begin : begin + given.comments]]  # neighbours, as on a site
    rows = data.comments.sample(min(given.trained, len(order)), random_state=1).index
    labels = data.comments.loc[rows, "label"].tolist()
    texts = [plain_text(pair) for pair in stretch]
    trained = [plain_text(pairs[row]) for row in rows]
    mean_length = statistics.mean(map(len, texts))
    print(f"{len(stretch):,} comments of {mean_length:.0f} code points on average; training the others", flush=True)
    others = FastText(trained, labels, texts), PlainPipeline(trained, labels, texts)
    told = measure(OurModel(directory, stretch), *others, given.rounds)
    told["cold_article_us"], told["cold_articles"] = cold_article_us(directory, stretch)
    told["memory_mb"] = peak_memory_mb(directory, stretch)
    show(told)
    if given.json:
        given.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def plain_text(pair: Pair) -> str:
    """What the others read, in one line: author's name and address, and the body."""
    comment = pair[0]
    return " ".join(f"{comment.author.name} {comment.author.url} {comment.body}".split())


def show(told: dict[str, Any]) -> None:
    for way in ("batches", "one at a time"):
        print(f"{way}:")
        for name, figures in told[way].items():
            print(f"  {name:10} {figures['us']:9,.1f} us a comment, {figures['times ours']:6.2f} times ours")
    print(f"an article's first comment: {told['cold_article_us']:,.0f} us more ({told['cold_articles']} articles)")
    print(f"memory: {told['memory_mb']['loaded']} MB loaded, {told['memory_mb']['peak']} MB at the peak")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        serve_like(*sys.argv[2:])
    else:
        main()
