"""The methods of a study over all its tasks on one scale: 0 plays at random, 1 has solved it or equals its teacher."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from evorobo.arrays import Array
from evorobo.report.analysis import runs
from evorobo.report.statistics import (
    iqm,
    mean_probability_of_improvement,
    normalize,
    optimality_gap,
    stratified_bootstrap_interval,
)
from evorobo.study.results import Results

ZERO_REFERENCE, ONE_REFERENCES = "random", ("solved", "teacher")
"""The reference that scores 0, and those that may score 1: the first that a task has."""


def normalized_scores(results: Results) -> dict[str, list[Array]]:
    """By method, its counted runs `(n,)` on each task that has the references of the scale, higher being better;
    only methods with runs on all of these tasks."""
    scales = {task: one for task in results.tasks if (one := _one(results.references[task]))}
    found = {}
    for method in results.methods:
        cells = {task: runs.finished(results.runs_of(task, method)) for task in scales}
        if cells and all(cells.values()):
            found[method] = [
                normalize([run.score for run in cell], results.references[task], ZERO_REFERENCE, scales[task])
                for task, cell in cells.items()
            ]
    return found


def sentence(results: Results) -> str:
    """Each method's IQM over all tasks and how often each is better than the next; empty below two tasks or methods."""
    scores = normalized_scores(results)
    if len(scores) < 2 or len(next(iter(scores.values()))) < 2:
        return ""
    middle = {method: float(iqm(np.concatenate(tasks))) for method, tasks in scores.items()}
    ranked = sorted(scores, key=lambda method: -middle[method])
    told = []
    for method in ranked:
        low, high = stratified_bootstrap_interval(scores[method])
        gap = float(optimality_gap(np.concatenate(scores[method])))
        told.append(f"{method} {middle[method]:.2f} (interval {low:.2f} to {high:.2f}, optimality gap {gap:.2f})")
    better = []
    for one, other in pairwise(ranked):
        p = mean_probability_of_improvement(scores[one], scores[other])
        better.append(f"{one} beats {other} with P = {p.value:.2f} (interval {p.low:.2f} to {p.high:.2f})")
    n, ones = len(scores[ranked[0]]), sorted({_one(each) for each in results.references.values()} - {""})
    top = f"1 ({' or '.join(ones)})"
    return f"Over {n} tasks, IQM of scores from 0 (random) to {top}: {', '.join(told)}; {', '.join(better)}."


def _one(references: dict[str, float]) -> str:
    """The name of the reference that scores 1; empty where there is no scale."""
    usable = [name for name in ONE_REFERENCES if name in references and np.isfinite(references[name])]
    if (
        not usable
        or not np.isfinite(references.get(ZERO_REFERENCE, np.nan))
        or references[usable[0]] == references[ZERO_REFERENCE]
    ):
        return ""
    return usable[0]
