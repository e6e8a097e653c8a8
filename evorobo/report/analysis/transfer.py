"""Every answer judged on every task that it fits: what a network learned in one place, tried in another."""

from __future__ import annotations

import csv
import io

from tabulate import tabulate

from evorobo.files import write_atomically
from evorobo.nets.genome import Genome
from evorobo.report.analysis.runs import with_genome
from evorobo.report.statistics import bootstrap_interval, iqm
from evorobo.settings import from_plain
from evorobo.study.results import Results
from evorobo.tasks.base import Task
from evorobo.tasks.data.task import DatasetTask


def transfer(results: Results) -> str:
    """The table `method, trained on, score on each task` (IQM and its 95 % bootstrap interval over seeds), for a
    terminal; written to `transfer.csv` too. Tasks whose networks have other inputs or outputs stay empty, and so does
    a test on other splits of the data trained on: its rows were among the teachers."""
    tasks: list[Task] = list(from_plain(results.settings).tasks)
    rows = []
    for trained_on, method, runs in results.cells():
        genomes = [Genome.load(run.folder / "genome.npz") for run in with_genome(runs)]
        if genomes:
            home = next(task for task in tasks if task.name == trained_on)
            rows.append([method, trained_on, *(_judge(genomes, home, task) for task in tasks)])
    header = ["method", "trained on", *(f"{task.metric_info.name} on {task.name}" for task in tasks)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write_atomically(results.folder / "transfer.csv", text.getvalue())
    return tabulate(rows, header, "simple", disable_numparse=True)


def _judge(genomes: list[Genome], home: Task, task: Task) -> str:
    if isinstance(home, DatasetTask) and isinstance(task, DatasetTask) and _same_rows_other_split(home, task):
        return "(trained on these rows)"
    spec = genomes[0].spec
    if (spec.n_inputs, spec.n_outputs) != (task.n_inputs, task.n_outputs):
        return ""
    scores = [task.test(genome) for genome in genomes]
    low, high = bootstrap_interval(scores)
    return f"{float(iqm(scores)):.3f} [{low:.3f}, {high:.3f}]"


def _same_rows_other_split(home: DatasetTask, task: DatasetTask) -> bool:
    return home.fingerprint == task.fingerprint and home.split != task.split
