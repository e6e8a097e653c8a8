"""Verdicts: which of two methods has the higher score on a task, by how much, and with which confidence."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.notebooks import to_html
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.formatting import decimals, format_p_value
from evorobo.report.statistics import (
    MIN_RUNS,
    Probability,
    additional_runs,
    decision_test,
    effect_size,
    holm_correction,
    probability_of_improvement,
    verdict_level,
)
from evorobo.study.results import Results
from evorobo.tasks.base import MetricInfo

ALPHA = 0.05
"""The probability of any false positive among all verdicts on a task, also when seeds are added later."""

_FEW_EQUAL_RUNS = 20  # below it the sentence says what equal scores leave unknown


@dataclass(frozen=True)
class Verdict:
    """Two methods compared on a task; `first` is the one with the better mean, or the higher P where runs diverged.

    `probability` is the probability that a run of `first` beats a run of `second`, with the interval `low` to `high`.
    `p_value` is that of `decision_test`. `corrected_p` is Holm's correction over all pairs of the task, and for looking
    again with more seeds (`verdict_level`). `effect_size` is Cohen's d and positive. `additional_runs` is the number of
    further seeds that each method needs for a power of 0.8 at this effect; None where it is too large. With fewer than
    two runs the numbers are NaN. Means are NaN where runs diverged. `notes` are sentences on what decides or is not
    known. `withheld` is not empty where a run failed: then there is no verdict.
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
    notes: tuple[str, ...] = ()
    withheld: str = ""

    @property
    def significant(self) -> bool:
        """Whether `first` has significantly better scores, and wins more than half of the pairs."""
        has_runs = min(self.n_first, self.n_second) >= MIN_RUNS
        return has_runs and not self.withheld and self.corrected_p < ALPHA and self.probability > 0.5

    def to_sentence(self, when: str = "") -> str:
        """The verdict in sentences; `when` says at which cost the methods are compared, by default at the end."""
        verb, when = ("is", f" {when}") if when else ("ends", "")
        if self.withheld:
            return f"{self.first} against {self.second}{when} is withheld: {self.withheld}"
        counts = f"n = {self.n_first} v {self.n_second}"
        if min(self.n_first, self.n_second) < 2:
            text = f"{self.first} against {self.second}{when} cannot be decided: {self._means} ({counts})"
            return " ".join([f"{text}; run 10 seeds or more of each to decide.", *self.notes])
        if self.p_value == 1 and self.mean_first == self.mean_second:
            text = f"{self.first} and {self.second} do not differ{when}: {self._means} ({counts})."
            return " ".join([text, *self.notes])
        p = f"corrected p {format_p_value(self.corrected_p)}"
        numbers = f"null 1/2, interval {self.low:.2f} to {self.high:.2f}, {counts}, {p})."
        has_means = np.isfinite([self.mean_first, self.mean_second]).all()
        numbers = f"{self._means} (P = {self.probability:.2f}, {numbers}" if has_means else f"{self._means} ({numbers}"
        if self.significant:
            better = "above" if self.higher_is_better else "below (lower is better)"
            return " ".join([f"{self.first} {verb} {better} {self.second}{when}: {numbers}", *self.notes])
        text = f"{self.first} against {self.second}{when} is undecided: {numbers}"
        return " ".join([text, self._advice(), *self.notes])

    def _repr_html_(self) -> str:
        return to_html(self)

    @property
    def _means(self) -> str:
        if np.isnan(self.mean_first) or np.isnan(self.mean_second):
            return f"P = {self.probability:.2f}"
        return "mean {} against {}".format(*format_together(self.mean_first, self.mean_second))

    def _advice(self) -> str:
        if self.probability < 0.5:
            return "A few runs make the better mean, and the other method wins more often. Inspect the single runs."
        if self.additional_runs is None:
            return "The effect is too small for any reasonable number of seeds."
        seeds = "1 more seed" if self.additional_runs == 1 else f"{self.additional_runs} more seeds"
        too_few = min(self.n_first, self.n_second) < MIN_RUNS
        least = f"Fewer than {MIN_RUNS} runs of a method decide nothing. " if too_few else ""
        return f"{least}About {seeds} of each would be needed for power 0.8 at this effect."


