"""A study with many methods in a few sentences: the best method of each task, and the mean ranks over the tasks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evorobo.arrays import Array
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.analysis.verdicts import Verdict
from evorobo.report.formatting import decimals

MAX_OVERLAID_METHODS = 8
"""With more methods, curves in one panel and sentences on each pair are no longer readable."""


def rank_methods(table: StudyTable, tasks: Sequence[str]) -> list[str]:
    """The methods that have visible runs, sorted by `mean_ranks` over `tasks`."""
    ranks = mean_ranks(table, tasks)
    return sorted(ranks, key=lambda method: ranks[method])


def mean_ranks(table: StudyTable, tasks: Sequence[str]) -> dict[str, float]:
    """By method, the mean over `tasks` of its rank by IQM; 1 is the best.

    Equal methods share the mean of their ranks. A method without a score on a task has the last rank there.
    """
    methods = [method for method in table.methods if any(table.cells[task, method].visible for task in tasks)]
    ranks = [_ranks([table.cells[task, method] for method in methods], table.sign(task)) for task in tasks]
    return dict(zip(methods, np.mean(ranks, axis=0).tolist(), strict=True))


def _ranks(cells: Sequence[Cell], sign: int) -> Array:
    """The rank of each cell `(n_cells,)`."""
    scores = np.array([sign * cell.iqm if cell.finished else -np.inf for cell in cells])
    better, equal = (scores[:, None] < scores).sum(1), (scores[:, None] == scores).sum(1)
    ranks: Array = better + (equal + 1) / 2
    return ranks


def sentences(table: StudyTable, verdicts: Sequence[Verdict]) -> list[str]:
    """A sentence on the method with the best mean for each task, and one on the mean ranks over several tasks."""
    by_task: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_task.setdefault(verdict.task, []).append(verdict)
    texts = [f"{task}: {_sentence_on_best(of_task)}" for task, of_task in by_task.items()]
    if len(table.tasks) > 1:
        ranks = mean_ranks(table, table.tasks)
        ranked = (f"{method} {ranks[method]:.1f}" for method in sorted(ranks, key=lambda name: ranks[name]))
        texts.append(f"Mean ranks over {len(table.tasks)} tasks (1 is the best): {', '.join(ranked)}.")
    return texts


def _sentence_on_best(verdicts: Sequence[Verdict]) -> str:
    best = verdicts[0].first
    of_best = [verdict for verdict in verdicts if verdict.first == best]
    above, rest = (
        ", ".join(verdict.second for verdict in of_best if verdict.significant is significant) or "none"
        for significant in (True, False)
    )
    mean = f"{verdicts[0].mean_first:.{decimals([verdicts[0].mean_first])}f}"
    better = "higher" if verdicts[0].higher_is_better else "lower"
    return (
        f"of {len(of_best) + 1} methods {best} has the best mean, {mean} ({better} is better). Significantly worse: "
        f"{above}; undecided: {rest} (Holm-corrected for all {len(verdicts)} pairs; see verdicts.csv)."
    )
