"""Transfer: the solutions of each task tested on every other task that they fit."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from evorobo.files import write_atomically
from evorobo.nets.genome import Genome
from evorobo.printable import terminal_width
from evorobo.report.analysis.runs import load_genome
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.statistics import bootstrap_interval, iqm
from evorobo.study.results import Results
from evorobo.tasks.base import Task
from evorobo.tasks.data.task import DatasetTask


def transfer(results: Results) -> str:
    """Test the solutions of each method and task on all tasks of the study, and write `transfer.csv`.

    A cell is empty where the network does not fit the inputs and outputs of the task. Solutions are not tested on
    another split of the data that they were trained on, because its test rows were training rows.

    Parameters
    ----------
    results : Results
        The results of a study, as `Study.run` returns them.

    Returns
    -------
    str
        The table for a terminal: a row for each method and training task, a column for each test task. Each cell is the
        IQM of the test scores over seeds with its 95 % bootstrap interval.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> print(er.transfer(results))  # doctest: +ELLIPSIS
    method    trained on    episode return on phototaxis
    ...
    """
    table = StudyTable.from_results(results)
    tasks: list[Task] = list(table.study.tasks)
    rows = []
    for task in (task for task in tasks if task.name in table.tasks):
        for method, cell in table.cells_of(task.name, lambda cell: cell.with_genome).items():
            genomes = [load_genome(run) for run in cell.with_genome]
            rows.append([method, task.name, *(_test_all(genomes, task, other) for other in tasks)])
    header = ["method", "trained on", *(f"{task.metric_info.name} on {task.name}" for task in tasks)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write_atomically(results.folder / "transfer.csv", text.getvalue())
    return terminal_table(rows, header, ["left"] * len(header), terminal_width())


def _test_all(genomes: Sequence[Genome], trained_on: Task, task: Task) -> str:
    """The text of a cell: the test scores of genomes that were trained on another task."""
    if isinstance(trained_on, DatasetTask) and isinstance(task, DatasetTask) and _shares_rows(trained_on, task):
        return "(trained on these rows)"
    spec = genomes[0].spec
    if (spec.n_inputs, spec.n_outputs) != (task.n_inputs, task.n_outputs):
        return ""
    scores = [task.test(genome) for genome in genomes]
    low, high = bootstrap_interval(scores)
    return f"{float(iqm(scores)):.3f} [{low:.3f}, {high:.3f}]"


def _shares_rows(one: DatasetTask, other: DatasetTask) -> bool:
    """Whether two tasks have the same data with different splits."""
    return one.fingerprint == other.fingerprint and one.split != other.split
