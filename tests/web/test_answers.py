"""Scores as the contract's JSON."""

from moderation.comment import Action, Comment, Reason, Score
from moderation.web.answers import Result, result


def test_reasons_keep_their_order_and_weight() -> None:
    reasons = (Reason("gambling term", "body", (0, 5), "togel", 3.1), Reason("rest", "body", None, "", -0.2))
    made = result(Comment("togel", id="c-1"), Score(0.998, 0.93, reasons, "r"), Action.HOLD)
    assert made["reasons"] == [
        {"signal": "gambling term", "field": "body", "span": (0, 5), "text": "togel", "weight": 3.1},
        {"signal": "rest", "field": "body", "span": None, "text": "", "weight": -0.2},
    ]
    assert Result.model_validate(made).promotional == 0.998


def test_comment_without_id_says_null() -> None:
    made = result(Comment("a"), Score(0.25, None, (), "r"), Action.PUBLISH)
    assert Result.model_validate(made).comment_id is None
