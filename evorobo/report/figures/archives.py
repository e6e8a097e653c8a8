"""What searches for more than one thing brought home: how variety grew, and the archives side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from evorobo.errors import EvoroboError
from evorobo.learners.archive import Archive, cell_indices
from evorobo.nets.genome import Genome
from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.analysis.archive_table import ARCHIVE_COLUMNS, logged_mask
from evorobo.report.figures import output as canvas
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.panel import average, draw_average
from evorobo.report.figures.scales import scale_cost
from evorobo.report.figures.style import Style, assign_styles
from evorobo.settings import from_plain
from evorobo.study.results import Results, Run
from evorobo.tasks.control.recording import trajectory
from evorobo.tasks.control.robots.base import defines
from evorobo.tasks.control.task import ControlTask

SCORE_COLORMAP = "YlOrBr"
"""Light to dark for low to high scores; lines in other colours can be seen on it."""


def draw_archive(axes: Axes, archive: Archive, norm: Normalize, color: str) -> bool:
    """A map's cells over its first two measures, shaded by the score of their elites (of further measures the best).

    Other archives: members by their first two measures, shaded likewise; with one measure by that and by score, in
    `colour`. Returns whether scores are shades.
    """
    axes.set_xlabel(archive.measure_names[0])
    if len(archive.measure_names) == 1:
        order = np.argsort(archive.measures[:, 0])
        axes.plot(
            archive.measures[order, 0], archive.scores[order], color=color, lw=0.8, marker="o", ms=3.5, mec="white",
            mew=0.4,
        )  # fmt: skip
        axes.set_ylabel("training score")
        return False
    axes.set_ylabel(archive.measure_names[1])
    (left, right), (bottom, top) = archive.ranges[:2]
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.grid(visible=False)
    if archive.grid_shape:
        axes.imshow(
            _shaded(archive), SCORE_COLORMAP, norm, origin="lower", extent=(left, right, bottom, top), aspect="auto",
            interpolation="nearest",
        )  # fmt: skip
    else:
        x, y = archive.measures[:, :2].T
        order = np.argsort(archive.scores, kind="stable")
        axes.scatter(x[order], y[order], 6, archive.scores[order], cmap=SCORE_COLORMAP, norm=norm, lw=0)
    return True


def _shaded(archive: Archive) -> np.ndarray:
    """The best score in each cell of the first two measures, as rows of a picture `(cells of y, cells of x)`."""
    shares = (archive.measures - archive.ranges[:, 0]) / np.ptp(archive.ranges, axis=1)
    column, row = cell_indices(shares, archive.grid_shape)[:, :2].T
    picture = np.full(archive.grid_shape[1::-1], -np.inf)
    np.maximum.at(picture, (row, column), archive.scores)
    return np.ma.masked_invalid(picture)


_ACROSS = 4
_WIDTH, _HEIGHT = 2.9, 2.4  # inches, of a panel


def plot(results: Results, task: str, path: str | Path) -> Path | None:
    """Write the picture of a task's archives to `path` (PNG), if it has any.

    First how coverage, QD-score or hypervolume grew, then the archive of each method's run that is the median by test
    score (see `draw_archive`). Over maps of places goes the way of that run's answer, where the robot can be drawn.
    """
    drawn = figure(results, task)
    return canvas.save_figure(drawn, path) if drawn else None


def figure(results: Results, task: str) -> Figure | None:
    """The figure that `plot` writes; None where no run has an archive with measures (a hall of fame has none)."""
    kept = {method: run for method in results.methods if (run := _median(results.runs_of(task, method)))}
    loaded = {method: Archive.load(run.folder / "archive.npz") for method, run in kept.items()}
    archives = {method: archive for method, archive in loaded.items() if archive.measure_names}
    if not archives:
        return None
    cells = {method: cell for method in results.methods if (cell := runs.finished(results.runs_of(task, method)))}
    grown = [
        column
        for column in ARCHIVE_COLUMNS
        if any(logged_mask(run, column).any() for cell in cells.values() for run in cell)
    ]
    styles = assign_styles(cells)
    count = len(grown) + len(archives)
    columns = min(_ACROSS, count)
    rows = -(-count // columns)
    lowest, highest = np.quantile(np.concatenate([archive.scores for archive in archives.values()]), [0.05, 1.0])
    norm = Normalize(lowest, highest)
    with canvas.figure_style():
        drawn = Figure(figsize=(1, 1), layout="constrained")
        grid = list(drawn.subplots(rows, columns, squeeze=False).ravel())
        for spare in grid[count:]:
            spare.set_visible(False)
        legend: dict[str, Style] = {}
        for axes, column in zip(grid, grown, strict=False):
            legend |= _draw_growth(axes, cells, column, styles)
        shaded = False
        for axes, (method, archive) in zip(grid[len(grown) :], archives.items(), strict=False):
            axes.set_title(method, color=styles[method].color, fontsize=9)
            shaded |= draw_archive(axes, archive, norm, styles[method].color)
            if archive.measure_names[:2] == ("x", "y"):
                _draw_way(axes, results, task, kept[method])
        width = _WIDTH * columns + (0.7 if shaded else 0.0)
        frame = FigureLayout(width, f"{results.name}: {task}", _subtitle(archives), legend, [])
        drawn.set_size_inches(width, frame.top + frame.bottom + _HEIGHT * rows)
        if shaded:
            bar = drawn.colorbar(
                ScalarMappable(norm, SCORE_COLORMAP), ax=grid[:count], shrink=0.6, aspect=30, extend="min"
            )
            bar.set_label("training score")
        frame.draw(drawn)
    return drawn


def _median(cell: list[Run]) -> Run | None:
    """Of the runs with an archive the one in the middle by test score."""
    kept = [run for run in runs.finished(cell) if (run.folder / "archive.npz").exists()]
    return sorted(kept, key=lambda run: run.score)[len(kept) // 2] if kept else None


def _draw_growth(axes: Axes, cells: dict[str, list[Run]], column: str, styles: dict[str, Style]) -> dict[str, Style]:
    """A column over what was paid for it, episodes or else samples, one average for each method; who is shown."""
    shown = {method: [run for run in cell if logged_mask(run, column).any()] for method, cell in cells.items()}
    shown = {method: cell for method, cell in shown.items() if cell}
    cost_column = (
        "episodes"
        if any(runs.cumulative_cost(run, "episodes")[-1] for cell in shown.values() for run in cell)
        else "samples"
    )
    highest = 0.0
    for method, cell in shown.items():
        curves = [
            (
                runs.cumulative_cost(run, cost_column)[logged_mask(run, column)],
                run.curve[column][logged_mask(run, column)],
            )
            for run in cell
        ]
        draw_average(axes, average(curves), styles[method], method)
        highest = max(highest, *(float(x[-1]) for x, _ in curves))
    scale_cost(axes, 0.0, highest, log=False)
    axes.set_xlabel(wording.COST_LABELS[cost_column])
    axes.set_ylabel(ARCHIVE_COLUMNS[column])
    if column == "coverage":
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    axes.set_ylim(bottom=0.0)
    return {method: styles[method] for method in shown}


def _draw_way(axes: Axes, results: Results, name: str, run: Run) -> None:
    """The way of a run's answer through the map, and what stands in it, where the robot is at hand."""
    try:
        task = next(task for task in from_plain(results.settings).tasks if task.name == name)
    except EvoroboError:  # the script that defines it is not here, or not what it was
        return
    if isinstance(task, ControlTask) and task.robot is not None and defines(task.robot, "draw"):
        limits = axes.get_xlim(), axes.get_ylim()
        task.robot.draw(axes, trajectory(task, Genome.load(run.folder / "genome.npz")))
        axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")


def _subtitle(archives: dict[str, Archive]) -> str:
    text = "What was found: of each method the run in the middle by test score."
    if any(archive.grid_shape for archive in archives.values()):
        text += " Maps are shaded by the score of the best that was met in each cell; empty cells are white."
    if any(not archive.grid_shape and len(archive.measure_names) > 1 for archive in archives.values()):
        text += " Dots are the members of an archive, shaded by their scores."
    if any(_is_front(archive) for archive in archives.values()):
        text += " A front holds those whom nobody beats in both its axes."
    if any(archive.measure_names[:2] == ("x", "y") for archive in archives.values()):
        text += " The line is the way of the run's answer."
    return text


def _is_front(archive: Archive) -> bool:
    """Whether whoever is better by the one measure is worse by score."""
    slopes = np.diff(archive.scores[np.argsort(archive.measures[:, 0], kind="stable")])
    return len(archive.measure_names) == 1 and bool((slopes >= 0).all() or (slopes <= 0).all())
