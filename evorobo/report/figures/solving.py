"""The number of evaluations to solve a task: a table and a figure of all methods, beside published values."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.files import as_path, write_atomically
from evorobo.printable import terminal_width
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.figures import output
from evorobo.report.figures.layout import CHARACTER, FigureLayout
from evorobo.report.figures.scales import scale_cost
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import MUTED_COLOR, TEXT_COLOR, Style, table_styles
from evorobo.report.statistics import HittingTimes, expected_running_time, kaplan_meier
from evorobo.study.results import Results

_SOLVED_BY = {"StopAt", "StopWhen"}
_HEADERS = ["", "solved", "mean", "median", "worst", "per success"]
_WIDTH = 6.4  # inches


def solving(
    results: Results,
    published: Mapping[str, float] | None = None,
    note: str = "",
    out: str | Path | None = None,
    settings: FigureSettings | None = None,
) -> str:
    """Count the evaluations until the trials of each method solved their task; write a table and a figure.

    A trial has solved its task if the callback `StopAt` or `StopWhen` stopped it. Its evaluations are the episodes that
    its individuals were scored on, plus one for each generation, whose solution was tested as well.

    Parameters
    ----------
    results : Results
        The results of a study, as `Study.run` returns them.
    published : mapping of str to float, optional
        Published mean numbers of evaluations by name, to compare with.
    note : str, optional
        What a reader must know about the published numbers. It stands below the table and the figure.
    out : str or Path, optional
        The file of the figure: PNG, PDF, SVG or PGF, by the ending of its name. By default `solving.png` in the folder
        of the study, where `solving.csv` is written, too.
    settings : FigureSettings, optional
        What the figure shows, its names, title, width and scale.

    Returns
    -------
    str
        The table for a terminal, best first, and the paths of the figure's files. The columns are the number of solved
        trials; mean and maximum over these; the Kaplan-Meier median over all trials; and the evaluations per success,
        which are those of all trials over the number of solved ones.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> study = er.Study.grid(
    ...     "pole",
    ...     tasks=[er.ControlTask("evorobo/DoublePole-v0", validation_episodes=1, test_episodes=1)],
    ...     methods=[er.Evolution(er.CMAES(population_size=4))],
    ...     seeds=2,
    ...     budget=er.Budget(generations=2, n_evals=2),
    ...     callbacks=[er.StopAt(1000.0)],
    ... )
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/2] ...
    >>> print(er.solving(results, {"NEAT": 3600}))  # doctest: +ELLIPSIS
    evaluations to solve
    ...
    """
    settings, path = settings or FigureSettings(), as_path(out or results.folder / "solving.png")
    output.file_format(path)
    table = settings.select(StudyTable.from_results(results), published or {})
    published = {settings.rename.get(name, name): value for name, value in (published or {}).items()}
    cells = [cell for task in table.tasks for cell in table.cells_of(task, lambda cell: cell.finished).values()]
    names = [cell.method if len(table.tasks) == 1 else f"{cell.method} on {cell.task}" for cell in cells]
    times = dict(zip(names, map(hitting_times, cells), strict=True))
    rows = [_row(name, of_method) for name, of_method in times.items()]
    rows += [_Row(f"({name})", "", (float(mean), np.nan, np.nan, np.nan)) for name, mean in published.items()]
    rows.sort(key=lambda row: row.numbers[0] if np.isfinite(row.numbers[0]) else np.inf)
    text = io.StringIO()
    lines = [[row.name, row.solved, *(value if np.isfinite(value) else "" for value in row.numbers)] for row in rows]
    csv.writer(text, lineterminator="\n").writerows([["method", *_HEADERS[1:]], *lines])
    write_atomically(results.folder / "solving.csv", text.getvalue())
    styles = {name: table_styles(table)[cell.method] for name, cell in zip(names, cells, strict=True)}
    drawn = _figure(results.name, times, styles, published, note, settings)
    files = output.save_with_caption(drawn, path, settings)
    cells_of_rows = [[row.name, row.solved, *map(_format, row.numbers)] for row in rows]
    body = terminal_table(cells_of_rows, _HEADERS, ["left", *["right"] * 5], terminal_width())
    return "\n".join(["evaluations to solve", body, "", *([note, ""] if note else []), *map(str, files)])


def hitting_times(cell: Cell) -> HittingTimes:
    """The evaluations of each finished run `(n_runs,)`, and whether it solved the task."""
    costs = cell.final_costs("episodes") + [run.curve["generations"][-1] for run in cell.finished]
    return HittingTimes(costs, np.array([bool(_SOLVED_BY & set(run.stopped_by)) for run in cell.finished]))


class _Row(NamedTuple):
    """A line of the table; `numbers` are mean, median, worst and per success, not finite where there is none."""

    name: str
    solved: str
    numbers: tuple[float, ...]


def _row(name: str, times: HittingTimes) -> _Row:
    solved = times.costs[times.reached]
    mean, worst = (float(solved.mean()), float(solved.max())) if len(solved) else (np.nan, np.nan)
    numbers = (mean, kaplan_meier(times).median, worst, expected_running_time(times))
    return _Row(name, f"{times.n_solved} of {times.n_runs}", numbers)


def _format(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else ""


_SUBTITLE = "Dots: solved trials; crosses: unsolved trials; bars: their means. Diamonds: published means."


def _figure(
    title: str,
    times: dict[str, HittingTimes],
    styles: dict[str, Style],
    published: Mapping[str, float],
    note: str,
    settings: FigureSettings,
) -> Figure:
    """A line for each method, best on top: a dot for each trial, a bar at their mean; published means are diamonds."""
    means = {name: float(of_method.costs.mean()) for name, of_method in times.items()} | dict(published)
    order = sorted(means, key=lambda name: means[name], reverse=True)
    width, notes = settings.inches or _WIDTH, [note] if note else []
    layout = FigureLayout(width, f"{title}: evaluations to solve", _SUBTITLE, {}, notes, settings)
    with output.figure_style():
        figure = Figure(figsize=(width, layout.top + layout.bottom + 0.55 + 0.24 * len(order)), layout="constrained")
        axes = figure.subplots()
        for y, name in enumerate(order):
            if name in times:
                _draw_trials(axes, y, times[name], styles[name])
            else:
                axes.plot(means[name], y, ls="", marker="D", ms=4.5, mfc="white", mec=MUTED_COLOR)
            axes.annotate(
                f"{means[name]:,.0f}", (1.02, y), xycoords=axes.get_yaxis_transform(), va="center",
                color=styles[name].color if name in styles else MUTED_COLOR, annotation_clip=False,
            )  # fmt: skip
        costs = [*means.values(), *(cost for of_method in times.values() for cost in of_method.costs)]
        scale_cost(axes, min(costs), max(costs), settings.log_x)
        axes.set_xlabel(fill("evaluations (episodes) until solved; means on the right", int(width / CHARACTER * 0.6)))
        axes.set_yticks(range(len(order)), order)
        for label, name in zip(axes.get_yticklabels(), order, strict=True):
            label.set(color=TEXT_COLOR if name in times else MUTED_COLOR, weight="bold" if name in times else "normal")
        axes.set_ylim(-0.6, len(order) - 0.4)
        axes.tick_params(axis="y", length=0)
        layout.draw(figure)
    return figure


def _draw_trials(axes: Axes, y: int, times: HittingTimes, style: Style) -> None:
    for reached, marker in ((True, "o"), (False, "x")):
        costs = times.costs[times.reached == reached]
        axes.plot(costs, np.full(len(costs), y), ls="", marker=marker, ms=4.5, color=style.color, alpha=0.5)
    axes.plot([times.costs.mean()] * 2, [y - 0.3, y + 0.3], color=style.color, lw=2.4, solid_capstyle="butt")
