"""The matrix that training and scoring both read: its columns, the lexicon's kinds, and what means more together."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from moderation.comment import Article, Author, Comment, Pair
from moderation.detection.features import FeatureReader, Mix
from moderation.detection.relevance import Relevance
from moderation.detection.signals import Signal
from tests.detection.conftest import KINDS, TEXTS, Sketch

LEXICON = {"togel": "gambling", "nice article": "praise", "thank you": "praise", "thank": "gambling"}
FERRY = Article(title="Night ferry returns", body="The harbour board voted for new fares.")
SKETCH = Sketch(lexicon=LEXICON, off_topic={Relevance.SHARED_SHARE: -8.0}, off_topic_base=3.0)
READER = FeatureReader(SKETCH.tables())
COMMENTS = st.builds(Comment, TEXTS, author=st.builds(Author, TEXTS, TEXTS))
MIX = len(Signal) + len(KINDS)


def columns(*pairs: Pair) -> NDArray[np.float64]:
    return READER.columns(READER.read(list(pairs)))


def mix(comment: Comment, article: Article | None, column: Mix) -> float:
    return float(columns((comment, article))[0, MIX + column])


def test_columns_stand_in_their_order() -> None:
    found = columns((Comment("togel https://a.com"), None))
    assert found.shape == (1, len(Signal) + len(KINDS) + len(Mix))
    assert found[0, Signal.LINK] == 1
    assert found[0, len(Signal) + KINDS.index("gambling")] == pytest.approx(log(2))


def test_kinds_count_their_words() -> None:
    pairs: list[Pair] = [(Comment("Nice article, TOGEL and t0gel"), None), (Comment("nothing"), None)]
    batch, kinds = READER.read(pairs), columns(*pairs)[:, len(Signal) : MIX]
    assert batch.kind_counts.tolist() == [[1, 2, 2], [1, 0, 0]]
    assert kinds[0].tolist() == pytest.approx([log(3), log(3)])
    assert kinds[1].tolist() == [0, 0]
    assert batch.word_kind.tolist() == [1, 1, 2, 0, 2, 0]


def test_pair_outweighs_its_single_words() -> None:
    assert READER.read([(Comment("thank you"), None)]).word_kind.tolist() == [1, 1]
    assert READER.read([(Comment("thank them"), None)]).word_kind.tolist() == [2, 0]


def test_pairs_of_words_end_with_their_text() -> None:
    assert not READER.read([(Comment("so nice"), None), (Comment("article one"), None)]).word_kind.any()


def test_authors_words_are_no_terms() -> None:
    assert READER.read([(Comment("hello", author=Author("togel")), None)]).word_kind.tolist() == [0]


def test_off_topic_is_nought_without_article() -> None:
    assert mix(Comment("Cheap holidays"), None, Mix.OFF_TOPIC) == 0
    assert mix(Comment("Cheap holidays"), FERRY, Mix.OFF_TOPIC) > 0
    assert mix(Comment("harbour fares board"), FERRY, Mix.OFF_TOPIC) < 0
    assert [mix(Comment("one"), article, Mix.HAS_ARTICLE) for article in (None, FERRY)] == [0, 1]


def test_links_count_with_relevance() -> None:
    comment = Comment("Cheap holidays at https://a.com", author=Author(url="https://b.com"))
    whole = mix(comment, FERRY, Mix.OFF_TOPIC)
    assert mix(comment, FERRY, Mix.OFF_TOPIC_LINK) == mix(comment, FERRY, Mix.OFF_TOPIC_ADDRESS) == whole > 0
    assert mix(Comment("Cheap holidays"), FERRY, Mix.OFF_TOPIC_LINK) == 0


def test_praise_is_empty_only_off_topic() -> None:
    assert mix(Comment("Nice article"), FERRY, Mix.EMPTY_PRAISE) > 0
    assert mix(Comment("Nice article"), None, Mix.EMPTY_PRAISE) == 0
    near = Comment("Nice article on harbour fares: the board voted for new harbour fares")
    assert mix(near, FERRY, Mix.EMPTY_PRAISE) == 0


def test_praise_with_an_address_is_told() -> None:
    comment = Comment("Nice article", author=Author("Ann", "https://a.com"))
    assert mix(comment, None, Mix.PRAISE_AND_ADDRESS) > 0
    assert mix(replace(comment, author=Author("Ann")), None, Mix.PRAISE_AND_ADDRESS) == 0


def test_short_comments_say_little_of_their_subject() -> None:
    short, long = Comment("harbour"), Comment("harbour " + "fares and boats " * 6)
    assert 0 < mix(short, FERRY, Mix.LONG_WITH_ARTICLE) < mix(long, FERRY, Mix.LONG_WITH_ARTICLE) == 1
    assert mix(long, None, Mix.LONG_WITH_ARTICLE) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(COMMENTS, st.sampled_from([None, FERRY])), min_size=1, max_size=5))
def test_columns_ignore_the_neighbours(pairs: list[Pair]) -> None:
    together = columns(*pairs)
    assert np.isfinite(together).all()
    for row, pair in enumerate(pairs):
        assert together[row].tolist() == columns(pair)[0].tolist()


def test_weights_of_other_evidence_are_refused() -> None:
    with pytest.raises(ValueError, match="relevance"):
        FeatureReader(replace(SKETCH.tables(), off_topic=np.zeros(3)))