def format_together(one: float, other: float) -> tuple[str, str]:
    """Two scores as text, each with four digits of its own size, and with more where different ones look equal."""
    texts = tuple(f"{v:z.{decimals([v])}f}" if v == 0 or abs(v) >= 1e-4 else f"{v:.4g}" for v in (one, other))
    return (texts[0], texts[1]) if texts[0] != texts[1] or one == other else (f"{one:.8g}", f"{other:.8g}")


def verdicts(table: StudyTable, pairs: Iterable[tuple[str, str]] | None = None) -> list[Verdict]:
    """The verdicts on the final test scores, task by task, on all pairs of methods or on the given `pairs`."""
    all_verdicts = []
    for task in table.tasks:
        cells = table.cells_of(task)
        outcomes = {method: cell.outcomes for method, cell in cells.items()}
        failed = {method: _run_again(cell) for method, cell in cells.items() if cell.failed}
        n_before = len(earlier_verdicts(table.results))
        all_verdicts += compare_scores(outcomes, table.results.metrics[task], task, pairs, failed, n_before)
    return all_verdicts


def earlier_verdicts(results: Results) -> list[int]:
    """The numbers of seeds with which verdicts could be decided before; fewer than `MIN_RUNS` decide nothing."""
    return [n_seeds for n_seeds in results.earlier_verdicts if n_seeds >= MIN_RUNS]


def compare_scores(
    scores: Mapping[str, ArrayLike],
    metric: MetricInfo,
    task: str = "",
    pairs: Iterable[tuple[str, str]] | None = None,
    withheld: Mapping[str, str] | None = None,
    n_verdicts_before: int = 0,
) -> list[Verdict]:
    """A verdict for each pair of methods, or for the given `pairs`; `scores` holds the runs `(n,)` of each method.

    A run that diverged has an infinite score, the worst. Verdicts on methods in `withheld` are withheld, for the reason
    there. Methods without runs are left out. The best methods come first. Raises `SettingsError` for a NaN.
    """
    sign = 1 if metric.higher_is_better else -1
    withheld = withheld or {}
    values = {name: _check_scores(name, sign * np.asarray(runs, float)) for name, runs in scores.items()}
    values = {name: runs for name, runs in values.items() if len(runs) or name in withheld}
    ranked = sorted(values, key=lambda name: -_mean_or_worst(values[name]))
    wanted = None if pairs is None else {frozenset(pair) for pair in pairs}
    chosen = [pair for pair in combinations(ranked, 2) if wanted is None or frozenset(pair) in wanted]
    all_verdicts = [_compare_pair(values, *pair, metric, task, withheld) for pair in chosen]
    all_verdicts = apply_holm_correction(all_verdicts, n_verdicts_before)
    n_compared = sum(not verdict.withheld for verdict in all_verdicts)
    next_level = verdict_level(n_verdicts_before + 1, ALPHA) / max(n_compared, 1)
    return [
        replace(verdict, additional_runs=additional_runs(values[verdict.first], values[verdict.second], next_level))
        for verdict in all_verdicts
    ]


def apply_holm_correction(verdicts: Sequence[Verdict], n_verdicts_before: int = 0) -> list[Verdict]:
    """The verdicts with p corrected for all of them (Holm 1979) and for verdicts at fewer seeds before."""
    factor = ALPHA / verdict_level(n_verdicts_before, ALPHA)
    corrected = np.minimum(factor * holm_correction([verdict.p_value for verdict in verdicts]), 1.0)
    return [replace(verdict, corrected_p=float(p)) for verdict, p in zip(verdicts, corrected, strict=True)]


def _compare_pair(
    values: Mapping[str, Array], one: str, other: str, metric: MetricInfo, task: str, withheld: Mapping[str, str]
) -> Verdict:
    """The verdict on two methods, whose `values` are better the higher they are; its p is not corrected yet."""
    sign = 1 if metric.higher_is_better else -1
    has_means = np.isfinite([*values[one], *values[other]]).all()
    has_runs = bool(len(values[one]) and len(values[other]))
    if has_runs and not has_means and probability_of_improvement(values[one], values[other]).value < 0.5:
        one, other = other, one
    x, y = values[one], values[other]
    nan = float("nan")
    probability = probability_of_improvement(x, y) if has_runs else Probability(nan, nan, nan)
    failed = [withheld[name] for name in (one, other) if name in withheld]
    p = nan if failed or not has_runs else decision_test(x, y)
    return Verdict(
        task=task, first=one, second=other, n_first=len(x), n_second=len(y),
        mean_first=sign * _mean(x), mean_second=sign * _mean(y), higher_is_better=metric.higher_is_better,
        probability=probability.value, low=probability.low, high=probability.high, p_value=p, corrected_p=p,
        effect_size=effect_size(x, y) if has_runs and has_means else nan, additional_runs=None,
        notes=() if failed else _notes(one, x, other, y, sign), withheld=" ".join(failed),
    )  # fmt: skip


