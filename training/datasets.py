"""Reads labelled comments with their articles: folders of JSON lines, CSV files, spun templates, the written corpus.

It gives one table of comments and one of articles, whatever the source, and knows nothing of models.
"""

import gzip
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from moderation.comment import Article, Author, Comment, Pair
from training.corpus import write_corpus

COLUMNS = ("id", "site", "article_id", "label", "body", "author_name", "author_url", "created_at", "note")
ARTICLE_COLUMNS = ("id", "site", "title", "body", "url", "published_at")
LABELS = ("ham", "promotional")
CORPUS = "corpus"
SPUN = "spun"
WRITTEN = (CORPUS, SPUN)
"""Sources whose comments are drawn from templates, so that likeness is meant."""
DROPPED = "keyword_drop"
"""A kind of the written corpus: praise with the terms of others behind it. It tells nothing of either."""
NAMED = ("dressed_name", "numbered_thing")
"""Kinds of it that differ in how a name looks: what else they say tells nothing."""
_SPUN_COMMENTS = 2_000


class DataError(Exception):
    """A source that cannot be read; the text says which file and why."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled comments.

    ``comments`` has COLUMNS, ``source`` (the folder's name) and ``raw_label`` (before corrections); ``created_at`` is a
    UTC time or NaT. ``articles`` maps (source, article id) to the article.
    """

    comments: pd.DataFrame
    articles: dict[tuple[str, str], Article]

    def pairs(self) -> list[Pair]:
        """The comments with their articles, in the order of the table."""
        rows = self.comments
        columns = (rows[name].tolist() for name in ("source", "article_id", "body", "author_name", "author_url"))
        times = [None if pd.isna(time) else time.to_pydatetime() for time in rows["created_at"]]
        return [
            (Comment(body, created_at=time, author=Author(name, url)), self.articles.get((source, article)))
            for source, article, body, name, url, time in zip(*columns, times, strict=True)
        ]

    def nothing(self) -> "Dataset":
        """No comment at all."""
        return Dataset(self.comments.iloc[:0], {})

    def select(self, chosen: "pd.Series[bool]") -> "Dataset":
        """The chosen comments with all articles."""
        return Dataset(self.comments[chosen].reset_index(drop=True), self.articles)


def load(paths: Iterable[Path], seed: int, corpus_per_language: int = 0) -> Dataset:
    """Read every source, and the written corpus where a number of comments a language is asked for.

    Comments with another label than ham or promotional, and empty ones, are left out. Raises DataError.
    """
    parts = [_read_source(path, seed) for path in paths]
    if corpus_per_language:
        parts.append(_dataset(*write_corpus(seed, corpus_per_language), CORPUS))
    if not parts:
        raise DataError("No data: name a folder or a CSV file with --data, or ask for the written corpus.")
    return joined(parts)


def joined(parts: Sequence[Dataset]) -> Dataset:
    """Several sources as one."""
    comments = pd.concat([part.comments for part in parts], ignore_index=True)
    articles = {key: article for part in parts for key, article in part.articles.items()}
    return Dataset(comments, articles)


def _read_source(path: Path, seed: int) -> Dataset:
    if not path.exists():
        raise DataError(f"{path}: no such folder or file.")
    if path.is_file():
        return _dataset(_read_csv(path), pd.DataFrame(columns=list(ARTICLE_COLUMNS)), path.stem)
    if (path / "spintax.txt").is_file():
        return _dataset(_spin(path / "spintax.txt", seed), pd.DataFrame(columns=list(ARTICLE_COLUMNS)), SPUN)
    comments_file = _first(path, ("comments.jsonl.gz", "comments.jsonl"))
    if comments_file is None:
        raise DataError(f"{path}: holds neither comments.jsonl.gz, comments.jsonl nor spintax.txt.")
    articles_file = _first(path, ("articles.jsonl.gz", "articles.jsonl"))
    articles = _read_lines(articles_file) if articles_file else pd.DataFrame(columns=list(ARTICLE_COLUMNS))
    comments = _read_lines(comments_file)
    comments["raw_label"] = comments.get("label", "")
    checked = path / "checked.csv"
    if checked.is_file():
        corrections = pd.read_csv(checked, dtype=str, keep_default_na=False).set_index("id")["label"]
        comments["label"] = comments["id"].map(corrections).fillna(comments["label"])
    return _dataset(comments, articles, path.name)


