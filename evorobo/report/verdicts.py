"""Who won, by how much and how sure that is, for each two methods of a task, in numbers and in a sentence."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from evorobo.report import runs, wording
from evorobo.report.statistics import effect_size, holm, probability_of_improvement, runs_needed, welch
from evorobo.study.results import Results
from evorobo.tasks.base import Metric

LEVEL = 0.05
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
    p: float
    corrected: float
    effect: float
    more: int | None

    @property
    def decided(self) -> bool:
        """Whether `first` is better, in the mean and more often than not, beyond what chance would do."""
        return self.corrected < LEVEL and self.probability > 0.5

    @property
    def sentence(self) -> str:
        return self.told("ends")

    def told(self, verb: str, when: str = "") -> str:
        """The verdict in a sentence: `first` `verb` above `second` `when`, or how far that is from decided."""
        places = wording.decimals([self.mean_first, self.mean_second])
        means = f"mean {self.mean_first:.{places}f} against {self.mean_second:.{places}f}"
        counts = f"n = {self.n_first} v {self.n_second}"
        when = f" {when}" if when else ""
        if min(self.n_first, self.n_second) < 2:
            cure = "run 10 seeds or more of each to decide"
            return f"{self.first} against {self.second}{when} cannot be decided: {means} ({counts}); {cure}."
        if self.mean_first == self.mean_second and np.isnan(self.effect) | (self.effect == 0):
            return f"{self.first} and {self.second} cannot be told apart{when}: {means} ({counts})."
        numbers = (
            f"{means} (P = {self.probability:.2f}, interval {self.low:.2f} to {self.high:.2f}, {counts}, "
            f"Holm-corrected p {wording.p_value(self.corrected)})"
        )
        if self.decided:
            better = "above" if self.higher_is_better else "below (lower is better)"
            return f"{self.first} {verb} {better} {self.second}{when}: {numbers}."
        return f"{self.first} against {self.second}{when} is undecided: {numbers}; {self._missing()}."

    def _missing(self) -> str:
        if self.corrected < LEVEL:
            return "the better mean comes from a few runs while the other wins more often, so look at the single runs"
        if self.more is None:
            return "at so small an effect no reasonable number of seeds would decide"
        seeds = "1 more seed" if self.more == 1 else f"{self.more} more seeds"
        return f"about {seeds} of each would be needed for power 0.8 at this effect"


def verdicts(results: Results) -> list[Verdict]:
    """The verdicts on the final test scores of a study, task by task, the best methods first."""
    found = []
    for task in results.tasks:
        cells = {method: runs.counted(results.of(task, method)) for method in results.methods}
        scores = {method: [run.score for run in cell] for method, cell in cells.items()}
        found += judge(scores, results.metrics[task], task)
    return found


def judge(scores: Mapping[str, ArrayLike], metric: Metric, task: str = "") -> list[Verdict]:
    """A verdict for each two of `scores`, the runs `(n,)` of each method; those without runs are left out."""
    sign = 1 if metric.higher_is_better else -1
    values = {name: np.asarray(each, float) for name, each in scores.items() if np.size(each)}
    ranked = sorted(values, key=lambda name: -sign * values[name].mean())
    pairs = list(combinations(ranked, 2))
    p_values = [welch(values[one], values[other]) for one, other in pairs]
    found = []
    for (one, other), p, corrected in zip(pairs, p_values, holm(p_values), strict=True):
        x, y = values[one], values[other]
        probability = probability_of_improvement(sign * x, sign * y)
        effect = effect_size(sign * x, sign * y)
        needed = runs_needed(effect, LEVEL / len(pairs)) if np.isfinite(effect) else 2
        found.append(
            Verdict(
                task=task, first=one, second=other, n_first=len(x), n_second=len(y),
                mean_first=float(x.mean()), mean_second=float(y.mean()), higher_is_better=metric.higher_is_better,
                probability=probability.value, low=probability.low, high=probability.high,
                p=p, corrected=float(corrected), effect=effect,
                more=None if needed is None else max(needed - min(len(x), len(y)), 0),
            )
        )  # fmt: skip
    return found


def to_csv(found: Sequence[Verdict]) -> str:
    """All numbers with all digits, a line for each verdict, with its sentence; empty where there is no number."""
    text = io.StringIO()
    rows = [{**asdict(verdict), "decided": verdict.decided, "sentence": verdict.sentence} for verdict in found]
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: "" if cell is None or cell != cell else cell for key, cell in row.items()})
    return text.getvalue()
