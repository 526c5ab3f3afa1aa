"""Numbers into the places of a plot: columns a day in stacked parts, ticks, labels. Pure.

Templates draw what is placed here as SVG. Must not know what the numbers mean.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

WIDTH, HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 24
_GAP = 0.25  # of a column's room
_MOST_LABELS = 7
_STEPS = (1, 2, 5)


class Part(NamedTuple):
    """One part of a column. ``kind`` is the series."""

    kind: str
    y: float
    height: float


class Column(NamedTuple):
    """One day."""

    x: float
    width: float
    title: str
    parts: tuple[Part, ...]


class Mark(NamedTuple):
    """A tick or label and where it stands on its axis."""

    place: float
    text: str


class Plot(NamedTuple):
    """A plot of ``WIDTH`` times ``HEIGHT`` units."""

    columns: tuple[Column, ...]
    ticks: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    left: float
    right: float
    bottom: float
    total: int


def days_until(last: date, count: int) -> list[str]:
    """ISO dates of the last days, oldest first."""
    return [(last - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)]


def stacked_columns(days: Sequence[str], kinds: Mapping[str, str], counts: Mapping[str, Mapping[str, int]]) -> Plot:
    """A column a day. ``kinds`` maps the series, lowest first, to their names; ``counts`` has days as keys."""
    totals = [sum(counts.get(day, {}).values()) for day in days]
    ticks = _ticks(max([1, *totals]))
    scale = (HEIGHT - _TOP - _BOTTOM) / ticks[-1]
    room = (WIDTH - _LEFT - _RIGHT) / len(days)
    columns = tuple(
        Column(
            round(_LEFT + place * room + room * _GAP / 2, 1),
            round(room * (1 - _GAP), 1),
            _title(day, kinds, counts.get(day, {})),
            tuple(_parts(kinds, counts.get(day, {}), scale)),
        )
        for place, day in enumerate(days)
    )
    every = -(-len(days) // _MOST_LABELS)
    labels = [
        Mark(round(_LEFT + (place + 0.5) * room, 1), _short(day))
        for place, day in enumerate(days)
        if (len(days) - 1 - place) % every == 0
    ]
    bottom = HEIGHT - _BOTTOM
    marks = tuple(Mark(round(bottom - tick * scale, 1), f"{tick:,}") for tick in ticks)
    return Plot(columns, marks, tuple(labels), _LEFT, WIDTH - _RIGHT, bottom, sum(totals))


def _parts(kinds: Mapping[str, str], counts: Mapping[str, int], scale: float) -> list[Part]:
    y = float(HEIGHT - _BOTTOM)
    parts = []
    for kind in kinds:
        height = counts.get(kind, 0) * scale
        if height:
            y -= height
            parts.append(Part(kind, round(y, 2), round(height, 2)))
    return parts


def _ticks(largest: int) -> list[int]:
    """From zero in round steps to the first that is not under the largest value."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power * 4 >= largest:
                count = max(1, -(-largest // (step * power)))
                return [step * power * place for place in range(count + 1)]
        power *= 10


def _title(day: str, kinds: Mapping[str, str], counts: Mapping[str, int]) -> str:
    told = [f"{name} {counts[kind]:,}" for kind, name in kinds.items() if counts.get(kind)]
    return f"{day}: {', '.join(told) or 'none'}"


def _short(day: str) -> str:
    return f"{date.fromisoformat(day):%d %b}".lstrip("0")