def _first(folder: Path, names: Iterable[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read_lines(path: Path) -> pd.DataFrame:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as lines:
            rows = [json.loads(line) for line in lines if line.strip()]
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path}: not JSON lines: {error}") from error
    if not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path}: a line is not a JSON object.")
    return pd.DataFrame(rows)


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a CSV file: {error}") from error


def _dataset(comments: pd.DataFrame, articles: pd.DataFrame, source: str) -> Dataset:
    for column in ("label", "body"):
        if column not in comments:
            raise DataError(f"{source}: the comments have no column {column!r}.")
    comments = comments.reindex(columns=[*COLUMNS, "raw_label", "language"]).astype(object).fillna("").astype(str)
    comments["raw_label"] = comments["raw_label"].where(comments["raw_label"] != "", comments["label"])
    comments["site"] = comments["site"].where(comments["site"] != "", source)
    comments["created_at"] = _times(comments["created_at"])
    comments["source"] = source
    kept = comments["label"].isin(LABELS) & (comments["body"].str.strip() != "")
    articles = articles.reindex(columns=list(ARTICLE_COLUMNS)).astype(object).fillna("").astype(str)
    times = [None if pd.isna(time) else time.to_pydatetime() for time in _times(articles["published_at"])]
    columns = (articles[name].tolist() for name in ("id", "title", "body", "url"))
    known = {
        (source, str(name)): Article(str(name), title, body, url, time)
        for name, title, body, url, time in zip(*columns, times, strict=True)
    }
    return Dataset(comments[kept].reset_index(drop=True), known)


def _times(texts: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    """Times written in any of the ways that real exports write them; NaT where that is none."""
    return pd.Series(
        pd.to_datetime(pd.Series([_time(text) for text in texts], dtype=object), utc=True).to_numpy(), index=texts.index
    )


def _time(text: str) -> datetime | None:
    if text.isdecimal() and len(text) > 4:
        return datetime.fromtimestamp(int(text), UTC) if len(text) <= 11 else None
    words = text.split()
    try:
        if len(words) == 6:  # as Java prints a Date: "Thu Jun 26 00:00:00 CEST 2014"
            return datetime.strptime(" ".join([*words[:4], words[5]]), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _spin(path: Path, seed: int) -> pd.DataFrame:
    """Comments from a spammer's template, where ``{a|b}`` is a choice and ``|`` outside of braces parts comments."""
    text = path.read_text(encoding="utf-8")
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        raise DataError(f"{path}: no template in braces.")
    templates = [part.strip() for part in _split(text[begin + 1 : end])]
    chooser = random.Random(seed)  # noqa: S311  # a choice of words, no secret
    spun = [_choose(chooser.choice(templates), chooser).strip() for _ in range(_SPUN_COMMENTS)]
    bodies = pd.Series([body for body in dict.fromkeys(spun) if body])
    return pd.DataFrame(
        {"id": bodies.index.astype(str), "site": path.parent.name, "label": "promotional", "body": bodies}
    )


def _split(template: str) -> list[str]:
    """The parts of a template between the bars that stand outside of braces."""
    parts, depth = [""], 0
    for char in template:
        depth += (char == "{") - (char == "}")
        if char == "|" and depth <= 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _choose(template: str, chooser: random.Random) -> str:
    begin = template.find("{")
    while begin >= 0:
        depth, end = 0, begin
        for end in range(begin, len(template)):
            depth += (template[end] == "{") - (template[end] == "}")
            if depth == 0:
                break
        chosen = _choose(chooser.choice(_split(template[begin + 1 : end])), chooser)
        template = template[:begin] + chosen + template[end + 1 :]
        begin = template.find("{", begin + len(chosen))
    return template
