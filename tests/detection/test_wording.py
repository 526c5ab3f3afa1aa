"""What n-grams say: exact sums of whole numbers, by field, and by the passage that says most for promotion."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.comment import Author, Comment, Pair
from moderation.detection.ngrams import ORDERS
from moderation.detection.wording import BITS, DAMPING, MOST, WINDOW, Wording, WordingWeights, weigh
from tests.detection.conftest import SCALE, TEXTS, Sketch, the_folder

TOGEL = Sketch(words={"togel": 1000})
BOTH = Sketch(words={"togel": 1000, "slots": 1000})
RANDOM = WordingWeights(np.random.default_rng(3).integers(-2_000, 2_000, 1 << BITS).astype(np.int16), SCALE)
RANDOM.buckets[0] = 0


def columns(weights: WordingWeights, *pairs: Pair) -> list[list[float]]:
    found: list[list[float]] = weigh(TOGEL.read(list(pairs)), weights).columns.tolist()
    return found


def body(text: str) -> Pair:
    return Comment(text), None


def ngrams_of(text: str) -> int:
    """How many n-grams a text has, each counted once."""
    padded, words = f" {text} ", text.split()
    letters = {padded[place : place + order] for order in ORDERS for place in range(len(padded) - order + 1)}
    return len(letters) + len(set(words)) + len(set(pairwise(words)))


@pytest.mark.parametrize("text", ["togel here", "togel and here and togel and here"])
def test_weight_is_damped_by_length(text: str) -> None:
    (found,) = columns(TOGEL.wording(), body(text))
    plain = 1000 * SCALE / (ngrams_of(text) + DAMPING) ** 0.5
    assert found[Wording.BODY] == pytest.approx(MOST * np.tanh(plain / MOST))


def test_saying_it_often_is_no_more_certain() -> None:
    once, often, endless = columns(TOGEL.wording(), body("togel"), body("togel " * 9), body("togel " * 2_000))
    assert once[Wording.BODY] > often[Wording.BODY] == endless[Wording.BODY] > 0


def test_words_count_wherever_they_stand() -> None:
    first, last, two = columns(BOTH.wording(), body("togel here"), body("here TOGEL"), body("togel and slots"))
    assert first[Wording.BODY] == last[Wording.BODY] > 0
    assert two[Wording.BODY] > first[Wording.BODY]


def test_fields_speak_for_themselves() -> None:
    pair = Comment("hello", author=Author("togel", "togel")), None
    (found,) = columns(TOGEL.wording(), pair)
    assert not any(found)  # the weight is that of a body's word


@settings(deadline=None)
@given(st.lists(st.builds(Comment, TEXTS, author=st.builds(Author, TEXTS, TEXTS)), min_size=1, max_size=5))
def test_wording_ignores_the_neighbours(comments: list[Comment]) -> None:
    together = columns(RANDOM, *((comment, None) for comment in comments))
    assert together == [columns(RANDOM, (comment, None))[0] for comment in comments]


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_words_share_all_of_a_body(texts: list[str]) -> None:
    batch = TOGEL.read([body(text) for text in texts])
    found = weigh(batch, RANDOM)
    first = batch.folded.first_word[: len(texts) + 1]
    for row in range(len(texts)):
        words = slice(first[row], first[row + 1])
        if first[row] < first[row + 1]:  # a body without words has nothing to share
            own, linked = found.own[words].sum() * found.units[row, 0], found.linked[words].sum() * found.units[row, 2]
            assert own == pytest.approx(found.columns[row, Wording.BODY])
            assert linked == pytest.approx(found.columns[row, Wording.LINKS])


def test_padding_hides_no_passage() -> None:
    pad = "ferry sails again in the evening from the harbour with all islanders on board"
    alone, padded = columns(TOGEL.wording(), body("togel here and now"), body(f"{pad} {pad} togel here and now {pad}"))
    assert padded[Wording.BODY] < alone[Wording.BODY] * 0.6
    assert padded[Wording.PASSAGE] > alone[Wording.PASSAGE] / 2


def test_passage_is_one_window_of_words() -> None:
    batch = TOGEL.read([body("togel " * 3 * WINDOW), body("togel one")])
    found = weigh(batch, TOGEL.wording())
    begin, end = found.passages[0]
    assert (begin, end) == (0, WINDOW)
    assert found.own[begin:end].sum() * found.units[0, 1] == pytest.approx(found.columns[0, Wording.PASSAGE])


def test_texts_without_words_say_nothing() -> None:
    for pair in (body(""), body("\0"), body("  ")):
        assert columns(RANDOM, pair)[0][Wording.PASSAGE] == 0
    assert len(the_folder().fold([""])) == 1


def test_links_speak_apart_from_words() -> None:
    link = "https://slots.example.com/play"
    in_body, in_field = columns(RANDOM, body(f"x {link}"), (Comment("x", author=Author(url=link)), None))
    assert in_body[Wording.LINKS] != 0
    assert in_field[Wording.LINKS] == in_body[Wording.URL] == 0
    assert in_field[Wording.URL] != 0
