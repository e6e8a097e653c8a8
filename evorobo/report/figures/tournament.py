"""Who coevolved meets everybody: master tournaments of all runs, and every answer against the rivals of all methods."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

from tabulate import tabulate

from evorobo.arrays import Array
from evorobo.errors import ResultsError
from evorobo.files import write_atomically
from evorobo.learners.archive import Archive
from evorobo.nets.genome import Genome
from evorobo.report.analysis.master_tournament import EPISODES_PER_MATCH, evenly_spaced_indices, master_tournaments
from evorobo.report.analysis.runs import with_genome
from evorobo.report.figures.tournament_figure import plot
from evorobo.report.statistics import bootstrap_interval, iqm
from evorobo.settings import from_plain
from evorobo.study.results import Results, Run
from evorobo.tasks.control.task import ControlTask

MAX_RIVALS = 10
"""Of each run, evenly spaced over its generations, for all answers to meet."""


def tournament(results: Results) -> str:
    """Draw `tournament-<task>.png`, and give the table of answers against rivals, for a terminal.

    The figure is of master tournaments (see `Master`; Floreano & Nolfi 1997). In their matrices lies, on either side of
    the diagonal, the plot of current individuals against ancestral opponents (CIAO; Cliff & Miller 1995) of one robot.

    In the table, also `tournament.csv`, the answers of every method meet the rivals of each method that has any: what
    they earn, as IQM over seeds with its 95 % bootstrap interval. So a robot is tried against rivals it never met.
    Raises `ResultsError` where nobody has coevolved.
    """
    table: list[list[str]] = []
    for task in from_plain(results.settings).tasks:
        cells = {method: _with_rivals(results.runs_of(task.name, method)) for method in results.methods}
        cells = {method: runs for method, runs in cells.items() if runs}
        if cells and isinstance(task, ControlTask):
            played = {method: master_tournaments(task, [run.folder for run in runs]) for method, runs in cells.items()}
            path = results.folder / f"tournament-{task.name}.png"
            plot(played, task.name, task.matches().rival().name, results.name, path)
            table += _crossed(task, results, cells)
    if not table:
        raise ResultsError(f"no finished run in {results.folder} has rivals; Coevolution leaves some.")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *table])
    write_atomically(results.folder / "tournament.csv", text.getvalue())
    return tabulate(table, HEADER, "simple", disable_numparse=True)


HEADER = ["answer", "of method", "against", "of method", "score", "95% interval", "n"]


def _with_rivals(runs: Sequence[Run]) -> list[Run]:
    return [run for run in with_genome(runs) if (run.folder / "rivals.npz").exists()]


def _crossed(task: ControlTask, results: Results, cells: dict[str, list[Run]]) -> list[list[str]]:
    """A row for each method's answers against the rivals of each of `cells`."""
    duel, rows = replace(task, test_episodes=EPISODES_PER_MATCH).matches(), []
    for method in results.methods:
        own = [Genome.load(run.folder / "genome.npz") for run in with_genome(results.runs_of(task.name, method))]
        for other, runs in cells.items() if own else ():
            archives = [Archive.load(run.folder / "rivals.npz") for run in runs]
            met = [
                archive[number] for archive in archives for number in evenly_spaced_indices(len(archive), MAX_RIVALS)
            ]
            scores = duel.tournament(own, met).mean(1)
            rows.append([task.name, method, duel.rival().name, other, *_in_words(scores), str(len(own))])
    return rows


def _in_words(scores: Array) -> tuple[str, str]:
    """IQM and interval; of one run there is none."""
    low, high = bootstrap_interval(scores)
    return f"{float(iqm(scores)):.1f}", f"{low:.1f} to {high:.1f}" if len(scores) > 1 else ""
