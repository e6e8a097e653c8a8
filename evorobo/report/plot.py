"""Draw a figure of a study, as a picture or as numbers: curves, paths, archives, importance or amounts of data."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from matplotlib.axes import Axes

from evorobo.errors import EvoroboError, ResultsError, TaskError, unknown
from evorobo.files import as_path, write_atomically
from evorobo.nets.genome import Genome
from evorobo.report.analysis.runs import load_genome
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import archives, curves, data_amounts, importance, output
from evorobo.report.figures.paths import plot_paths
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.formats.bands import bands_csv
from evorobo.study.results import Results
from evorobo.tasks.base import Task
from evorobo.tasks.control.recording import draw_states, trajectory
from evorobo.tasks.control.robots.base import defines
from evorobo.tasks.control.task import ControlTask

KINDS = ("curves", "paths", "archives", "importance", "rows")
"""The kinds of figures of a study."""

_TaskFigure: TypeAlias = Callable[[StudyTable, str, Path, FigureSettings], list[Path]]

_EPISODES = 6  # in a panel of paths


def plot(
    results: Results,
    out: str | Path | None = None,
    settings: FigureSettings | None = None,
    *,
    kind: str = "curves",
) -> list[Path]:
    """Draw a figure of a study as PNG, PDF, SVG or PGF, or write the numbers of its curves as CSV.

    Parameters
    ----------
    results : Results
        The results of a study, as `Study.run` returns them.
    out : str or Path, optional
        The file; the ending of its name decides on the format: .png, .pdf, .svg, .pgf (with LaTeX), or .csv for the
        average curves and their bands. By default it has the name of the kind, such as `curves.png`, in the folder of
        the study.
    settings : FigureSettings, optional
        What the figure shows, its names, width and scales.
    kind : {"curves", "paths", "archives", "importance", "rows"}, default "curves"
        Learning curves with final scores; paths of the robots of the median runs; archives of quality diversity; what
        is lost when a column of the data, or a sensor, is shuffled; final scores by the number of training rows, for
        tasks that differ only in `rows`.

    Returns
    -------
    list of Path
        The files that were written: one, or several with many tasks. A figure with a width also has a text file with
        what belongs in its caption.

    Raises
    ------
    SettingsError
        If the kind or the ending of the file's name is unknown.
    ResultsError
        If there is nothing to show yet.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> paper = er.FigureSettings(x=("flops",), width="1 column", rename={"cma-es": "CMA-ES"})
    >>> [file.name for file in er.plot(results, results.folder / "lamp.pdf", paper)]
    ['lamp.pdf', 'lamp.txt']
    """
    if kind not in KINDS:
        raise unknown("kind of figure", kind, KINDS)
    settings = settings or FigureSettings()
    path = as_path(out or results.folder / f"{kind}.png")
    ending = output.file_format(path, (*output.FORMATS, "csv") if kind == "curves" else output.FORMATS)
    table = StudyTable.from_results(results)
    table.import_own_files()
    table = settings.select(table)
    if ending == "csv":
        write_atomically(path, bands_csv(table, settings))
        return [path]
    files = plot_kind(table, kind, path, settings, name_task=len(table.tasks) > 1)
    if not files and kind == "rows":
        raise ResultsError(f"{results.folder} has no finished tasks that differ only in rows; give them several rows=.")
    if not files:
        raise ResultsError(f"{results.folder} has no {kind} to show.")
    return files


def plot_kind(table: StudyTable, kind: str, path: Path, settings: FigureSettings, *, name_task: bool) -> list[Path]:
    """Draw one kind of figure; returns the paths of its files, none where there is nothing to show.

    Kinds with a figure for each task have the name of the task at the end of the file's name if `name_task`.
    """
    if kind == "curves":
        return curves.plot(table, path, settings)
    if kind == "rows":
        return data_amounts.plot(table, path, settings)
    by_kind: dict[str, _TaskFigure] = {
        "paths": _draw_paths,
        "archives": archives.plot,
        "importance": importance.plot,
    }
    paths = {task: path.with_stem(f"{path.stem}-{task}") if name_task else path for task in table.tasks}
    return [file for task in table.tasks for file in by_kind[kind](table, task, paths[task], settings)]


def _draw_paths(table: StudyTable, name: str, path: Path, settings: FigureSettings) -> list[Path]:
    """Draw test episodes of the teacher and of the median run of each method; no file if the robot cannot be drawn.

    Where the robot fails, the reason is printed, because the other figures and the tables do not need it.
    """
    task = _task(table, name)
    if not isinstance(task, ControlTask) or task.robot is None or not defines(task.robot, "draw"):
        return []
    solutions: dict[str, Genome | None] = {"teacher": None} if defines(task.robot, "teacher") else {}
    for method, cell in table.cells_of(name).items():
        if run := cell.median_run:
            solutions[method] = load_genome(run)
    if not solutions:
        return []
    n_episodes = min(_EPISODES, task.test_episodes)
    panels = {method: partial(_draw, task, genome, n_episodes) for method, genome in solutions.items()}
    episodes = "1 test episode" if n_episodes == 1 else f"{n_episodes} test episodes"
    caption = f"{name}: {episodes}, the same for all. Each method is shown by its median run by test score."
    try:
        return plot_paths(table, panels, path, caption, task.robot.length_unit, settings)
    except TaskError as error:
        print(f"The paths of {name} are not drawn: {error}")
        return []


def _task(table: StudyTable, name: str) -> Task | None:
    """A task of the study, if it can be made again from its settings."""
    try:
        return next(task for task in table.study.tasks if task.name == table.origins.get(name, name))
    except EvoroboError:
        return None


def _draw(task: ControlTask, genome: Genome | None, n_episodes: int, axes: Axes) -> None:
    for episode in range(n_episodes):
        if task.robot is not None:
            draw_states(task.robot, axes, trajectory(task, genome, episode))
