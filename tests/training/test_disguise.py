"""Each attack does to a comment what its name says, the same each time."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.comment import Article, Author, Comment
from training.disguise import ATTACKS, disguise

COMMENT = Comment("Best online casino, visit https://casino.example/win or mail us today", author=Author("slot online"))
ARTICLE = Article(title="The bridge", body="The old bridge is shut again. It was built by hand. Nobody paid for it.")
ORDINARY = ["I cross that bridge daily.", "Thanks for writing this.", "No, it was built in 1908."]
WHOLE_LINK = ("spaced letters", "leetspeak", "emoji between letters", "words broken by punctuation", "typos")


def attacked(attack: str, comment: Comment = COMMENT, article: Article | None = ARTICLE, seed: int = 1) -> Comment:
    pair = disguise(attack, [(comment, article)], ORDINARY, seed)[0]
    assert pair is not None
    return pair[0]


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_changes_the_body(attack: str) -> None:
    assert attacked(attack).body != COMMENT.body


@pytest.mark.parametrize("attack", ATTACKS)
def test_same_seed_gives_same_disguise(attack: str) -> None:
    assert attacked(attack) == attacked(attack)


@pytest.mark.parametrize("attack", ["full-width letters", "mathematical letters"])
def test_styled_letters_compose_back(attack: str) -> None:
    assert unicodedata.normalize("NFKC", attacked(attack).body) == COMMENT.body


@pytest.mark.parametrize("attack", ["zero-width characters", "bidi marks"])
def test_invisible_characters_hide_nothing_else(attack: str) -> None:
    shown = "".join(char for char in attacked(attack).body if unicodedata.category(char) != "Cf")
    assert shown == COMMENT.body


def test_overridden_lines_run_backwards() -> None:
    assert attacked("bidi override").body == f"\u202e{COMMENT.body[::-1]}\u202c"


def test_look_alikes_are_of_another_script() -> None:
    for script in ("Cyrillic", "Greek"):
        foreign = [char for char in attacked(f"{script} look-alikes").body if not char.isascii()]
        assert len(foreign) > 10
        assert all(unicodedata.name(char).startswith(script.upper()) for char in foreign)


@pytest.mark.parametrize("attack", WHOLE_LINK)
def test_disguised_words_leave_links_whole(attack: str) -> None:
    assert "https://casino.example/win" in attacked(attack).body


def test_broken_links_have_no_dot() -> None:
    body = attacked("links broken").body
    assert "://" not in body
    assert "casino.example" not in body
    assert "Best online casino" in body


def test_author_name_is_disguised_too() -> None:
    assert attacked("full-width letters").author.name == "ｓｌｏｔ　ｏｎｌｉｎｅ".replace("\u3000", " ")


@pytest.mark.parametrize(("attack", "side"), [("before", "endswith"), ("after", "startswith")])
def test_padding_leaves_the_comment_whole(attack: str, side: str) -> None:
    for source, telling in (("article", "bridge"), ("good comments", "Thanks")):
        body = attacked(f"{source} {attack}").body
        assert getattr(body, side)(COMMENT.body)
        assert telling in body


def test_nothing_to_change_gives_none() -> None:
    assert disguise("article before", [(COMMENT, None)], ORDINARY, 1) == [None]
    assert disguise("links broken", [(Comment("no link here"), ARTICLE)], ORDINARY, 1) == [None]
    assert disguise("full-width letters", [(Comment("привет"), ARTICLE)], ORDINARY, 1) == [None]


@given(st.text(max_size=60), st.sampled_from(ATTACKS))
def test_any_text_can_be_attacked(text: str, attack: str) -> None:
    assert len(disguise(attack, [(Comment(text), ARTICLE), (Comment(text), None)], ORDINARY, 3)) == 2
