"""What a comment recites of its article counts for nothing; the rest is read as if it stood alone."""

import numpy as np
import pytest

from moderation.comment import Article, Author, Comment
from moderation.detection.features import Batch, FeatureReader
from moderation.detection.text import Kind
from tests.detection.conftest import Sketch

FERRY = Article(
    title="Night ferry returns",
    body="The harbour board voted last Monday, after two hours of quarrel, for new fares on the night ferry.",
)
QUOTE = "The harbour board voted last Monday, after two hours of quarrel"
PLUG = "Cheap watches at http://watches.example 🔥"


@pytest.fixture
def reader() -> FeatureReader:
    return FeatureReader(Sketch().tables())


def read(reader: FeatureReader, *bodies: str, article: Article | None = FERRY) -> Batch:
    return reader.read([(Comment(body, author=Author("Quarrel Monday")), article) for body in bodies])


def words(batch: Batch, row: int = 0) -> list[str]:
    folded = batch.folded
    return [
        "".join(map(chr, folded.codes[folded.word_start[word] : folded.word_end[word]]))
        for word in range(folded.first_word[row], folded.first_word[row + 1])
    ]


@pytest.mark.parametrize("body", [f"{QUOTE}. {PLUG}", f"{PLUG}\n{QUOTE.upper()}", f"> {QUOTE}:\n{PLUG} {QUOTE}"])
def test_only_what_is_not_quoted_is_read(reader: FeatureReader, body: str) -> None:
    quoting, plain = read(reader, body), read(reader, PLUG)
    assert words(quoting) == words(plain)
    assert (quoting.evidence == plain.evidence).all()
    assert (quoting.folded.hashes[: len(words(plain))] == plain.folded.hashes[: len(words(plain))]).all()


def test_places_point_into_the_text_as_sent(reader: FeatureReader) -> None:
    body = f"{PLUG} {QUOTE} once more"
    folded = read(reader, body).folded
    last = folded.first_word[1] - 1
    assert body[folded.source[folded.word_start[last]] :] == "more"
    assert folded.source[folded.word_start[0]] == 0


def test_counts_are_those_of_the_rest(reader: FeatureReader) -> None:
    quoting, plain = read(reader, f"{QUOTE}\n{PLUG}").folded, read(reader, PLUG).folded
    more = quoting.raw_kinds[0] - plain.raw_kinds[0]
    assert np.flatnonzero(more).tolist() == [Kind.NEWLINE]
    assert more[Kind.NEWLINE] == 1 == quoting.starts[1] - plain.starts[1]


@pytest.mark.parametrize("body", ["voted last Monday, after two hours: nonsense", QUOTE, f"{QUOTE}."])
def test_few_words_and_bare_quotations_are_read(reader: FeatureReader, body: str) -> None:
    assert words(read(reader, body)) == words(read(reader, body, article=None))


def test_without_an_article_nothing_is_quoted(reader: FeatureReader) -> None:
    assert len(words(read(reader, f"{QUOTE} {PLUG}", article=None))) == 11 + 6


def test_neighbours_are_read_as_they_are(reader: FeatureReader) -> None:
    bodies = [f"Mine. {QUOTE}", f"{QUOTE} and mine", "Nothing of it", QUOTE]
    batch = read(reader, *bodies)
    for row, body in enumerate(bodies):
        alone = read(reader, body)
        assert words(batch, row) == words(alone)
        assert (batch.signals[row] == alone.signals[0]).all()
        assert (batch.evidence[row] == alone.evidence[0]).all()
