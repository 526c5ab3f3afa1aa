"""Where the dashboard's plots put their columns."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from moderation.web.dashboard_plots import HEIGHT, WIDTH, days_until, stacked_columns

KINDS = {"publish": "publish", "hold": "hold"}


def test_days_end_with_the_last() -> None:
    assert days_until(date(2026, 3, 1), 3) == ["2026-02-27", "2026-02-28", "2026-03-01"]


def test_parts_stand_on_one_another() -> None:
    plot = stacked_columns(["2026-03-01"], KINDS, {"2026-03-01": {"publish": 3, "hold": 1}})
    lower, upper = plot.columns[0].parts
    assert lower.y + lower.height == plot.bottom
    assert upper.y + upper.height == lower.y
    assert lower.height == 3 * upper.height
    assert plot.columns[0].title == "2026-03-01: publish 3, hold 1"


def test_empty_days_keep_their_place() -> None:
    plot = stacked_columns(["2026-03-01", "2026-03-02"], KINDS, {})
    assert [column.parts for column in plot.columns] == [(), ()]
    assert [tick.text for tick in plot.ticks] == ["0", "1"]


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=90))
def test_columns_stay_inside_the_plot(counts: list[int]) -> None:
    days = days_until(date(2026, 11, 24), len(counts))
    plot = stacked_columns(days, KINDS, {day: {"hold": count} for day, count in zip(days, counts, strict=True)})
    assert plot.total == sum(counts)
    assert len(plot.ticks) <= 6
    assert all(0 <= part.y <= plot.bottom <= HEIGHT for column in plot.columns for part in column.parts)
    assert all(column.x >= 0 and column.x + column.width <= WIDTH for column in plot.columns)
    assert 1 <= len(plot.labels) <= 8
