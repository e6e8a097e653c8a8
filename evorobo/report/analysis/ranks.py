"""A study of many methods in few words: who is on top of each task, and above whom beyond chance."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.analysis.verdicts import Verdict, verdicts
from evorobo.report.statistics import iqm
from evorobo.study.results import Results

MAX_OVERLAID_METHODS = 8
"""From more methods than these on, curves in one panel and sentences on each two can no longer be told apart."""


def rank_methods(results: Results, tasks: list[str]) -> list[str]:
    """The methods with something to show, by `mean_ranks` over `tasks`."""
    ranks = mean_ranks(results, tasks)
    return sorted(ranks, key=lambda method: ranks[method])


def mean_ranks(results: Results, tasks: list[str]) -> dict[str, float]:
    """By method, its rank by IQM on a task, 1 for the best, in the mean of `tasks`; equals share theirs in the mean,
    and who has no score on a task is the last there."""
    methods = [method for method in results.methods if any(method in runs.drawable(results, task) for task in tasks)]
    ranks = np.mean([_ranks(results, task, methods) for task in tasks], axis=0)
    return dict(zip(methods, ranks.tolist(), strict=True))


def _ranks(results: Results, task: str, methods: list[str]) -> Array:
    sign = 1 if results.metrics[task].higher_is_better else -1
    cells = [[run.score for run in runs.finished(results.runs_of(task, method))] for method in methods]
    scores = np.array([sign * float(iqm(cell)) if cell else -np.inf for cell in cells])
    better, equal = (scores[:, None] < scores).sum(1), (scores[:, None] == scores).sum(1)
    ranks: Array = better + (equal + 1) / 2
    return ranks


def sentences(results: Results) -> list[str]:
    """One for each task, on the method with the best mean, and one on the mean ranks over several."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts(results):
        found.setdefault(verdict.task, []).append(verdict)
    told = [f"{task}: {_top(each)}" for task, each in found.items()]
    if len(results.tasks) > 1:
        ranks = mean_ranks(results, results.tasks)
        named = (f"{method} {ranks[method]:.1f}" for method in sorted(ranks, key=lambda name: ranks[name]))
        told.append(f"Mean ranks over {len(results.tasks)} tasks, 1 being the best: {', '.join(named)}.")
    return told


def _top(found: list[Verdict]) -> str:
    top = found[0].first
    mine = [verdict for verdict in found if verdict.first == top]
    above, rest = (
        ", ".join(verdict.second for verdict in mine if verdict.significant is significant) or "nobody"
        for significant in (True, False)
    )
    mean = f"{found[0].mean_first:.{wording.decimals([found[0].mean_first])}f}"
    better = "higher" if found[0].higher_is_better else "lower"
    return (
        f"of {len(mine) + 1} methods {top} has the best mean, {mean} ({better} is better). Beyond chance it is above "
        f"{above}; undecided it stands against {rest} (Holm-corrected for all {len(found)} pairs; see verdicts.csv)."
    )
