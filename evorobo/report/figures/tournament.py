"""Tournaments of coevolved robots: all generations against each other, and all solutions against all rivals."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

from evorobo.arrays import Array
from evorobo.errors import ResultsError
from evorobo.files import as_path, write_atomically
from evorobo.printable import terminal_width
from evorobo.report.analysis.master_tournament import EPISODES_PER_MATCH, master_tournaments
from evorobo.report.analysis.runs import load_archive, load_genome
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.figures import output
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.tournament_figure import figure
from evorobo.report.statistics import bootstrap_interval, evenly_spaced_indices, iqm
from evorobo.study.results import Results, Run
from evorobo.tasks.control.task import ControlTask

MAX_RIVALS = 10
"""The number of rivals of each run that all solutions meet, evenly spaced over the generations."""

HEADER = ["solution", "of method", "against", "of method", "score", "95% interval", "n"]


def tournament(results: Results, out: str | Path | None = None, settings: FigureSettings | None = None) -> str:
    """Play the tournaments of a study with coevolution; draw a figure for each task and write `tournament.csv`.

    The figure shows the master tournaments: the champions of all generations against the rivals of all generations
    (Floreano & Nolfi 1997). On either side of the diagonal the matrix shows the current individuals of one robot
    against ancestral opponents (CIAO plot; Cliff & Miller 1995). In the table the solutions of every method meet the
    rivals of every method, so robots also meet rivals that they were not trained against.

    Parameters
    ----------
    results : Results
        The results of a study, as `Study.run` returns them.
    out : str or Path, optional
        The file of the figures: PNG, PDF, SVG or PGF, by the ending of its name, with the name of the task added. By
        default `tournament.png` in the folder of the study, so that the figures are `tournament-<task>.png`.
    settings : FigureSettings, optional
        What the figures and the table show, their names, and the title and width of the figures.

    Returns
    -------
    str
        The table for a terminal: for the solutions of each method against the rivals of each method, the IQM of the
        scores over seeds and its 95 % bootstrap interval.

    Raises
    ------
    ResultsError
        If no finished run has rivals.

    References
    ----------
    .. [1] D. Floreano and S. Nolfi, "God save the Red Queen! Competition in co-evolutionary robotics", Genetic
       Programming 1997.
    .. [2] D. Cliff and G. F. Miller, "Tracking the Red Queen: measurements of adaptive progress in co-evolutionary
       simulations", ECAL 1995.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Predator-v0", validation_episodes=1, test_episodes=1, max_steps=20)
    >>> method = er.Coevolution(er.Evolution(er.CMAES(population_size=4)), n_rivals=1)
    >>> budget = er.Budget(generations=2, n_evals=1)
    >>> study = er.Study.grid("chase", tasks=[task], methods=[method], seeds=1, budget=budget, hidden=())
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/1] ...
    >>> print(er.tournament(results))  # doctest: +ELLIPSIS
    solution    of method ...
    """
    settings, path = settings or FigureSettings(), as_path(out or results.folder / "tournament.png")
    output.file_format(path)
    table = StudyTable.from_results(results)
    tasks = {task.name: task for task in table.study.tasks if isinstance(task, ControlTask)}
    rivals = {name: task.matches().rival().name for name, task in tasks.items()}
    table = settings.select(table, rivals.values())
    rows: list[list[str]] = []
    for name in table.tasks:
        task = tasks.get(table.origins.get(name, name))
        cells = {method: runs for method, cell in table.cells_of(name).items() if (runs := _runs_with_rivals(cell))}
        if cells and task:
            rival = rivals[task.name]
            names = name, settings.rename.get(rival, rival)
            played = {method: master_tournaments(task, [run.folder for run in runs]) for method, runs in cells.items()}
            drawn = figure(played, *names, results.name, settings)
            output.save_with_caption(drawn, path.with_stem(f"{path.stem}-{name}"), settings)
            rows += _rows(task, names, table, cells)
    if not rows:
        raise ResultsError(f"no finished run in {results.folder} has rivals; use the method Coevolution.")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
    write_atomically(results.folder / "tournament.csv", text.getvalue())
    return terminal_table(rows, HEADER, ["left"] * len(HEADER), terminal_width())


def _runs_with_rivals(cell: Cell) -> list[Run]:
    return [run for run in cell.with_genome if (run.folder / "rivals.npz").exists()]


def _rows(task: ControlTask, names: tuple[str, str], table: StudyTable, cells: dict[str, list[Run]]) -> list[list[str]]:
    """A row for the solutions of each method against the rivals of each of `cells`; `names` are robot and rival."""
    matches, rows = replace(task, test_episodes=EPISODES_PER_MATCH).matches(), []
    robot, rival = names
    for method, cell in table.cells_of(robot, lambda cell: cell.with_genome).items():
        solutions = [load_genome(run) for run in cell.with_genome]
        for other, runs in cells.items():
            archives = [load_archive(run.folder, "rivals.npz") for run in runs]
            rivals = [archive[i] for archive in archives for i in evenly_spaced_indices(len(archive), MAX_RIVALS)]
            scores = matches.tournament(solutions, rivals).mean(1)
            rows.append([robot, method, rival, other, *_format_scores(scores), str(len(solutions))])
    return rows


def _format_scores(scores: Array) -> tuple[str, str]:
    """The IQM and its interval; a single run has no interval."""
    low, high = bootstrap_interval(scores)
    return f"{float(iqm(scores)):.1f}", f"{low:.1f} to {high:.1f}" if len(scores) > 1 else ""
