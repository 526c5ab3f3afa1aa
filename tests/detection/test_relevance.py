"""What a comment shares with its article, whatever was compared before; nothing where no text is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from moderation.comment import Article, Comment, Pair
from moderation.detection.features import Batch, FeatureReader
from moderation.detection.relevance import MOST_ARTICLES, Relevance
from tests.detection.conftest import Sketch

FERRY = Article(title="Night ferry returns", body="The harbour board voted for new fares. " * 3)
COMMENT = Comment("harbour fares and voters")


@pytest.fixture
def reader() -> FeatureReader:
    return FeatureReader(Sketch().tables())


def compared(reader: FeatureReader, *pairs: Pair) -> Batch:
    return reader.read(list(pairs))


def row(reader: FeatureReader, comment: Comment, article: Article | None) -> NDArray[np.float32]:
    values: NDArray[np.float32] = compared(reader, (comment, article)).evidence[0]
    return values


def test_shared_words_are_weighed(reader: FeatureReader) -> None:
    batch = compared(reader, (COMMENT, FERRY))
    assert (batch.shared > 0).tolist() == [True, True, False, False]
    assert batch.evidence[0, Relevance.SHARED_SURPRISE] > 0


def test_endings_do_not_part_words(reader: FeatureReader) -> None:
    near, far = row(reader, Comment("harbours"), FERRY), row(reader, Comment("hardware"), FERRY)
    assert near[Relevance.STEM_SURPRISE] > far[Relevance.STEM_SURPRISE] == 0
    assert near[Relevance.SHARED_SURPRISE] == 0


def test_words_of_the_title_are_told(reader: FeatureReader) -> None:
    assert row(reader, Comment("ferry"), FERRY)[Relevance.TITLE] > 0
    assert row(reader, Comment("harbour"), FERRY)[Relevance.TITLE] == 0


def test_rare_words_count_for_more() -> None:
    common, rare = FeatureReader(Sketch(rarity=16).tables()), FeatureReader(Sketch(rarity=80).tables())
    column = Relevance.SHARED_SURPRISE
    assert 0 < row(common, COMMENT, FERRY)[column] < row(rare, COMMENT, FERRY)[column]


@pytest.mark.parametrize("article", [None, Article(), Article(id="a", url="https://news.example/a")])
def test_unknown_text_gives_no_evidence(reader: FeatureReader, article: Article | None) -> None:
    batch = compared(reader, (COMMENT, article), (COMMENT, FERRY))
    assert batch.known.tolist() == [False, True]
    assert not batch.evidence[0].any()
    assert not batch.shared[:4].any()
    assert batch.shared[4:].any()


@pytest.mark.parametrize("article", [Article(title="Ferry"), Article(body="Ferry"), Article(body="\0")])
def test_any_text_makes_an_article_known(reader: FeatureReader, article: Article) -> None:
    assert compared(reader, (COMMENT, article)).known.all()


def test_each_comment_meets_its_own_article(reader: FeatureReader) -> None:
    other = Article(title="Library cuts hours", body="The town library closes on Mondays.")
    pairs: list[Pair] = [(COMMENT, FERRY), (COMMENT, other), (Comment("library hours"), other), (Comment(""), FERRY)]
    together = compared(reader, *pairs).evidence
    for place, pair in enumerate(pairs):
        assert together[place].tolist() == row(FeatureReader(Sketch().tables()), *pair).tolist()


def test_kept_articles_are_bounded(reader: FeatureReader) -> None:
    before = row(reader, COMMENT, FERRY)
    many: list[Pair] = [(COMMENT, Article(title=f"harbour {number}")) for number in range(2 * MOST_ARTICLES + 10)]
    batch = compared(reader, (COMMENT, FERRY), *many, (COMMENT, FERRY))
    assert batch.evidence[0].tolist() == batch.evidence[-1].tolist() == before.tolist()
    assert len(reader._relevance._slots) == MOST_ARTICLES
    titles = batch.evidence[1:-1, Relevance.TITLE]
    assert (titles == titles[0]).all()
    assert titles[0] > 0


def test_long_articles_are_read_by_their_lead(reader: FeatureReader) -> None:
    long = Article(body="word " * 10_000 + "harbour")
    assert row(reader, Comment("word"), long)[Relevance.SHARED_SURPRISE] > 0
    assert row(reader, Comment("harbour"), long)[Relevance.SHARED_SURPRISE] == 0


def test_evidence_is_finite_for_anything(reader: FeatureReader) -> None:
    texts = ["", "\0", "\ud800", "x" * 50_000, "金" * 500, "😀"]
    pairs: list[Pair] = [(Comment(text), Article(title=title, body="b")) for text in texts for title in texts]
    assert np.isfinite(compared(reader, *pairs).evidence).all()
