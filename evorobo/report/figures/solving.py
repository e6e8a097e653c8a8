"""What solving a task takes: the evaluations of each method until its trials were solved, beside published ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tabulate import tabulate

from evorobo.files import write_atomically
from evorobo.report.analysis import runs
from evorobo.report.figures import output as canvas
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.scales import scale_cost
from evorobo.report.figures.style import MUTED_COLOR, TEXT_COLOR, Style, assign_styles
from evorobo.report.statistics import HittingTimes, expected_running_time, kaplan_meier
from evorobo.study.results import Results, Run

_SOLVED_BY = {"StopAt", "StopWhen"}
_HEADERS = ["", "solved", "mean", "median", "worst", "per success"]


def solving(results: Results, published: Mapping[str, float] | None = None) -> str:
    """The table of evaluations to solve, for a terminal; written to `solving.csv` and drawn in `solving.png` too.

    A trial is solved when `StopAt` or `StopWhen` stopped it. Its evaluations are the episodes that its members were
    scored by, plus one for each generation, whose answer was tried as well. "Per success" is what all trials took over
    the number of those that solved it; `published` are mean evaluations of others by name.
    """
    cells = {_name(results, task, method): runs.finished(cell) for task, method, cell in results.cells()}
    times = {name: hitting_times(cell) for name, cell in cells.items() if cell}
    rows = [_row(name, each) for name, each in times.items()]
    rows += [_Row(f"({name})", "", (float(mean), np.nan, np.nan, np.nan)) for name, mean in (published or {}).items()]
    rows.sort(key=lambda row: row.numbers[0] if np.isfinite(row.numbers[0]) else np.inf)
    text = io.StringIO()
    lines = [[row.name, row.solved, *(value if np.isfinite(value) else "" for value in row.numbers)] for row in rows]
    csv.writer(text, lineterminator="\n").writerows([["method", *_HEADERS[1:]], *lines])
    write_atomically(results.folder / "solving.csv", text.getvalue())
    picture = canvas.save_figure(_figure(results, times, published or {}), results.folder / "solving.png")
    shown = [[row.name, row.solved, *map(_rounded, row.numbers)] for row in rows]
    table = tabulate(shown, _HEADERS, "simple", colalign=("left", *["right"] * 5), disable_numparse=True)
    return f"evaluations to solve\n{table}\n\n{picture}"


def hitting_times(cell: list[Run]) -> HittingTimes:
    """What each of these runs took `(runs,)`, and whether it was solved."""
    spent = [runs.cumulative_cost(run, "episodes")[-1] + run.curve["generations"][-1] for run in cell]
    return HittingTimes(np.array(spent), np.array([bool(_SOLVED_BY & set(run.stopped_by)) for run in cell]))


def _name(results: Results, task: str, method: str) -> str:
    return method if len(results.tasks) == 1 else f"{method} on {task}"


class _Row(NamedTuple):
    """A line of the table; `numbers` are mean, median, worst and per success, NaN or infinite where there is none."""

    name: str
    solved: str
    numbers: tuple[float, ...]


def _row(name: str, times: HittingTimes) -> _Row:
    """Mean and worst are of solved trials; the median takes in those that were not (Kaplan & Meier)."""
    paid = times.costs[times.reached]
    mean, worst = (float(paid.mean()), float(paid.max())) if len(paid) else (np.nan, np.nan)
    solved = f"{times.n_solved} of {times.n_runs}"
    return _Row(name, solved, (mean, kaplan_meier(times).median, worst, expected_running_time(times)))


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else ""


def _figure(results: Results, times: dict[str, HittingTimes], published: Mapping[str, float]) -> Figure:
    """A line for each method, best on top: a dot for each trial, a bar at their mean; published means as diamonds."""
    means = {name: float(each.costs.mean()) for name, each in times.items()} | dict(published)
    order = sorted(means, key=lambda name: means[name], reverse=True)
    styles = assign_styles(times)
    frame = FigureLayout(6.4, f"{results.name}: evaluations to solve", _SUBTITLE, {}, [])
    with canvas.figure_style():
        figure = Figure(figsize=(6.4, frame.top + frame.bottom + 0.55 + 0.24 * len(order)), layout="constrained")
        axes = figure.subplots()
        for place, name in enumerate(order):
            if name in times:
                _draw_trials(axes, place, times[name], styles[name])
            else:
                axes.plot(means[name], place, ls="", marker="D", ms=4.5, mfc="white", mec=MUTED_COLOR)
            axes.annotate(
                f"{means[name]:,.0f}", (1.02, place), xycoords=axes.get_yaxis_transform(), va="center",
                color=styles[name].color if name in styles else MUTED_COLOR, annotation_clip=False,
            )  # fmt: skip
        paid = [*means.values(), *(each for trials in times.values() for each in trials.costs)]
        scale_cost(axes, min(paid), max(paid), log=True)
        axes.set_xlabel("evaluations (episodes) until solved; means on the right")
        axes.set_yticks(range(len(order)), order)
        for label, name in zip(axes.get_yticklabels(), order, strict=True):
            label.set(color=TEXT_COLOR if name in times else MUTED_COLOR, weight="bold" if name in times else "normal")
        axes.set_ylim(-0.6, len(order) - 0.4)
        axes.tick_params(axis="y", length=0)
        frame.draw(figure)
    return figure


_SUBTITLE = "Dots: trials here; crosses: trials that ended unsolved; bars: their means. Diamonds: published means."


def _draw_trials(axes: Axes, place: int, times: HittingTimes, style: Style) -> None:
    for reached, marker in ((True, "o"), (False, "x")):
        paid = times.costs[times.reached == reached]
        axes.plot(paid, np.full(len(paid), place), ls="", marker=marker, ms=4.5, color=style.color, alpha=0.5)
    axes.plot([times.costs.mean()] * 2, [place - 0.3, place + 0.3], color=style.color, lw=2.4, solid_capstyle="butt")
