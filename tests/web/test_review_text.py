"""What of a hostile text is shown, and how."""

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from moderation.comment import Reason
from moderation.web.review_text import WHOLE_UP_TO, best_passage, breakable, plain, strength, weighed

ARTICLE = "The council met.\n\nThe bridge carries trams again.\n\nThe orchard keeps its sixty pear trees."


def told(text: str, *reasons: Reason, whole: bool = False) -> list[tuple[str, str]]:
    return [(piece.text, piece.kind) for piece in weighed(text, reasons, whole=whole)]


def reason(begin: int, end: int, weight: float, field: str = "body") -> Reason:
    return Reason("a sign", field, (begin, end), "", weight)


def test_words_that_weigh_are_marked() -> None:
    assert told("see my casino now", reason(7, 13, 3.2), reason(14, 17, -0.3)) == [
        ("see my ", ""),
        ("casino", "for-4"),
        (" ", ""),
        ("now", "against-1"),
    ]


def test_heavier_reason_wins_where_two_meet() -> None:
    assert told("abcdef", reason(0, 6, 0.3), reason(2, 4, -2.0)) == [
        ("ab", "for-1"),
        ("cd", "against-3"),
        ("ef", "for-1"),
    ]


def test_reasons_of_other_fields_mark_nothing() -> None:
    assert told("abc", reason(0, 3, 2.0, "author.name"), Reason("length", "body", None, "", 2.0)) == [("abc", "")]


def test_spans_outside_the_text_are_passed_over() -> None:
    assert told("abc", reason(2, 9, 2.0), reason(5, 9, 2.0)) == [("ab", ""), ("c", "for-3")]


def test_hidden_signs_are_named_and_counted() -> None:
    assert told("a\u202eb\u200b\u200b") == [("a", ""), ("U+202E", "hidden"), ("b", ""), ("U+200B ×2", "hidden")]


def test_joiners_that_scripts_need_stay() -> None:
    for text in ("می\u200cخواهم", "👩\u200d🚀", "é\u0301", "שלום"):
        assert told(text) == [(text, "")]


def test_long_text_shows_beginning_weight_and_end() -> None:
    text = "b" * 30_000 + "casino" + "c" * 70_000
    shown = told(text, reason(30_000, 30_006, 4.0))
    assert [kind for _text, kind in shown] == ["", "gap", "", "for-4", "", "gap", ""]
    assert sum(len(part) for part, kind in shown if kind != "gap") < WHOLE_UP_TO
    assert ("casino", "for-4") in shown


def test_whole_text_is_whole() -> None:
    text = "x" * 100_000
    assert told(text, whole=True) == [(text, "")]


@given(
    st.text(max_size=6_000),
    st.lists(st.tuples(st.integers(0, 7_000), st.integers(0, 7_000), st.floats(-5, 5)), max_size=8),
)
def test_nothing_is_lost_or_added(text: str, spans: list[tuple[int, int, float]]) -> None:
    pieces = weighed(text, [reason(*span) for span in spans], whole=True)
    assert "".join(spelt(piece.text) if piece.kind == "hidden" else piece.text for piece in pieces) == text


def spelt(name: str) -> str:
    """The signs that a piece such as ``U+200B ×3`` names."""
    code, _, times = name.removeprefix("U+").partition(" ×")
    return chr(int(code, 16)) * int(times or 1)


def test_short_text_is_cut_at_its_length() -> None:
    assert [piece.kind for piece in plain("n" * 500, 100)] == ["", "gap"]


def test_strength_rises_with_weight() -> None:
    assert [strength(weight) for weight in (0.01, 1.0, 9.0, -9.0)] == ["for-1", "for-2", "for-4", "against-4"]


def test_passage_is_the_nearest_paragraph() -> None:
    found = best_passage(ARTICLE, "the pear trees please me")
    assert found.is_shared
    assert "".join(piece.text for piece in found.pieces) == "The orchard keeps its sixty pear trees."
    assert {piece.text for piece in found.pieces if piece.kind == "shared"} == {"pear", "trees"}


def test_words_of_every_paragraph_weigh_little() -> None:
    found = best_passage(ARTICLE, "the the the bridge")
    assert "bridge" in "".join(piece.text for piece in found.pieces)


def test_article_without_shared_words_begins() -> None:
    found = best_passage(ARTICLE, "casino")
    assert not found.is_shared
    assert found.pieces[0].text == "The council met."


def test_scripts_without_blanks_are_compared() -> None:
    found = best_passage("今天天气很好。\n\n市议会讨论了旧桥的修缮。", "旧桥什么时候开放")
    assert found.is_shared
    assert found.pieces[0].text.startswith("市议会") or "旧桥" in "".join(piece.text for piece in found.pieces)


def test_empty_article_has_no_passage() -> None:
    assert best_passage("", "anything").pieces == ()


def test_long_runs_can_be_broken() -> None:
    assert breakable("<b>" + "A" * 250) == f"&lt;b&gt;{'A' * 97}<wbr>{'A' * 100}<wbr>{'A' * 53}"
    assert breakable("short words & nothing else") == "short words &amp; nothing else"


@given(st.text(max_size=1_000))
def test_breaking_keeps_the_text(text: str) -> None:
    assert str(breakable(text)).replace("<wbr>", "") == str(escape(text))
