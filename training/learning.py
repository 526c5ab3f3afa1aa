"""How fast a detector learns a new site: what it finds there after some of the site's own decisions are trained on."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from training import measures
from training.datasets import DataError, Dataset
from training.holdout import HoldOut, after_decisions, chosen, hold_outs, train_and_score


def learning_curve(
    data: Dataset, by_site: Sequence[str], decisions: Sequence[int], *, seed: int, jobs: int, done: Callable[[], object]
) -> dict[str, Any]:
    """Figures after each number of decisions: ``sites`` by name, and their ``mean``.

    All points of a site are measured on the same comments. Sites where most comments would be decided are left out.
    ``done`` is called after each training. Raises DataError where no site is left.
    """
    sites = [
        hold_out
        for hold_out in hold_outs(data, by_site, (), seed)
        if "/" in hold_out.name and len(hold_out.tested) >= 2 * max(decisions)
    ]
    if not sites:
        raise DataError(f"No site of {', '.join(by_site)} has {2 * max(decisions)} different comments.")
    tasks = [(count, cut) for site in sites for count, cut in _cuts(site, decisions, seed)]
    found: dict[str, list[dict[str, Any]]] = {site.name: [] for site in sites}
    points = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="n_jobs")(
        delayed(_point)(data, count, cut, seed) for count, cut in tasks
    )
    for (_, cut), point in zip(tasks, points, strict=True):
        found[cut.name].append(point)
        done()
    return {"mean": [_mean(at) for at in zip(*found.values(), strict=True)], "sites": found}


def _cuts(site: HoldOut, decisions: Sequence[int], seed: int) -> list[tuple[int, HoldOut]]:
    return list(zip(decisions, after_decisions(site, decisions, seed), strict=True))


def _point(data: Dataset, count: int, cut: HoldOut, seed: int) -> dict[str, Any]:
    scores, thresholds = train_and_score(data, cut, seed)
    label = (chosen(data, cut.tested).comments["label"] == "promotional").to_numpy(bool)
    return {"decisions": count, **measures.measure(label, scores, thresholds.hold, thresholds.reject).as_dict()}


def _mean(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def mean(key: str) -> float | None:
        known = [point[key] for point in points if point[key] is not None]
        return round(float(np.mean(known)), 5) if known else None

    return {"decisions": points[0]["decisions"], "found_at_1pct": mean("found_at_1pct"), "auc": mean("auc")}
