"""Reasons: their names, places and weights, reckoned by hand on a small detector."""

import pytest

from moderation.comment import Article, Author, Comment, Reason
from moderation.detection.explanation import STRONGEST
from moderation.detection.relevance import Relevance
from moderation.detection.signals import SIGNAL_PHRASES, Signal
from tests.detection.conftest import KINDS, SCALE, Sketch

FERRY = Article(title="Night ferry returns", body="The ferry to the islands sails again.")
LEXICON = {"togel": "gambling", "nice article": "praise", "thank you": "praise"}


def reasons(sketch: Sketch, comment: Comment, article: Article | None = None) -> tuple[Reason, ...]:
    return sketch.classifier().score(comment, article).reasons


def test_signal_names_its_place() -> None:
    body = "Hi 😀 see ＨＴＴＰ://Ａ.com/x now"
    (reason,) = reasons(Sketch(columns={"LINK": 2.0}), Comment(body))
    assert reason == Reason("link in the comment", "body", (9, 23), "ＨＴＴＰ://Ａ.com/x", 2.0)


def test_signal_about_the_whole_has_no_place() -> None:
    (reason,) = reasons(Sketch(columns={"SHORTNESS": -1.0}), Comment("hello"))
    assert (reason.signal, reason.span, reason.text) == ("very short comment", None, "")
    assert reason.weight == pytest.approx(-7 / 8, abs=1e-4)


@pytest.mark.parametrize(
    ("signal", "field", "text"),
    [
        ("AUTHOR_URL", "author.url", "https://a.com/b-c"),
        ("AUTHOR_KEYWORDS", "author.name", "best casino bonus online"),
        ("AUTHOR_DEEP_URL", "author.url", "https://a.com/b-c"),
    ],
)
def test_author_signal_names_the_field(signal: str, field: str, text: str) -> None:
    comment = Comment("hello", author=Author("best casino bonus online", "https://a.com/b-c"))
    (reason,) = reasons(Sketch(columns={signal: 1.0}), comment)
    assert (reason.field, reason.span, reason.text) == (field, (0, len(text)), text)


def test_terms_are_named_by_kind() -> None:
    sketch = Sketch(columns={"gambling": 1.0, "praise": 1.0}, lexicon=LEXICON)
    found = [reason for reason in reasons(sketch, Comment("Nice article!\nT0GEL today")) if reason.signal != "rest"]
    assert {(reason.signal, reason.text) for reason in found} == {
        ("gambling term", "T0GEL"),
        ("empty praise", "Nice article"),
    }
    assert all(reason.text == "Nice article!\nT0GEL today"[slice(*(reason.span or ()))] for reason in found)


def test_terms_share_the_weight_of_their_kind() -> None:
    sketch = Sketch(columns={"gambling": 1.0}, lexicon=LEXICON)
    first, second = reasons(sketch, Comment("togel here and togel there"))
    assert first.weight == second.weight
    assert first.weight + second.weight == pytest.approx(1.0986, abs=1e-4)  # log(1 + 2 words)
    assert {first.span, second.span} == {(0, 5), (15, 20)}


def test_words_are_told_in_both_directions() -> None:
    sketch = Sketch(columns={"BODY": 1.0}, words={"togel": 1000, "ferry": -1000})
    bad, good = sorted(reasons(sketch, Comment("ferry and togel")), key=lambda reason: -reason.weight)
    assert (bad.signal, bad.text, good.signal, good.text) == (
        "wording",
        "togel",
        "wording of ordinary comments",
        "ferry",
    )
    assert bad.weight == -good.weight == pytest.approx(1000 * SCALE / (47 + 40) ** 0.5, abs=1e-4)


def test_neighbouring_words_make_one_phrase() -> None:
    sketch = Sketch(columns={"BODY": 1.0}, words={"togel": 1000, "singapore": 500})
    (reason,) = reasons(sketch, Comment("the togel, singapore thing"))
    assert (reason.text, reason.span) == ("togel, singapore", (4, 20))


def test_strongest_eight_come_first() -> None:
    names = [
        "LINK",
        "EXCLAMATION",
        "EMAIL",
        "PHONE",
        "MENTION",
        "LINK_MARKUP",
        "CAPITALS",
        "LINES",
        "CURRENCY",
        "DIGITS",
    ]
    sketch = Sketch(columns={name: 1.0 + place / 10 for place, name in enumerate(names)})
    body = "SEE HTTPS://A.COM OR B@A.COM!\n[url=x] CALL +1 202 505 0100 OR @BOB FOR 5 $"
    found = reasons(sketch, Comment(body))
    weights = [abs(reason.weight) for reason in found[:STRONGEST]]
    assert len(found) == STRONGEST + 1
    assert weights == sorted(weights, reverse=True)
    assert found[-1]._replace(weight=0.0) == Reason("rest", "body", None, "", 0.0)


def test_nothing_left_needs_no_rest() -> None:
    assert [reason.signal for reason in reasons(Sketch(columns={"LINK": 1.0}), Comment("https://a.com"))] == [
        "link in the comment"
    ]


def test_small_shares_are_told_in_the_rest() -> None:
    (reason,) = reasons(Sketch(columns={"LINK": 0.04}), Comment("https://a.com"))
    assert (reason.signal, reason.weight) == ("rest", 0.04)


def test_long_texts_are_quoted_in_part() -> None:
    name = "casino " * 60
    (reason,) = reasons(Sketch(columns={"AUTHOR_KEYWORDS": 1.0}), Comment("hello", author=Author(name)))
    assert (reason.span, reason.text) == ((0, len(name)), name[:200])


def test_shared_words_are_named() -> None:
    sketch = Sketch(columns={"SHARED_SHARE": -3.0})
    shared = reasons(sketch, Comment("We took that ferry when islands were still far away"), FERRY)[0]
    assert shared.signal == "words shared with the article"
    assert shared.weight < 0
    assert shared.text.startswith("ferry")


def test_a_stranger_to_the_article_is_told() -> None:
    sketch = Sketch(columns={"OFF_TOPIC": 1.0}, off_topic={Relevance.SHARED_SHARE: -9.0}, off_topic_base=4.0)
    body = "Cheap holidays, best prices, book now"
    (told,) = reasons(sketch, Comment(body), FERRY)
    assert told == Reason("names nothing in the article", "body", None, "", told.weight)
    assert told.weight > 0
    assert reasons(sketch, Comment(body)) == ()


def test_nearness_without_a_shared_word_is_no_strangeness() -> None:
    (told,) = reasons(Sketch(columns={"HAS_ARTICLE": -1.0}), Comment("Cheap holidays, best prices, book now"), FERRY)
    assert (told.signal, told.weight) == ("in keeping with the article", -1.0)


def test_empty_praise_weighs_more_off_topic() -> None:
    sketch = Sketch(columns={"EMPTY_PRAISE": 2.0}, lexicon=LEXICON, off_topic_base=2.0)
    (praise,) = reasons(sketch, Comment("Nice article"), FERRY)
    assert (praise.signal, praise.text) == ("empty praise", "Nice article")
    assert reasons(sketch, Comment("Nice article")) == ()


def test_every_name_reads_as_a_phrase() -> None:
    assert len(set(SIGNAL_PHRASES)) == len(Signal)
    assert all(name == name.strip() and "_" not in name for name in SIGNAL_PHRASES)
    assert "praise" in KINDS
