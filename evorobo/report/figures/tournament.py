"""Tournaments of coevolved robots: all generations against each other, and all solutions against all rivals."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from evorobo.arrays import Array
from evorobo.errors import ResultsError
from evorobo.files import write_atomically
from evorobo.printable import terminal_width
from evorobo.report.analysis.master_tournament import EPISODES_PER_MATCH, master_tournaments
from evorobo.report.analysis.runs import load_archive, load_genome
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.figures.tournament_figure import plot
from evorobo.report.statistics import bootstrap_interval, evenly_spaced_indices, iqm
from evorobo.study.results import Results, Run
from evorobo.tasks.control.task import ControlTask

MAX_RIVALS = 10
"""The number of rivals of each run that all solutions meet, evenly spaced over the generations."""

HEADER = ["solution", "of method", "against", "of method", "score", "95% interval", "n"]


def tournament(results: Results) -> str:
    """Play the tournaments of a study with coevolution; draw `tournament-<task>.png` and write `tournament.csv`.

    The figure shows the master tournaments: the champions of all generations against the rivals of all generations
    (Floreano & Nolfi 1997). On either side of the diagonal the matrix shows the current individuals of one robot
    against ancestral opponents (CIAO plot; Cliff & Miller 1995). In the table the solutions of every method meet the
    rivals of every method, so robots also meet rivals that they were not trained against.

    Parameters
    ----------
    results : Results
        The results of a study, as `Study.run` returns them.

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
    table = StudyTable.from_results(results)
    rows: list[list[str]] = []
    for task in table.study.tasks:
        cells = {
            method: runs for method, cell in table.cells_of(task.name).items() if (runs := _runs_with_rivals(cell))
        }
        if cells and isinstance(task, ControlTask):
            played = {method: master_tournaments(task, [run.folder for run in runs]) for method, runs in cells.items()}
            path = results.folder / f"tournament-{task.name}.png"
            plot(played, task.name, task.matches().rival().name, results.name, path)
            rows += _rows(task, table, cells)
    if not rows:
        raise ResultsError(f"no finished run in {results.folder} has rivals; use the method Coevolution.")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
    write_atomically(results.folder / "tournament.csv", text.getvalue())
    return terminal_table(rows, HEADER, ["left"] * len(HEADER), terminal_width())


def _runs_with_rivals(cell: Cell) -> list[Run]:
    return [run for run in cell.with_genome if (run.folder / "rivals.npz").exists()]


def _rows(task: ControlTask, table: StudyTable, cells: dict[str, list[Run]]) -> list[list[str]]:
    """A row for the solutions of each method against the rivals of each of `cells`."""
    matches, rows = replace(task, test_episodes=EPISODES_PER_MATCH).matches(), []
    for method, cell in table.cells_of(task.name, lambda cell: cell.with_genome).items():
        solutions = [load_genome(run) for run in cell.with_genome]
        for other, runs in cells.items():
            archives = [load_archive(run.folder, "rivals.npz") for run in runs]
            rivals = [archive[i] for archive in archives for i in evenly_spaced_indices(len(archive), MAX_RIVALS)]
            scores = matches.tournament(solutions, rivals).mean(1)
            names = [task.name, method, matches.rival().name, other]
            rows.append([*names, *_format_scores(scores), str(len(solutions))])
    return rows


def _format_scores(scores: Array) -> tuple[str, str]:
    """The IQM and its interval; a single run has no interval."""
    low, high = bootstrap_interval(scores)
    return f"{float(iqm(scores)):.1f}", f"{low:.1f} to {high:.1f}" if len(scores) > 1 else ""
