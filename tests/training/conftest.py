"""Small real data: sites of the written corpus in folders as an operator has them, and a release trained on them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from moderation.cli import main
from tests.training.cluster import local_cluster
from training.corpus import write_corpus

Run = Callable[..., Result]
Tables = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="session")
def written() -> Tables:
    """Comments and articles of the corpus, of a few languages."""
    comments, articles = write_corpus(7, 320)
    few = ["de", "en", "es", "fr", "id"]
    return comments[comments["language"].isin(few)], articles[articles["language"].isin(few)]


def write_folder(folder: Path, comments: pd.DataFrame, articles: pd.DataFrame) -> Path:
    folder.mkdir(parents=True)
    comments.to_json(folder / "comments.jsonl.gz", orient="records", lines=True)
    articles.to_json(folder / "articles.jsonl.gz", orient="records", lines=True)
    return folder


@pytest.fixture(scope="session")
def papers(written: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of four sites that a release is trained on."""
    comments, articles = written
    here, there = comments["language"] != "fr", articles["language"] != "fr"
    return write_folder(tmp_path_factory.mktemp("data") / "papers", comments[here], articles[there])


@pytest.fixture(scope="session")
def elsewhere(written: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of one site that the release has not seen."""
    comments, articles = written
    here, there = comments["language"] == "fr", articles["language"] == "fr"
    return write_folder(tmp_path_factory.mktemp("data") / "elsewhere", comments[here], articles[there])


@pytest.fixture(scope="session")
def models(papers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of releases with one in it, ``first``, trained by the command."""
    directory = tmp_path_factory.mktemp("models")
    train(directory, "first", "--data", papers)
    return directory


def train(models: Path, name: str, *more: object) -> Result:
    """Run the command on little data; it has to succeed."""
    result = run("train", "--out", models, "--name", name, "--corpus", 12, "--jobs", 1, *more)
    assert result.exit_code == 0, result.output
    return result


def run(*arguments: object, models: Path | None = None) -> Result:
    """The command line, with no setting of the environment but the directory of releases."""
    unset: dict[str, str | None] = {name: None for name in os.environ if name.startswith("MODERATION_")}
    if models:
        unset["MODERATION_MODELS"] = str(models)
    return CliRunner(env=unset).invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="session")
def scheduler() -> Iterator[str]:
    """The address of a Dask scheduler with three worker processes."""
    with local_cluster(3) as address:
        yield address
