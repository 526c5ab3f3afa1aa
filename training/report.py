"""Makes one self-contained HTML page of an evaluation: plots, tables, worst mistakes. All of its text is escaped.

It reads values and gives text; it measures nothing, and the page runs no script and loads nothing.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup
from sklearn.metrics import precision_recall_curve, roc_curve

from training import plots
from training.evaluate import GROUPINGS, Evaluation, Mistake, reliability
from training.measures import Figures
from training.promote import CHANCE, FOUND, ORDINARY, PROMOTIONAL, Comparison, NewMistake, Verdict, summary

_FEWEST = 20  # comments of a group that is drawn
_MOST_ROWS = 40  # of a plot by group
_LONGEST = 700  # code points shown of a comment
_MOST_POINTS = 1_500  # of a line


def draw_report(evaluation: Evaluation, curve: Mapping[str, Any] | None = None) -> str:
    """The page. ``curve`` is what ``python -m training curve --json`` wrote. Raises KeyError where it is another."""
    return _template("report.html").render(
        evaluation=evaluation,
        tiles=_tiles(evaluation),
        plots={name: Markup(plot) for name, plot in _plots(evaluation, curve).items()},  # noqa: S704  # drawn here
        group_plots={by: Markup(plot) for by, plot in _group_plots(evaluation)},  # noqa: S704  # drawn here
        totals=_totals(evaluation),
        fewest=_FEWEST,
    )


def draw_gate_report(verdict: Verdict) -> str:
    """The page of a candidate: the current release against it, and whether to promote it."""
    drawn = {
        "recall": plots.draw_recall(_both_lines(verdict), {}),
        "reliability": plots.draw_reliability(*(part.tolist() for part in reliability(_after(verdict)))),
        "compared": plots.draw_compared(
            {
                of: {one.where: (one.before, one.after) for one in _drawn(verdict, of)}
                for of in (FOUND, PROMOTIONAL, ORDINARY)
            }
        ),
    }
    return _template("gate.html").render(
        verdict=verdict,
        tiles=list(_gate_tiles(verdict)),
        plots={name: Markup(plot) for name, plot in drawn.items()},  # noqa: S704  # drawn here
        chance=CHANCE,
    )


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("training", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"percent": _percent, "number": _number, "pieces": _pieces}
    return environment.get_template(name)


def _both_lines(verdict: Verdict) -> dict[str, plots.Line]:
    """Recall of the candidate, drawn heavier, and of the current release."""
    label = (verdict.scored["label"] == "promotional").to_numpy(bool)
    lines = {}
    for release, column in ((verdict.candidate, "after"), (verdict.current, "before")):
        false_positives, found, _ = roc_curve(label, verdict.scored[column].to_numpy(float))
        lines[release.version] = _thinned(false_positives, found)
    return lines


def _after(verdict: Verdict) -> pd.DataFrame:
    return verdict.scored.rename(columns={"after": "promotional"})


def _drawn(verdict: Verdict, of: str) -> list[Comparison]:
    """The largest comparisons, all together first."""
    found = [one for one in verdict.comparisons if one.of == of]
    return sorted(found, key=lambda one: -one.comments)[:_MOST_ROWS]


def _gate_tiles(verdict: Verdict) -> Iterator[tuple[str, str, str]]:
    names = {
        "found_at_1pct": "found at 1 % false positives",
        "held": "of promotional comments held",
        "ham_held": "of ordinary comments held",
        "ham_rejected": "of ordinary comments rejected",
    }
    figures = summary(verdict)
    for name, told in names.items():
        before, after = figures[name]
        yield told, _percent(before), _percent(after)


def _tiles(evaluation: Evaluation) -> list[tuple[str, str]]:
    shares = [survival.share for survival in evaluation.attacks.values() if survival.share is not None]
    aucs = list(evaluation.relevance.values())
    return [
        ("ROC AUC, mean of sites", _number(evaluation.macro.get("auc"))),
        ("found at 1 % false positives, mean of sites", _percent(evaluation.macro.get("found_at_1pct"))),
        ("of ordinary comments held, mean of sites", _percent(evaluation.promises["hold"].sites_mean)),
        ("still caught under the worst disguise", _percent(min(shares, default=None))),
        ("own article against another, mean of sites", _number(float(np.mean(aucs)) if aucs else None)),
    ]


def _totals(evaluation: Evaluation) -> dict[str, Figures]:
    totals = {"all together": evaluation.overall}
    if evaluation.by_raw_label != evaluation.overall:
        totals["all together, labels before corrections"] = evaluation.by_raw_label
    return totals


def _plots(evaluation: Evaluation, curve: Mapping[str, Any] | None) -> dict[str, str]:
    shares = {name: survival.share for name, survival in evaluation.attacks.items()}
    known = {name: share for name, share in shares.items() if share is not None}
    relevance = dict(evaluation.relevance)
    recall, precision = _lines(evaluation)
    stated = {action: promise.stated for action, promise in evaluation.promises.items()}
    return {
        "recall": plots.draw_recall(recall, stated),
        "precision": plots.draw_precision(precision),
        "reliability": plots.draw_reliability(*(part.tolist() for part in reliability(evaluation.scored))),
        "attacks": plots.draw_bars("attacks", known, "share still caught") if known else "",
        "relevance": plots.draw_bars("relevance", relevance, "ROC AUC; 0.5 is chance") if relevance else "",
        "curve": plots.draw_curve(_curve_lines(curve)) if curve else "",
    }


def _lines(evaluation: Evaluation) -> tuple[dict[str, plots.Line], dict[str, plots.Line]]:
    """Recall and precision of all together, then of the sites with most promotion that have both labels."""
    scored = evaluation.scored
    sites = {name: figures for name, figures in evaluation.groups["site"].items() if figures.auc is not None}
    largest = sorted(sites, key=lambda name: -sites[name].promotional)[: plots.SERIES - 1]
    chosen = {"all together": scored, **{name: scored[scored["site"] == name] for name in largest}}
    recall, precision = {}, {}
    for name, rows in chosen.items():
        label, scores = (rows["label"] == "promotional").to_numpy(bool), rows["promotional"].to_numpy(float)
        if label.any() and not label.all():
            false_positives, found, _ = roc_curve(label, scores)
            begin = max(int((false_positives == 0).sum()) - 1, 0)  # what is found before the first false positive
            recall[name] = _thinned(false_positives[begin:], found[begin:])
            precise, found, _ = precision_recall_curve(label, scores)
            precision[name] = _thinned(found[:-1], precise[:-1])
    return recall, precision


def _thinned(x: Any, y: Any) -> plots.Line:
    places = np.unique(np.linspace(0, len(x) - 1, _MOST_POINTS).astype(int)) if len(x) > _MOST_POINTS else slice(None)
    return np.asarray(x)[places], np.asarray(y)[places]


def _group_plots(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    stated = evaluation.promises["hold"].stated
    for by in GROUPINGS:
        groups = {name: of for name, of in evaluation.groups[by].items() if of.comments >= _FEWEST}
        largest = sorted(groups, key=lambda name: -groups[name].comments)[:_MOST_ROWS]
        if largest:
            found = {name: (groups[name].found_at_1pct, groups[name].held) for name in groups if name in largest}
            held = {name: groups[name].ham_held for name in found}
            yield by, plots.draw_groups(by, found, held, stated)


def _curve_lines(curve: Mapping[str, Any]) -> dict[str, plots.Line]:
    """The mean first, then the sites."""
    lines = {"mean of sites": curve["mean"], **curve["sites"]}
    made = {}
    for name, points in list(lines.items())[: plots.SERIES]:
        known = [(point["decisions"], point["found_at_1pct"]) for point in points if point["found_at_1pct"] is not None]
        made[name] = (np.array([x for x, _ in known], float), np.array([y for _, y in known], float))
    return made


def _pieces(mistake: Mistake | NewMistake) -> Iterator[tuple[bool, str]]:
    """The body in pieces, with whether a reason for promotion points there."""
    body = mistake.comment.body
    marked = np.zeros(min(len(body), _LONGEST), bool)
    for reason in mistake.score.reasons:
        if reason.span and reason.field == "body" and reason.weight > 0:
            marked[slice(*reason.span)] = True
    edges = [0, *(np.flatnonzero(np.diff(marked)) + 1).tolist(), len(marked)]
    for begin, end in pairwise(edges):
        yield bool(marked[begin]) if end > begin else False, body[begin:end]
    if len(body) > _LONGEST:
        yield False, " …"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.2f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
