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
from evorobo.report.analysis.aggregate import normalised_scores
from evorobo.report.figures.panel import Average, average
from evorobo.report.figures.scales import scale_score
from evorobo.report.figures.style import Style, reference_dashes
from evorobo.report.statistics import Profile, interval, iqm, performance_profile
from evorobo.study.results import Results, Run

Plain: TypeAlias = Any
"""What JSON can hold."""

_LINE = 2.0  # pixels: dashes are given in line widths


def look(style: Style) -> Plain:
    """Colour, dashes in pixels, and the marker as an SVG path around the origin, about two units across."""
    return {
        "colour": style.colour,
        "dashes": [_LINE * each for each in style.dashes[1]],
        "marker": _marker(style.marker),
    }


def task_charts(results: Results, task: str) -> Plain:
    """All that is drawn of one task: its scale, its references, and curves, finals and profiles by method."""
    metric = results.metrics[task]
    cells = runs.shown(results, task)
    scores = {method: [run.score for run in runs.counted(cell)] for method, cell in cells.items()}
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


def across_charts(results: Results) -> Plain:
    """The profiles of the methods over all tasks that have a common scale; empty where fewer than two have."""
    scores = normalised_scores(results)
    if len(next(iter(scores.values()), [])) < 2:
        return {}
    return _profiles(scores)


def numbers(values: ArrayLike) -> Plain:
    """An array as lists of numbers of five digits, None for what is not finite."""
    array = np.asarray(values, float)
    if array.ndim:
        return [numbers(each) for each in array]
    return float(f"{array:.5g}") if np.isfinite(array) else None


def _method(cell: list[Run]) -> Plain:
    finished = runs.counted(cell)
    scores = [run.score for run in finished]
    plain: Plain = {
        "runs": [{"seed": run.seed, "status": run.status, "y": numbers(run.curve["test"])} for run in cell],
        "averages": {},
        "untold": [currency for currency in wording.CURRENCIES if not runs.told(cell, currency)],
    }
    for currency in wording.CURRENCIES:
        spent = [runs.spent(run, currency) for run in cell]
        if any(each.max(initial=0) > 0 for each in spent):
            for run, each in zip(plain["runs"], spent, strict=True):
                run.setdefault("x", {})[currency] = numbers(each)
            curves = [curve for run in finished if len((curve := runs.curve(run, currency, log=False))[0])]
            if curves:
                plain["averages"][currency] = _plain(average(curves))
    if scores:
        plain["scores"] = numbers(scores)
        plain["iqm"], plain["interval"] = numbers(iqm(scores)), numbers(interval(scores))
    return plain


def _profiles(scores: Mapping[str, Sequence[ArrayLike]]) -> Plain:
    """The profiles of methods, whose scores come task by task, all from just below the lowest score of anybody on."""
    if not scores:
        return {}
    every = np.concatenate([np.asarray(values, float) for tasks in scores.values() for values in tasks])
    low, high = every.min(), every.max()
    grid = np.linspace(low - (0.02 * (high - low) or 1.0), high + (high == low), 101)
    return {method: _plain(performance_profile(tasks, grid)) for method, tasks in scores.items()}


def _plain(arrays: Average | Profile) -> Plain:
    return {name: numbers(each) for name, each in vars(arrays).items()}


def _scale(cells: dict[str, list[Run]], fixed: list[float], higher_is_better: bool) -> Plain:
    """The y axis that the figure of the study would have."""
    axes = Figure().add_subplot()
    values = np.concatenate([run.curve["test"] for cell in cells.values() for run in cell] or [np.empty(0)])
    scores = [run.score for cell in cells.values() for run in runs.counted(cell)]
    remark = scale_score(axes, values, [*fixed, *scores], higher_is_better)
    low, high = axes.get_ylim()
    return {"low": low, "high": high, "log": axes.get_yscale() == "log", "remark": remark}


def _marker(marker: str) -> str:
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform() + Affine2D().scale(2, -2))
    shapes = [np.asarray(shape, float) for shape in path.to_polygons()]
    return " ".join("M" + "L".join(f"{x:.2f},{y:.2f}" for x, y in shape) for shape in shapes)
