"""Who won, by how much and how sure that is, for each two methods of a task, in numbers and in a sentence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.statistics import effect_size, holm_correction, probability_of_improvement, runs_needed, welch_test
from evorobo.study.results import Results
from evorobo.tasks.base import MetricInfo

ALPHA = 0.05
"""Of all verdicts on a task together, so many may be wrong where nothing is to be found."""


@dataclass(frozen=True)
class Verdict:
    """What the runs say about two methods on a task; `first` is the one with the better mean.

    `probability` is how often a run of `first` beats one of `second`, between `low` and `high`; `p` is Welch's,
    `corrected` Holm's over all pairs of the task; `effect` is Cohen's d, above 0; `more` is how many more seeds each
    method would need for a power of 0.8 at this effect, None where it would be beyond reason. NaN without two runs.
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
        """Whether `first` is better, in the mean and more often than not, beyond what chance would do."""
        return self.corrected_p < ALPHA and self.probability > 0.5

    @property
    def sentence(self) -> str:
        return self.to_sentence("ends")

    def to_sentence(self, verb: str, when: str = "") -> str:
        """The verdict in a sentence: `first` `verb` above `second` `when`, or how far that is from decided."""
        places = wording.decimals([self.mean_first, self.mean_second])
        means = f"mean {self.mean_first:z.{places}f} against {self.mean_second:z.{places}f}"
        counts = f"n = {self.n_first} v {self.n_second}"
        when = f" {when}" if when else ""
        if min(self.n_first, self.n_second) < 2:
            cure = "run 10 seeds or more of each to decide"
            return f"{self.first} against {self.second}{when} cannot be decided: {means} ({counts}); {cure}."
        if self.mean_first == self.mean_second and np.isnan(self.effect_size) | (self.effect_size == 0):
            return f"{self.first} and {self.second} cannot be told apart{when}: {means} ({counts})."
        numbers = (
            f"{means} (P = {self.probability:.2f}, interval {self.low:.2f} to {self.high:.2f}, {counts}, "
            f"Holm-corrected p {wording.format_p_value(self.corrected_p)})"
        )
        if self.significant:
            better = "above" if self.higher_is_better else "below (lower is better)"
            return f"{self.first} {verb} {better} {self.second}{when}: {numbers}."
        return f"{self.first} against {self.second}{when} is undecided: {numbers}; {self._missing()}."

    def _missing(self) -> str:
        if self.corrected_p < ALPHA:
            return "the better mean comes from a few runs while the other wins more often, so look at the single runs"
        if self.additional_runs is None:
            return "at so small an effect no reasonable number of seeds would decide"
        seeds = "1 more seed" if self.additional_runs == 1 else f"{self.additional_runs} more seeds"
        return f"about {seeds} of each would be needed for power 0.8 at this effect"


def verdicts(results: Results, pairs: Iterable[tuple[str, str]] | None = None) -> list[Verdict]:
    """The verdicts on the final test scores, task by task, on each two methods or the pairs `wanted`."""
    found = []
    for task in results.tasks:
        cells = {method: runs.finished(results.runs_of(task, method)) for method in results.methods}
        scores = {method: [run.score for run in cell] for method, cell in cells.items()}
        found += compare_scores(scores, results.metrics[task], task, pairs)
    return found


def compare_scores(
    scores: Mapping[str, ArrayLike], metric: MetricInfo, task: str = "", pairs: Iterable[tuple[str, str]] | None = None
) -> list[Verdict]:
    """A verdict for each two of `scores`, the runs `(n,)` of each method, or for the pairs `wanted`; those without runs
    are left out. The best methods come first."""
    sign = 1 if metric.higher_is_better else -1
    values = {name: np.asarray(each, float) for name, each in scores.items() if np.size(each)}
    ranked = sorted(values, key=lambda name: -sign * values[name].mean())
    asked = None if pairs is None else {frozenset(pair) for pair in pairs}
    pairs = [pair for pair in combinations(ranked, 2) if asked is None or frozenset(pair) in asked]
    found = []
    for one, other in pairs:
        x, y = values[one], values[other]
        probability = probability_of_improvement(sign * x, sign * y)
        p = welch_test(x, y)
        found.append(
            Verdict(
                task=task, first=one, second=other, n_first=len(x), n_second=len(y),
                mean_first=float(x.mean()), mean_second=float(y.mean()), higher_is_better=metric.higher_is_better,
                probability=probability.value, low=probability.low, high=probability.high,
                p_value=p, corrected_p=p, effect_size=effect_size(sign * x, sign * y), additional_runs=None,
            )
        )  # fmt: skip
    return apply_holm_correction(found)


def apply_holm_correction(found: Sequence[Verdict]) -> list[Verdict]:
    """The same verdicts, asked at once: with Holm's correction for all of them, and the seeds that it takes then."""
    corrected_p = holm_correction([verdict.p_value for verdict in found])
    judged = []
    for verdict, p in zip(found, corrected_p, strict=True):
        needed = runs_needed(verdict.effect_size, ALPHA / len(found))
        more = None if needed is None else max(needed - min(verdict.n_first, verdict.n_second), 0)
        judged.append(replace(verdict, corrected_p=float(p), additional_runs=more))
    return judged


def to_csv(found: Sequence[Verdict]) -> str:
    """All numbers with all digits, a line for each verdict, with its sentence; empty where there is no number."""
    text = io.StringIO()
    rows = [{**asdict(verdict), "significant": verdict.significant, "sentence": verdict.sentence} for verdict in found]
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: "" if cell is None or cell != cell else cell for key, cell in row.items()})
    return text.getvalue()