def _check_scores(name: str, values: Array) -> Array:
    if np.isnan(values).any() or (values == np.inf).any():
        raise SettingsError(f"a score of {name} is NaN or infinitely good; leave out runs without a score.")
    return values


def _mean(values: Array) -> float:
    """The mean; NaN without values, and where one is infinite."""
    return float(values.mean()) if len(values) and np.isfinite(values).all() else float("nan")


def _mean_or_worst(values: Array) -> float:
    return mean if np.isfinite(mean := _mean(values)) else -np.inf


def _notes(one: str, x: Array, other: str, y: Array, sign: int) -> tuple[str, ...]:
    """Sentences on the runs that diverged and whether they decide, and on what a constant score leaves unknown."""
    notes = []
    finished = {name: values[np.isfinite(values)] for name, values in ((one, x), (other, y))}
    counts = {name: len(values) - len(finished[name]) for name, values in ((one, x), (other, y))}
    if any(counts.values()):
        diverged = " and ".join(
            f"{count} {'run' if count == 1 else 'runs'} of {name}" for name, count in counts.items() if count
        )
        notes.append(
            f"{diverged} diverged and count{'s' * (sum(counts.values()) == 1)} as the worst; no mean is defined."
        )
        if _decision(x, y) != _decision(finished[one], finished[other]):
            notes.append("This decides: without diverged runs the verdict is another one.")
    for name, values in finished.items():
        n = len(values)
        if not counts[name] and 2 <= n < _FEW_EQUAL_RUNS and np.ptp(values) == 0:
            share = 1 - 0.05 ** (1 / n)  # Hanley & Lippman-Hand 1983: 0.05 = (1 - share)^n
            score = sign * values[0]
            notes.append(
                f"All {n} runs of {name} score {score:z.{decimals([score])}f}, but up to {share:.0%} of further runs "
                "may score otherwise (95% confidence)."
            )
    return tuple(notes)


def _decision(x: Array, y: Array) -> int:
    """1 or -1 where the first or second side is better with one look and no correction, 0 where it is undecided."""
    if min(len(x), len(y)) < MIN_RUNS or decision_test(x, y) >= verdict_level(0, ALPHA):
        return 0
    return 1 if probability_of_improvement(x, y).value > 0.5 else -1


def _run_again(cell: Cell) -> str:
    """A sentence that names the runs that failed and the command that runs one of them again."""
    run = cell.failed[0]
    seeds = " and ".join(str(failed.seed) for failed in cell.failed)
    text = f"seed{'s' * (len(cell.failed) > 1)} {seeds} of {cell.method} failed."
    if not (run.folder / "trial.json").is_file():
        return f"{text} Run the study again."
    again = "Run it again" if len(cell.failed) == 1 else "Run the study again, or one of them"
    return f"{text} {again}: {command_to_run_again(run.folder)}"


def command_to_run_again(folder: Path) -> str:
    """The command that runs the trial in `folder` (study/task/method/seed-N) again, in place if it failed."""
    words = ["evorobo", "run", folder / "trial.json", "--results", folder.parent.parent.parent]
    return shlex.join(map(str, words))


def to_csv(verdicts: Sequence[Verdict]) -> str:
    """A line for each verdict with all numbers and its sentence; empty cells where there is no number."""
    text = io.StringIO()
    rows = [
        {**asdict(verdict), "significant": verdict.significant, "sentence": verdict.to_sentence()}
        for verdict in verdicts
    ]
    if rows:
        writer = csv.DictWriter(text, [name for name in rows[0] if name != "notes"], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            del row["notes"]
            writer.writerow({key: "" if cell is None or cell != cell else cell for key, cell in row.items()})
    return text.getvalue()
