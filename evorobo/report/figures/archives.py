"""The figure of archives: the growth of variety, and the archives of the methods side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from evorobo.errors import EvoroboError
from evorobo.learners.archive import Archive, cell_indices
from evorobo.report.analysis.archive_table import ARCHIVE_COLUMNS, logged_mask
from evorobo.report.analysis.runs import cumulative_cost, load_archive, load_genome
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.figures import output
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.panel import draw_average
from evorobo.report.figures.scales import scale_cost
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import Style, table_styles
from evorobo.report.formatting import COST_LABELS
from evorobo.report.statistics import average_curve
from evorobo.study.results import Run
from evorobo.tasks.control.recording import draw_states, trajectory
from evorobo.tasks.control.robots.base import defines
from evorobo.tasks.control.task import ControlTask

SCORE_COLORMAP = "YlOrBr"
"""Light to dark for low to high scores; lines of other colors are visible on it."""


def draw_archive(axes: Axes, archive: Archive, norm: Normalize, color: str) -> bool:
    """Draw the cells of a map over its first two measures, shaded by the score of their elites; returns whether shaded.

    With more measures a cell has the best score. Other archives are drawn as dots over two measures, shaded likewise,
    or with a single measure as a line of scores in `color`.
    """
    axes.set_xlabel(archive.measure_names[0])
    if len(archive.measure_names) == 1:
        order = np.argsort(archive.measures[:, 0], kind="stable")
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
            _best_scores(archive), SCORE_COLORMAP, norm, origin="lower", extent=(left, right, bottom, top),
            aspect="auto", interpolation="nearest",
        )  # fmt: skip
    else:
        x, y = archive.measures[:, :2].T
        order = np.argsort(archive.scores, kind="stable")
        axes.scatter(x[order], y[order], 6, archive.scores[order], cmap=SCORE_COLORMAP, norm=norm, lw=0)
    return True


def _best_scores(archive: Archive) -> np.ndarray:
    """The best score in each cell of the first two measures, as an image `(n_cells_y, n_cells_x)`."""
    shares = (archive.measures - archive.ranges[:, 0]) / np.ptp(archive.ranges, axis=1)
    column, row = cell_indices(shares, archive.grid_shape)[:, :2].T
    image = np.full(archive.grid_shape[1::-1], -np.inf)
    np.maximum.at(image, (row, column), archive.scores)
    return np.ma.masked_invalid(image)


_COLUMNS = 4
_WIDTH, _HEIGHT, _MIN_WIDTH = 2.9, 2.4, 1.7  # inches, of a panel


def plot(table: StudyTable, task: str, path: str | Path, settings: FigureSettings | None = None) -> list[Path]:
    """Write the figure of a task's archives to `path`; returns the paths of the files, none without archives.

    The first panels show the growth of coverage, QD-score or hypervolume. The others show for each method the archive
    of the run that is the median by test score (see `draw_archive`). Maps of positions also show the path of its
    solution.
    """
    settings = settings or FigureSettings()
    drawn = figure(table, task, settings)
    return output.save_with_caption(drawn, path, settings) if drawn else []


def figure(table: StudyTable, task: str, settings: FigureSettings | None = None) -> Figure | None:
    """The figure that `plot` writes; None where no run has an archive with measures (a hall of fame has none)."""
    cells = table.cells_of(task, lambda cell: cell.finished)
    median_runs = {method: run for method, cell in cells.items() if (run := _median_run(cell))}
    loaded = {method: load_archive(run.folder, "archive.npz") for method, run in median_runs.items()}
    archives = {method: archive for method, archive in loaded.items() if archive.measure_names}
    if not archives:
        return None
    logged = [
        column
        for column in ARCHIVE_COLUMNS
        if any(logged_mask(run, column).any() for cell in cells.values() for run in cell.finished)
    ]
    settings, styles = settings or FigureSettings(), table_styles(table)
    count = len(logged) + len(archives)
    columns = min(_COLUMNS, count, max(int(settings.inches / _MIN_WIDTH), 1) if settings.inches else count)
    rows = -(-count // columns)
    lowest, highest = np.quantile(np.concatenate([archive.scores for archive in archives.values()]), [0.05, 1.0])
    norm = Normalize(lowest, highest)
    with output.figure_style():
        drawn = Figure(figsize=(1, 1), layout="constrained")
        grid = list(drawn.subplots(rows, columns, squeeze=False).ravel())
        for spare in grid[count:]:
            spare.set_visible(False)
        legend: dict[str, Style] = {}
        for axes, column in zip(grid, logged, strict=False):
            legend |= _draw_growth(axes, cells, column, styles)
        shaded = False
        for axes, (method, archive) in zip(grid[len(logged) :], archives.items(), strict=False):
            axes.set_title(method, color=styles[method].color, fontsize=9)
            shaded |= draw_archive(axes, archive, norm, styles[method].color)
            if archive.measure_names[:2] == ("x", "y"):
                _draw_path(axes, table, task, median_runs[method])
        width = settings.inches or _WIDTH * columns + (0.7 if shaded else 0.0)
        layout = FigureLayout(width, f"{table.results.name}: {task}", _subtitle(archives), legend, [], settings)
        height = min(_HEIGHT, _HEIGHT / _WIDTH * width / columns)
        drawn.set_size_inches(width, layout.top + layout.bottom + height * rows)
        if shaded:
            bar = drawn.colorbar(
                ScalarMappable(norm, SCORE_COLORMAP), ax=grid[:count], shrink=0.6, aspect=30, extend="min"
            )
            bar.set_label("training score")
        layout.draw(drawn)
    return drawn


def _median_run(cell: Cell) -> Run | None:
    """The run with an archive that is the median by test score."""
    runs = sorted((run for run in cell.finished if (run.folder / "archive.npz").exists()), key=lambda run: run.score)
    return runs[len(runs) // 2] if runs else None


def _draw_growth(axes: Axes, cells: dict[str, Cell], column: str, styles: dict[str, Style]) -> dict[str, Style]:
    """Draw the average of a column over episodes, or else samples; returns the styles of the methods that log it."""
    logged = {
        method: [run for run in cell.finished if logged_mask(run, column).any()] for method, cell in cells.items()
    }
    shown = {method: runs for method, runs in logged.items() if runs}
    has_episodes = any(cumulative_cost(run, "episodes")[-1] for runs in shown.values() for run in runs)
    cost_column = "episodes" if has_episodes else "samples"
    highest = 0.0
    for method, runs in shown.items():
        masks = {run: logged_mask(run, column) for run in runs}
        curves = [(cumulative_cost(run, cost_column)[mask], run.curve[column][mask]) for run, mask in masks.items()]
        draw_average(axes, average_curve(curves), styles[method], method)
        highest = max(highest, *(float(x[-1]) for x, _ in curves))
    scale_cost(axes, 0.0, highest, log=False)
    axes.set_xlabel(COST_LABELS[cost_column])
    axes.set_ylabel(ARCHIVE_COLUMNS[column])
    if column == "coverage":
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    axes.set_ylim(bottom=0.0)
    return {method: styles[method] for method in shown}


def _draw_path(axes: Axes, table: StudyTable, name: str, run: Run) -> None:
    """Draw the path of a run's solution through the map, if the robot can be drawn."""
    try:
        task = next(task for task in table.study.tasks if task.name == table.origins.get(name, name))
    except EvoroboError:  # the script that defines the task is missing, or has changed
        return
    if isinstance(task, ControlTask) and task.robot is not None and defines(task.robot, "draw"):
        limits = axes.get_xlim(), axes.get_ylim()
        draw_states(task.robot, axes, trajectory(task, load_genome(run)))
        axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")


def _subtitle(archives: dict[str, Archive]) -> str:
    text = "Each archive is from the median run of its method by test score."
    if any(archive.grid_shape for archive in archives.values()):
        text += " Maps are shaded by the best score in each cell; empty cells are white."
    if any(not archive.grid_shape and len(archive.measure_names) > 1 for archive in archives.values()):
        text += " Dots are the members of an archive, shaded by score."
    if any(_is_front(archive) for archive in archives.values()):
        text += " A front holds the members that no other member beats in both axes."
    if any(archive.measure_names[:2] == ("x", "y") for archive in archives.values()):
        text += " The line is the path of the solution."
    return text


def _is_front(archive: Archive) -> bool:
    """Whether members that are better by the measure are worse by score."""
    slopes = np.diff(archive.scores[np.argsort(archive.measures[:, 0], kind="stable")])
    return len(archive.measure_names) == 1 and bool((slopes >= 0).all() or (slopes <= 0).all())
