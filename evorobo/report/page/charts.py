"""The data of the charts on the report page: curves over all costs, final scores, performance profiles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from matplotlib.markers import MarkerStyle
from matplotlib.transforms import Affine2D
from numpy.typing import ArrayLike

from evorobo.report.analysis.aggregate import normalized_scores
from evorobo.report.analysis.ranks import MAX_OVERLAID_METHODS
from evorobo.report.analysis.runs import cumulative_cost, learning_curve, reports_cost
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.figures.curves import default_costs
from evorobo.report.figures.panel import n_hidden_by
from evorobo.report.figures.scales import cost_range, score_range
from evorobo.report.figures.style import Style, reference_dashes
from evorobo.report.formatting import COST_LABELS, metric_label
from evorobo.report.statistics import AverageCurve, Curve, Profile, average_curve, performance_profile

Json: TypeAlias = Any
"""A value that JSON can hold."""

_LINE = 2.0  # pixels; dashes are given in line widths


def style_to_json(style: Style) -> Json:
    """Color, dashes in pixels, and the marker as an SVG path around the origin, about two units wide."""
    return {
        "color": style.color,
        "dashes": [_LINE * length for length in style.dashes[1]],
        "marker": _marker(style.marker),
    }


def task_charts(table: StudyTable, task: str, cost_columns: Sequence[str] = tuple(COST_LABELS)) -> Json:
    """The data of one task: scale, references, and curves over some costs, final scores and profiles by method."""
    metric = table.results.metrics[task]
    cells = table.cells_of(task, lambda cell: cell.visible)
    references = table.references(task)
    curves = {cost_column: _shown_curves(cells, cost_column) for cost_column in cost_columns}
    averages = {cost_column: _averages(cells, cost_column) for cost_column in cost_columns}
    title, better = metric_label(metric).split("\n")
    return {
        "name": task,
        "metric": title,
        "better": better.strip("←→ "),
        "scale": _score_range(table, task, curves),
        "ranges": {cost_column: _cost_range(of_cost) for cost_column, of_cost in curves.items() if of_cost},
        "references": [
            {"name": name, "value": value, "dashes": [_LINE * length for length in reference_dashes(name)[1]]}
            for name, value in references.items()
        ],
        "methods": {method: _method(method, cell, averages) for method, cell in cells.items()},
        "profiles": _profiles({method: [cell.outcomes] for method, cell in cells.items() if cell.finished}),
    }


def aggregate_charts(table: StudyTable) -> Json:
    """The profiles of the methods over all tasks with a common scale; empty if fewer than two tasks have it."""
    scores = normalized_scores(table)
    if len(next(iter(scores.values()), [])) < 2:
        return {}
    return _profiles(scores)


def round_for_json(values: ArrayLike) -> Json:
    """An array as lists of numbers with five digits; None for what is not finite."""
    array = np.asarray(values, float)
    if array.ndim:
        return [round_for_json(row) for row in array]
    return float(f"{array:.5g}") if np.isfinite(array) else None


def _averages(cells: Mapping[str, Cell], cost_column: str) -> dict[str, AverageCurve]:
    curves = {method: cell.curves(cost_column) for method, cell in cells.items()}
    return {method: average_curve(of_method) for method, of_method in curves.items() if of_method}


def _method(name: str, cell: Cell, averages: Mapping[str, dict[str, AverageCurve]]) -> Json:
    runs = cell.visible
    method: Json = {
        "runs": [{"seed": run.seed, "status": run.status, "y": round_for_json(run.curve["test"])} for run in runs],
        "averages": {},
        "unreported": [cost_column for cost_column in averages if not reports_cost(runs, cost_column)],
    }
    for cost_column, means in averages.items():
        costs = [cumulative_cost(run, cost_column) for run in runs]
        if any(x.max(initial=0) > 0 for x in costs):
            for run, x in zip(method["runs"], costs, strict=True):
                run.setdefault("x", {})[cost_column] = round_for_json(x)
            if name in means:
                hidden = {"hidden": n_hidden_by(means, name)}
                method["averages"][cost_column] = _arrays_to_json(means[name]) | hidden
    if cell.finished:
        method["scores"] = round_for_json(cell.scores)
        method["iqm"], method["interval"] = round_for_json(cell.iqm), round_for_json(cell.interval)
    return method


def _profiles(scores: Mapping[str, Sequence[ArrayLike]]) -> Json:
    """The profiles of methods from their scores task by task, on a grid from just below the lowest score."""
    if not scores:
        return {}
    values = np.concatenate([np.asarray(of_task, float) for tasks in scores.values() for of_task in tasks])
    finite = values[np.isfinite(values)]
    low, high = finite.min(), finite.max()
    grid = np.linspace(low - (0.02 * (high - low) or 1.0), high + (high == low), 101)
    return {method: _arrays_to_json(performance_profile(tasks, grid)) for method, tasks in scores.items()}


def _arrays_to_json(arrays: AverageCurve | Profile) -> Json:
    return {name: round_for_json(array) for name, array in vars(arrays).items()}


def _shown_curves(cells: Mapping[str, Cell], cost_column: str) -> list[Curve]:
    """The curves that set the ranges of the axes, as in the figure: all runs, or the averages of many methods."""
    runs = [run for cell in cells.values() for run in cell.visible if cumulative_cost(run, cost_column).max() > 0]
    curves = [learning_curve(run, cost_column, log=True) for run in runs]
    if is_crowded(cells):
        of_methods = [cell.curves(cost_column, log=True) for cell in cells.values()]
        means = [average_curve(of_method) for of_method in of_methods if of_method]
        curves = [(mean.x, mean.middle) for mean in means] or curves
    return [(x, y) for x, y in curves if len(x)]


def is_crowded(methods: Collection[str]) -> bool:
    """Whether there are so many methods that the single runs are hidden at first."""
    return len(methods) > MAX_OVERLAID_METHODS


def _score_range(table: StudyTable, task: str, curves: Mapping[str, Sequence[Curve]]) -> Json:
    """The range of the score axis in the figure of the study."""
    cells = table.cells_of(task, lambda cell: cell.visible)
    shown = [y for cost_column in default_costs(table, task) for _, y in curves[cost_column]]
    if not shown:  # nothing was spent yet
        shown = [run.curve["test"] for cell in cells.values() for run in cell.visible]
    fixed = [*table.references(task).values(), *(score for cell in cells.values() for score in cell.scores)]
    limits = score_range(np.concatenate(shown or [np.empty(0)]), fixed, table.results.metrics[task].higher_is_better)
    return vars(limits) if limits else {"low": 0.0, "high": 1.0, "log": False, "remark": ""}


def _cost_range(curves: Sequence[Curve]) -> Json:
    low, high = min(x[0] for x, _ in curves), max(x[-1] for x, _ in curves)
    return {name: list(map(float, cost_range(low, high, name == "log"))) for name in ("log", "linear")}


def _marker(marker: str) -> str:
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform() + Affine2D().scale(2, -2))
    shapes = [np.asarray(shape, float) for shape in path.to_polygons()]
    return " ".join("M" + "L".join(f"{x:.2f},{y:.2f}" for x, y in shape) for shape in shapes)
