"""Verdicts: which of two methods has the higher score on a task, by how much, and with which confidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.formatting import decimals, format_p_value
from evorobo.report.statistics import effect_size, holm_correction, probability_of_improvement, runs_needed, welch_test
from evorobo.tasks.base import MetricInfo

ALPHA = 0.05
"""The probability of any false positive among all verdicts on a task."""


@dataclass(frozen=True)
class Verdict:
    """Two methods compared on a task; `first` is the one with the better mean.

    `probability` is the probability that a run of `first` beats a run of `second`, with the interval `low` to `high`.
    `p_value` is that of Welch's test, `corrected_p` is Holm's correction over all pairs of the task. `effect_size` is
    Cohen's d and positive. `additional_runs` is the number of further seeds that each method needs for a power of 0.8
    at this effect; None where it is too large. With fewer than two runs the numbers are NaN.
    """

    task: str
    first: str
    second: str
    n_first: int
    n_second: int
    mean_first: float
    mean_second: float
    higher_is_better: bool
    probability: float
    low: float
    high: float
    p_value: float
    corrected_p: float
    effect_size: float
    additional_runs: int | None

    @property
    def significant(self) -> bool:
        """Whether `first` is significantly better by Welch's test, and wins more than half of the pairs."""
        return self.corrected_p < ALPHA and self.probability > 0.5

    def to_sentence(self, when: str = "") -> str:
        """The verdict in a sentence; `when` says at which cost the methods are compared, by default at the end."""
        n_decimals = decimals([self.mean_first, self.mean_second])
        means = f"mean {self.mean_first:z.{n_decimals}f} against {self.mean_second:z.{n_decimals}f}"
        counts = f"n = {self.n_first} v {self.n_second}"
        verb, when = ("is", f" {when}") if when else ("ends", "")
        if min(self.n_first, self.n_second) < 2:
            advice = "run 10 seeds or more of each to decide"
            return f"{self.first} against {self.second}{when} cannot be decided: {means} ({counts}); {advice}."
        if self.mean_first == self.mean_second and np.isnan(self.effect_size) | (self.effect_size == 0):
            return f"{self.first} and {self.second} do not differ{when}: {means} ({counts})."
        numbers = (
            f"{means} (P = {self.probability:.2f}, interval {self.low:.2f} to {self.high:.2f}, {counts}, "
            f"Holm-corrected p {format_p_value(self.corrected_p)})"
        )
        if self.significant:
            better = "above" if self.higher_is_better else "below (lower is better)"
            return f"{self.first} {verb} {better} {self.second}{when}: {numbers}."
        return f"{self.first} against {self.second}{when} is undecided: {numbers}; {self._advice()}."

    def _advice(self) -> str:
        if self.corrected_p < ALPHA:
            return (
                "the better mean comes from a few runs, but the other method wins more often; inspect the single runs"
            )
        if self.additional_runs is None:
            return "the effect is too small for any reasonable number of seeds"
        seeds = "1 more seed" if self.additional_runs == 1 else f"{self.additional_runs} more seeds"
        return f"about {seeds} of each would be needed for power 0.8 at this effect"


def verdicts(table: StudyTable, pairs: Iterable[tuple[str, str]] | None = None) -> list[Verdict]:
    """The verdicts on the final test scores, task by task, on all pairs of methods or on the given `pairs`."""
    all_verdicts = []
    for task in table.tasks:
        scores = {method: cell.scores for method, cell in table.cells_of(task).items()}
        all_verdicts += compare_scores(scores, table.results.metrics[task], task, pairs)
    return all_verdicts


def compare_scores(
    scores: Mapping[str, ArrayLike], metric: MetricInfo, task: str = "", pairs: Iterable[tuple[str, str]] | None = None
) -> list[Verdict]:
    """A verdict for each pair of methods, or for the given `pairs`; `scores` holds the runs `(n,)` of each method.

    Methods without runs are left out. The best methods come first.
    """
    sign = 1 if metric.higher_is_better else -1
    values = {name: np.asarray(runs, float) for name, runs in scores.items() if np.size(runs)}
    ranked = sorted(values, key=lambda name: -sign * values[name].mean())
    wanted = None if pairs is None else {frozenset(pair) for pair in pairs}
    pairs = [pair for pair in combinations(ranked, 2) if wanted is None or frozenset(pair) in wanted]
    all_verdicts = []
    for one, other in pairs:
        x, y = values[one], values[other]
        probability = probability_of_improvement(sign * x, sign * y)
        p = welch_test(x, y)
        all_verdicts.append(
            Verdict(
                task=task, first=one, second=other, n_first=len(x), n_second=len(y),
                mean_first=float(x.mean()), mean_second=float(y.mean()), higher_is_better=metric.higher_is_better,
                probability=probability.value, low=probability.low, high=probability.high,
                p_value=p, corrected_p=p, effect_size=effect_size(sign * x, sign * y), additional_runs=None,
            )
        )  # fmt: skip
    return apply_holm_correction(all_verdicts)


def apply_holm_correction(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts with Holm's correction for all of them, and the numbers of seeds needed under this correction."""
    corrected_p = holm_correction([verdict.p_value for verdict in verdicts])
    corrected = []
    for verdict, p in zip(verdicts, corrected_p, strict=True):
        needed = runs_needed(verdict.effect_size, ALPHA / len(verdicts))
        additional = None if needed is None else max(needed - min(verdict.n_first, verdict.n_second), 0)
        corrected.append(replace(verdict, corrected_p=float(p), additional_runs=additional))
    return corrected


def to_csv(verdicts: Sequence[Verdict]) -> str:
    """A line for each verdict with all numbers and its sentence; empty cells where there is no number."""
    text = io.StringIO()
    rows = [
        {**asdict(verdict), "significant": verdict.significant, "sentence": verdict.to_sentence()}
        for verdict in verdicts
    ]
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: "" if cell is None or cell != cell else cell for key, cell in row.items()})
    return text.getvalue()
