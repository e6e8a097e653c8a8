"""The methods of a study over all its tasks on one scale: 0 is a random policy, 1 is solved or the teacher."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from evorobo.arrays import Array
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.analysis.verdicts import ALPHA, earlier_verdicts
from evorobo.report.statistics import (
    MIN_RUNS,
    iqm,
    mean_probability_of_improvement,
    normalize,
    optimality_gap,
    probability_of_improvement,
    stratified_bootstrap_interval,
    verdict_level,
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


def pair_sentences(table: StudyTable) -> list[str]:
    """A sentence for each pair of methods on the folds of each cross-validation, and on all tasks: the mean P.

    The interval is about other seeds on the same folds or tasks. It decides at the level of a verdict, corrected for
    all pairs (Bonferroni). Empty with fewer than two tasks, where runs failed, and with fewer than `MIN_RUNS` runs.
    """
    folds: dict[str, list[str]] = {}
    for task in table.tasks:
        folds.setdefault(re.sub(r"-fold-\d+$", "", task), []).append(task)
    groups = {f"{len(tasks)} folds of {name}": tasks for name, tasks in folds.items() if len(tasks) > 1}
    if len(folds) > 1:
        groups[f"{len(table.tasks)} tasks"] = table.tasks
    return [text for name, tasks in groups.items() for text in _pair_sentences(table, name, tasks)]


def _pair_sentences(table: StudyTable, name: str, tasks: Sequence[str]) -> list[str]:
    methods = [
        method
        for method in table.methods
        if all(len(cell.counted) >= MIN_RUNS and not cell.failed for cell in _cells(table, method, tasks))
    ]
    pairs = list(combinations(methods, 2))
    level = verdict_level(len(earlier_verdicts(table.results)), ALPHA) / max(len(pairs), 1)
    texts = []
    for one, other in pairs:
        first, second = (
            [table.sign(cell.task) * cell.outcomes for cell in _cells(table, method, tasks)] for method in (one, other)
        )
        if mean_probability_of_improvement(first, second).value < 0.5:
            one, other, first, second = other, one, second, first
        p = mean_probability_of_improvement(first, second)
        is_decided = mean_probability_of_improvement(first, second, 1 - level).low > 0.5
        by_task = (probability_of_improvement(x, y).value for x, y in zip(first, second, strict=True))
        n_better = sum(value > 0.5 for value in by_task)
        verdict = f"{one} beats {other}" if is_decided else f"{one} against {other} is undecided"
        texts.append(
            f"Over {name}, {verdict}: mean P = {p.value:.2f} (interval {p.low:.2f} to {p.high:.2f}), above 0.5 on "
            f"{n_better} of {len(tasks)}."
        )
    return texts


def _cells(table: StudyTable, method: str, tasks: Sequence[str]) -> list[Cell]:
    return [table.cells[task, method] for task in tasks]


def sentence(table: StudyTable) -> str:
    """Each method's IQM over all tasks, best first; empty with fewer than two tasks or two methods."""
    scores = normalized_scores(table)
    if len(scores) < 2 or len(next(iter(scores.values()))) < 2:
        return ""
    means = {method: float(iqm(np.concatenate(tasks))) for method, tasks in scores.items()}
    ranked = sorted(scores, key=lambda method: -means[method])
    n, ones = len(scores[ranked[0]]), sorted({_one_reference(table.references(task)) for task in table.tasks} - {""})
    texts = [f"Scores over {n} tasks are scaled from 0 (random) to 1 ({' or '.join(ones)})."]
    for method in ranked:
        low, high = stratified_bootstrap_interval(scores[method])
        gap = float(optimality_gap(np.concatenate(scores[method])))
        texts.append(
            f"{method} has IQM {means[method]:.2f} (interval {low:.2f} to {high:.2f}) and optimality gap {gap:.2f}."
        )
    return " ".join(texts)


def _one_reference(references: dict[str, float]) -> str:
    """The name of the reference that scores 1; empty where there is no scale."""
    one = next((name for name in ONE_REFERENCES if name in references), "")
    has_scale = one and ZERO_REFERENCE in references and references[one] != references[ZERO_REFERENCE]
    return one if has_scale else ""
