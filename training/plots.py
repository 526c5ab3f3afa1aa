"""Draws figures as SVG to stand in an HTML page, in the page's own colours, light or dark. It knows no detector.

Colours in a drawing are placeholders that become CSS variables of the page: ``--ink``, ``--faint``, ``--series-0`` and
so on.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

Line = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Places along x and y."""

SERIES = 7
_INK, _FAINT = "#010101", "#020202"
_COLOURS = [f"#0300{number:02x}" for number in range(1, SERIES + 1)]
_VARIABLES = {
    _INK: "var(--ink)",
    _FAINT: "var(--faint)",
    **{colour: f"var(--series-{number})" for number, colour in enumerate(_COLOURS)},
}
_STYLE: dict[Any, Any] = {  # rcParams, whose names matplotlib's types list one by one
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "grid.alpha": 0.35,
    "grid.linewidth": 0.6,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
_PERCENT = FuncFormatter(lambda share, _: f"{share * 100:g} %")
_BAND = 3
_SMALLEST_RATE = 1e-4
_LONGEST_NAME = 44


def draw_recall(lines: Mapping[str, Line], limits: Mapping[str, float]) -> str:
    """Share found against share of ordinary comments, on a log axis. The first line is drawn heavier."""

    def draw(axes: Axes) -> None:
        axes.set_xscale("log")
        for number, (name, (x, y)) in enumerate(lines.items()):
            axes.step(np.maximum(x, _SMALLEST_RATE), y, where="post", **_stroke(number), label=_short(name))
        _mark(axes, limits)
        axes.set_xlim(_SMALLEST_RATE, 1)
        axes.xaxis.set_major_formatter(_PERCENT)
        _shares(axes, x=None, y="promotional comments found")
        axes.set_xlabel("ordinary comments above the threshold")

    return _svg("recall", draw)


def draw_precision(lines: Mapping[str, Line]) -> str:
    """Precision against share found."""

    def draw(axes: Axes) -> None:
        for number, (name, (x, y)) in enumerate(lines.items()):
            axes.plot(x, y, **_stroke(number), label=_short(name))
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        _shares(axes, "promotional comments found", "precision")

    return _svg("precision", draw)


def draw_reliability(probability: Sequence[float], share: Sequence[float], weight: Sequence[float]) -> str:
    """What happened against what was said, with the weight of each bin below."""

    def draw(axes: Axes) -> None:
        axes.bar(probability, weight, width=0.05, color=_FAINT, alpha=0.5, label="share of the comments")
        axes.plot([0, 1], [0, 1], color=_FAINT, linestyle="--", linewidth=1, label="as it should be")
        axes.plot(probability, share, marker="o", color=_COLOURS[0], label="as it was")
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        _shares(axes, "probability, as told", "promotional, at even odds")

    return _svg("reliability", draw)


def draw_bars(name: str, values: Mapping[str, float], label: str) -> str:
    """A bar from 0 to at most 1 for each name, the smallest first."""
    ordered = sorted(values.items(), key=lambda item: -item[1])

    def draw(axes: Axes) -> None:
        bars = axes.barh(range(len(ordered)), [value for _, value in ordered], color=_COLOURS[0], height=0.62)
        axes.bar_label(bars, fmt="{:.3f}", padding=4, fontsize=8.5)
        axes.set_yticks(range(len(ordered)), [_short(name) for name, _ in ordered])
        axes.set_xlim(0, 1.12)
        axes.set_xticks(np.linspace(0, 1, 6))
        axes.set_xlabel(label)
        axes.grid(axis="y", visible=False)

    return _svg(name, draw, height=0.9 + 0.27 * len(ordered))


def draw_groups(
    name: str, found: Mapping[str, Sequence[float | None]], held: Mapping[str, float | None], stated: float
) -> str:
    """Two panels with a row a group: shares found (at 1 %, above the threshold), and ordinary comments held."""
    rows = list(found)
    with _style(name):
        figure = Figure(figsize=(10.4, 1.3 + 0.27 * len(rows)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        for column, (marker, label) in enumerate((("o", "found at 1 % false positives"), ("D", "held or rejected"))):
            _dots(left, [values[column] for values in found.values()], marker, _COLOURS[column], label)
        left.set_yticks(range(len(rows)), [_short(row) for row in rows])
        left.set_ylim(len(rows) - 0.4, -0.6)
        left.set_xlim(-0.03, 1.03)
        left.xaxis.set_major_formatter(PercentFormatter(1))
        left.set_xlabel("promotional comments")
        band = "a third to three times the stated rate"
        right.axvspan(stated / _BAND, stated * _BAND, color=_FAINT, alpha=0.35, linewidth=0, label=band)
        shown = [None if share is None else max(share, stated / 30) for share in held.values()]
        _dots(right, shown, "s", _COLOURS[2], "ordinary ones held or rejected")
        right.set_xscale("log")
        right.set_xlim(stated / 40, 1)
        right.xaxis.set_major_formatter(_PERCENT)
        right.set_xlabel("ordinary comments; none at the left edge")
        figure.legend(loc="outside upper left", ncols=4, fontsize=8.5)
        return _text(figure)


def draw_compared(shares: Mapping[str, Mapping[str, tuple[float, float]]]) -> str:
    """A panel a kind of share, with a row a group: a line from the share before to a dot at the share after."""
    rows = list(dict.fromkeys(name for values in shares.values() for name in values))
    with _style("compared"):
        figure = Figure(figsize=(10.4, 1.3 + 0.27 * len(rows)), layout="constrained")
        panels = figure.subplots(1, len(shares), sharey=True)
        for axes, (label, values) in zip(panels, shares.items(), strict=True):
            for row, (before, after) in ((rows.index(name), pair) for name, pair in values.items()):
                axes.plot([before, after], [row, row], color=_FAINT, linewidth=2, zorder=1)
            _dots(axes, [values[name][0] if name in values else None for name in rows], "o", _COLOURS[6], "before")
            _dots(axes, [values[name][1] if name in values else None for name in rows], "D", _COLOURS[0], "after")
            axes.xaxis.set_major_formatter(_PERCENT)
            axes.set_xlabel(label)
        panels[0].set_yticks(range(len(rows)), [_short(row) for row in rows])
        panels[0].set_ylim(len(rows) - 0.4, -0.6)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=2, fontsize=8.5)
        return _text(figure)


def draw_curve(lines: Mapping[str, Line]) -> str:
    """Share found at 1 % against decisions of the site that were added to the training."""

    def draw(axes: Axes) -> None:
        for number, (name, (x, y)) in enumerate(lines.items()):
            axes.plot(x, y, marker="o", **_stroke(number), label=_short(name))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _shares(axes, "the site's own decisions in the training", "found at 1 % false positives")

    return _svg("curve", draw)


def _dots(axes: Axes, values: Sequence[float | None], marker: str, colour: str, label: str) -> None:
    """A dot in each row that has a value."""
    known = [(value, row) for row, value in enumerate(values) if value is not None]
    x, y = [value for value, _ in known], [row for _, row in known]
    axes.scatter(x, y, marker=marker, s=34, color=colour, label=label)


def _svg(name: str, draw: Callable[[Axes], None], height: float = 3.9) -> str:
    with _style(name):
        figure = Figure(figsize=(6.2, height), layout="constrained")
        axes = figure.subplots()
        draw(axes)
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside lower center", ncols=2, fontsize=8.5)
        return _text(figure)


def _style(name: str) -> AbstractContextManager[None]:
    """The style of a drawing; its name keeps the ids inside it apart from those of other drawings on the page."""
    return mpl.rc_context({**_STYLE, "svg.hashsalt": name})


def _text(figure: Figure) -> str:
    written = StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own font lacks letters of names; the reader's browser has them
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return text


def _stroke(number: int) -> dict[str, Any]:
    return {"color": _COLOURS[number % SERIES], "linewidth": 1.2 if number else 2.6, "zorder": 2 if number else 3}


def _mark(axes: Axes, limits: Mapping[str, float]) -> None:
    for name, limit in limits.items():
        axes.axvline(limit, color=_INK, linestyle=":", linewidth=1)
        axes.annotate(name, (limit, 1.02), xycoords=("data", "axes fraction"), ha="center", fontsize=8.5)


def _shares(axes: Axes, x: str | None, y: str) -> None:
    axes.set_ylim(0, 1.01)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_ylabel(y)
    if x:
        axes.set_xlabel(x)


def _short(name: str) -> str:
    """A name that can steer nothing in a drawing, cut in its middle where it is long."""
    shown = "".join(char if char.isprintable() else "?" for char in name)
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[: _LONGEST_NAME // 2]}…{shown[-_LONGEST_NAME // 2 :]}"
