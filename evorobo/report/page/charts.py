"""The numbers behind the page's charts: curves in every currency, final scores, profiles, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle
from matplotlib.transforms import Affine2D
from numpy.typing import ArrayLike

from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.analysis.aggregate import normalized_scores
from evorobo.report.figures.panel import Average, average
from evorobo.report.figures.scales import scale_score
from evorobo.report.figures.style import Style, reference_dashes
from evorobo.report.statistics import Profile, bootstrap_interval, iqm, performance_profile
from evorobo.study.results import Results, Run

Json: TypeAlias = Any
"""What JSON can hold."""

_LINE = 2.0  # pixels: dashes are given in line widths


def style_to_json(style: Style) -> Json:
    """Colour, dashes in pixels, and the marker as an SVG path around the origin, about two units across."""
    return {
        "color": style.color,
        "dashes": [_LINE * each for each in style.dashes[1]],
        "marker": _marker(style.marker),
    }


def task_charts(results: Results, task: str) -> Json:
    """All that is drawn of one task: its scale, its references, and curves, finals and profiles by method."""
    metric = results.metrics[task]
    cells = runs.drawable(results, task)
    scores = {method: [run.score for run in runs.finished(cell)] for method, cell in cells.items()}
    references = {name: value for name, value in results.references[task].items() if np.isfinite(value)}
    name, better = wording.metric_label(metric).split("\n")
    return {
        "name": task,
        "metric": name,
        "better": better.strip("←→ "),
        "scale": _scale(cells, list(references.values()), metric.higher_is_better),
        "references": [
            {"name": name, "value": value, "dashes": [_LINE * each for each in reference_dashes(name)[1]]}
            for name, value in references.items()
        ],
        "methods": {method: _method(cell) for method, cell in cells.items()},
        "profiles": _profiles({method: [each] for method, each in scores.items() if each}),
    }


def aggregate_charts(results: Results) -> Json:
    """The profiles of the methods over all tasks that have a common scale; empty where fewer than two have."""
    scores = normalized_scores(results)
    if len(next(iter(scores.values()), [])) < 2:
        return {}
    return _profiles(scores)


def round_for_json(values: ArrayLike) -> Json:
    """An array as lists of numbers of five digits, None for what is not finite."""
    array = np.asarray(values, float)
    if array.ndim:
        return [round_for_json(each) for each in array]
    return float(f"{array:.5g}") if np.isfinite(array) else None


def _method(cell: list[Run]) -> Json:
    finished = runs.finished(cell)
    scores = [run.score for run in finished]
    plain: Json = {
        "runs": [{"seed": run.seed, "status": run.status, "y": round_for_json(run.curve["test"])} for run in cell],
        "averages": {},
        "unreported": [cost_column for cost_column in wording.COST_LABELS if not runs.reports_cost(cell, cost_column)],
    }
    for cost_column in wording.COST_LABELS:
        spent = [runs.cumulative_cost(run, cost_column) for run in cell]
        if any(each.max(initial=0) > 0 for each in spent):
            for run, each in zip(plain["runs"], spent, strict=True):
                run.setdefault("x", {})[cost_column] = round_for_json(each)
            curves = [curve for run in finished if len((curve := runs.learning_curve(run, cost_column, log=False))[0])]
            if curves:
                plain["averages"][cost_column] = _plain(average(curves))
    if scores:
        plain["scores"] = round_for_json(scores)
        plain["iqm"], plain["interval"] = round_for_json(iqm(scores)), round_for_json(bootstrap_interval(scores))
    return plain


def _profiles(scores: Mapping[str, Sequence[ArrayLike]]) -> Json:
    """The profiles of methods, whose scores come task by task, all from just below the lowest score of anybody on."""
    if not scores:
        return {}
    every = np.concatenate([np.asarray(values, float) for tasks in scores.values() for values in tasks])
    low, high = every.min(), every.max()
    grid = np.linspace(low - (0.02 * (high - low) or 1.0), high + (high == low), 101)
    return {method: _plain(performance_profile(tasks, grid)) for method, tasks in scores.items()}


def _plain(arrays: Average | Profile) -> Json:
    return {name: round_for_json(each) for name, each in vars(arrays).items()}


def _scale(cells: dict[str, list[Run]], fixed: list[float], higher_is_better: bool) -> Json:
    """The y axis that the figure of the study would have."""
    axes = Figure().add_subplot()
    values = np.concatenate([run.curve["test"] for cell in cells.values() for run in cell] or [np.empty(0)])
    scores = [run.score for cell in cells.values() for run in runs.finished(cell)]
    remark = scale_score(axes, values, [*fixed, *scores], higher_is_better)
    low, high = axes.get_ylim()
    return {"low": low, "high": high, "log": axes.get_yscale() == "log", "remark": remark}


def _marker(marker: str) -> str:
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform() + Affine2D().scale(2, -2))
    shapes = [np.asarray(shape, float) for shape in path.to_polygons()]
    return " ".join("M" + "L".join(f"{x:.2f},{y:.2f}" for x, y in shape) for shape in shapes)
