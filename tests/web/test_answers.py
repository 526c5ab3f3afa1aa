"""Scores as the contract's JSON."""

import pytest

from moderation.comment import Action, Comment, Reason, Score
from moderation.web.answers import Result, result, shown_reasons


def reasons(*weights: float) -> tuple[Reason, ...]:
    return tuple(Reason(f"signal {weight}", "body", (0, 1), "a", weight) for weight in weights)


def test_few_reasons_have_no_rest() -> None:
    assert [shown["weight"] for shown in shown_reasons(reasons(1, -3, 2))] == [-3, 2, 1]


def test_rest_is_the_sum_of_others() -> None:
    weights = [0.5, 9, -8, 7, -6, 5, 4, 3, 2, 1, -0.25]
    shown = shown_reasons(reasons(*weights))
    assert [item["signal"] for item in shown][-1] == "rest"
    assert len(shown) == 9
    assert shown[-1]["weight"] == pytest.approx(1 + 0.5 - 0.25)
    assert sum(item["weight"] for item in shown) == pytest.approx(sum(weights))


def test_comment_without_id_says_null() -> None:
    made = result(Comment("a"), Score(0.25, None, (), "r"), Action.PUBLISH)
    assert Result.model_validate(made).comment_id is None
