"""Verdicts on the cost of reaching a score, for methods that all reach it and so do not differ at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.report.analysis.runs import cumulative_cost
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.analysis.verdicts import ALPHA, Verdict, earlier_verdicts
from evorobo.report.formatting import cost_unit, format_number, format_p_value
from evorobo.report.statistics import (
    MIN_RUNS,
    HittingTimes,
    Probability,
    holm_correction,
    probability_of_improvement,
    probability_test,
    time_to_threshold,
    verdict_level,
)


@dataclass(frozen=True)
class SolveTimeVerdict:
    """Two methods whose runs all reach `threshold` on a task; `first` is the one that is usually there at a lower cost.

    `medians` are the median costs; `probability` is the probability that a run of `first` needs less than one of
    `second`. `corrected_p` is that of `probability_test`, corrected as in `Verdict`.
    """

    task: str
    first: str
    second: str
    threshold: float
    cost_column: str
    medians: tuple[float, float]
    counts: tuple[int, int]
    probability: Probability
    corrected_p: float

    @property
    def significant(self) -> bool:
        """Whether `first` needs significantly less."""
        return self.corrected_p < ALPHA and min(self.counts) >= MIN_RUNS

    def to_sentence(self) -> str:
        """The verdict in a sentence."""
        p, unit = self.probability, cost_unit(self.cost_column)
        costs = " against ".join(map(format_number, self.medians))
        numbers = (
            f"median {costs} {unit} (P = {p.value:.2f}, null 1/2, interval {p.low:.2f} to {p.high:.2f}, corrected p "
            f"{format_p_value(self.corrected_p)})"
        )
        if self.significant:
            return f"All runs reach {self.threshold:g}, and {self.first} sooner than {self.second}: {numbers}."
        return f"All runs reach {self.threshold:g}; {self.first} sooner than {self.second} is undecided: {numbers}."


def solve_time_verdicts(
    table: StudyTable, verdicts: Sequence[Verdict], cost_column: str, threshold: float | None = None
) -> list[SolveTimeVerdict]:
    """The verdicts on solve times for those of `verdicts` that are undecided although all runs reach the threshold.

    It is `threshold`, by default the task's "solved" or else "teacher" score, or the score that all runs end with.
    """
    all_verdicts = []
    for task in table.tasks:
        of_task = [verdict for verdict in verdicts if verdict.task == task and _is_undecided(verdict)]
        pairs = [pair for verdict in of_task if (pair := _compare(table, verdict, cost_column, threshold)) is not None]
        factor = ALPHA / verdict_level(len(earlier_verdicts(table.results)), ALPHA)
        corrected = np.minimum(factor * holm_correction([p for _, p in pairs]), 1.0)
        for (one, _), p in zip(pairs, corrected, strict=True):
            all_verdicts.append(SolveTimeVerdict(*one, corrected_p=float(p)))
    return all_verdicts


def task_threshold(table: StudyTable, task: str, threshold: float | None = None) -> float | None:
    """The score whose cost is reported: `threshold`, or the task's "solved" or else "teacher" score; None without."""
    references = table.results.references[task]
    return threshold if threshold is not None else references.get("solved", references.get("teacher"))


def solve_times(cell: Cell, cost_column: str, threshold: float, sign: int) -> HittingTimes:
    """The cost of each run when it first reached the threshold; a run that diverged never solves its task."""
    times = time_to_threshold(cell.curves(cost_column), threshold, sign > 0)
    diverged = [float(cumulative_cost(run, cost_column)[-1]) for run in cell.diverged if len(run.curve.get("test", ()))]
    return HittingTimes(
        np.concatenate([times.costs, diverged]), np.concatenate([times.reached, np.zeros(len(diverged), bool)])
    )


def _is_undecided(verdict: Verdict) -> bool:
    return not verdict.significant and not verdict.withheld and min(verdict.n_first, verdict.n_second) >= 2


def _compare(
    table: StudyTable, verdict: Verdict, cost_column: str, threshold: float | None
) -> tuple[tuple[str, str, str, float, str, tuple[float, float], tuple[int, int], Probability], float] | None:
    """The fields of a verdict but for the corrected p, and its p; None where some run does not reach the threshold."""
    sign = table.sign(verdict.task)
    cells = [table.cells[verdict.task, name] for name in (verdict.first, verdict.second)]
    finals = sign * np.concatenate([cell.outcomes for cell in cells])
    score = task_threshold(table, verdict.task, threshold)
    if score is None and np.ptp(finals) == 0:
        score = float(sign * finals[0])
    if score is None or not (finals >= sign * score).all():
        return None
    times: dict[str, Array] = {
        cell.method: solve_times(cell, cost_column, score, sign).costs
        for cell in cells
        if len(cell.curves(cost_column)) == len(cell.counted)
    }
    if len(times) < 2:
        return None
    first, second = times
    if probability_of_improvement(-times[first], -times[second]).value < 0.5:
        first, second = second, first
    x, y = times[first], times[second]
    medians, counts = (float(np.median(x)), float(np.median(y))), (len(x), len(y))
    probability = probability_of_improvement(-x, -y)
    fields = (verdict.task, first, second, score, cost_column, medians, counts, probability)
    return fields, float(probability_test(x, y))
