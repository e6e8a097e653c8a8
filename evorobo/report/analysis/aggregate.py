"""The methods of a study over all its tasks on one scale: 0 is a random policy, 1 is solved or the teacher."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from evorobo.arrays import Array
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.statistics import (
    iqm,
    mean_probability_of_improvement,
    normalize,
    optimality_gap,
    stratified_bootstrap_interval,
)

ZERO_REFERENCE, ONE_REFERENCES = "random", ("solved", "teacher")
"""The reference that scores 0, and those that may score 1: the first that a task has."""


def normalized_scores(table: StudyTable) -> dict[str, list[Array]]:
    """By method, the normalized scores of its finished runs `(n,)` on each task that has a scale; higher is better.

    Only methods with finished runs on all of these tasks are included.
    """
    scales = {task: one for task in table.tasks if (one := _one_reference(table.references(task)))}
    normalized = {}
    for method in table.methods:
        cells = {task: table.cells[task, method] for task in scales}
        if cells and all(cell.finished for cell in cells.values()):
            normalized[method] = [
                normalize(cell.outcomes, table.references(task), ZERO_REFERENCE, scales[task])
                for task, cell in cells.items()
            ]
    return normalized


def sentence(table: StudyTable) -> str:
    """Each method's IQM over all tasks, and the probability that it beats the next one.

    Empty with fewer than two tasks or two methods.
    """
    scores = normalized_scores(table)
    if len(scores) < 2 or len(next(iter(scores.values()))) < 2:
        return ""
    means = {method: float(iqm(np.concatenate(tasks))) for method, tasks in scores.items()}
    ranked = sorted(scores, key=lambda method: -means[method])
    iqms = []
    for method in ranked:
        low, high = stratified_bootstrap_interval(scores[method])
        gap = float(optimality_gap(np.concatenate(scores[method])))
        iqms.append(f"{method} {means[method]:.2f} (interval {low:.2f} to {high:.2f}, optimality gap {gap:.2f})")
    comparisons = []
    for one, other in pairwise(ranked):
        p = mean_probability_of_improvement(scores[one], scores[other])
        comparisons.append(f"{one} beats {other} with P = {p.value:.2f} (interval {p.low:.2f} to {p.high:.2f})")
    n, ones = len(scores[ranked[0]]), sorted({_one_reference(table.references(task)) for task in table.tasks} - {""})
    one = f"1 ({' or '.join(ones)})"
    return f"IQM over {n} tasks of scores from 0 (random) to {one}: {', '.join(iqms)}; {', '.join(comparisons)}."


def _one_reference(references: dict[str, float]) -> str:
    """The name of the reference that scores 1; empty where there is no scale."""
    one = next((name for name in ONE_REFERENCES if name in references), "")
    has_scale = one and ZERO_REFERENCE in references and references[one] != references[ZERO_REFERENCE]
    return one if has_scale else ""
