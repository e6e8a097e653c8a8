"""Show a study: write its figures and tables beside its results, and print them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from matplotlib.axes import Axes

from evorobo.errors import EvoroboError, TaskError
from evorobo.files import write_atomically
from evorobo.nets.genome import Genome
from evorobo.report.analysis import archive_table
from evorobo.report.analysis.runs import load_genome
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.summary import summarize
from evorobo.report.figures import archives, curves
from evorobo.report.figures.paths import plot_paths
from evorobo.study.results import Results
from evorobo.tasks.base import Task
from evorobo.tasks.control.recording import draw_states, trajectory
from evorobo.tasks.control.robots.base import defines
from evorobo.tasks.control.task import ControlTask

_EPISODES = 6  # in a panel of paths


def show(results: Results) -> list[Path]:
    """Write the figures and tables of a study into its folder, and print tables, verdicts, cautions and file names.

    The files are `curves.png`, `table.csv`, `table.md` and `verdicts.csv`. There is a `paths-<task>.png` for each robot
    that can be drawn, and `archives-<task>.png` with `archives.md` where methods keep archives. With more than 16 tasks
    the curves have parts, `curves-2.png` and so on.

    Parameters
    ----------
    results : Results
        The results of a study, as `Study.run` returns them.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    ResultsError
        If no run has a score yet.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> files = er.show(results)  # doctest: +ELLIPSIS
    <BLANKLINE>
    task ...
    >>> [file.name for file in files]
    ['curves.png', 'paths-phototaxis.png', 'table.csv', 'table.md', 'verdicts.csv']
    """
    table, folder = StudyTable.from_results(results), results.folder
    files = curves.plot(table, folder / "curves.png")
    files += [path for task in _tasks(table) if (path := draw_paths(table, task)) is not None]
    figures = {task: folder / f"archives-{task}.png" for task in table.tasks}
    files += [path for task, file in figures.items() if (path := archives.plot(table, task, file)) is not None]
    summary = summarize(table)
    files += summary.write(folder)
    rows = archive_table.archive_rows(table)
    if rows:
        files.append(folder / "archives.md")
        write_atomically(files[-1], archive_table.to_markdown(rows) + "\n")
    print("", summary.to_terminal(), *(["", archive_table.to_terminal(rows)] if rows else []), sep="\n")
    print("", *files, sep="\n")
    return files


def _tasks(table: StudyTable) -> list[Task]:
    """The tasks of the study, if they can be made again from its settings."""
    try:
        return [task for task in table.study.tasks if task.name in table.tasks]
    except EvoroboError:
        return []


def draw_paths(table: StudyTable, task: Task) -> Path | None:
    """Draw test episodes of the teacher and of the median run of each method; None if the robot cannot be drawn.

    Where the robot fails, the reason is printed, because the other figures and the tables do not need it.
    """
    if not isinstance(task, ControlTask) or task.robot is None or not defines(task.robot, "draw"):
        return None
    solutions: dict[str, Genome | None] = {"teacher": None} if defines(task.robot, "teacher") else {}
    for method, cell in table.cells_of(task.name).items():
        if run := cell.median_run:
            solutions[method] = load_genome(run)
    if not solutions:
        return None
    n_episodes = min(_EPISODES, task.test_episodes)
    panels = [(name, name, partial(_draw, task, genome, n_episodes)) for name, genome in solutions.items()]
    try:
        return plot_paths(panels, table.results.folder / f"paths-{task.name}.png")
    except TaskError as error:
        print(f"The paths of {task.name} are not drawn: {error}")
        return None


def _draw(task: ControlTask, genome: Genome | None, n_episodes: int, axes: Axes) -> None:
    for episode in range(n_episodes):
        assert task.robot is not None
        draw_states(task.robot, axes, trajectory(task, genome, episode))
