"""Where learning curves cross for good: who is ahead in the end, and from which price on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.analysis.costs import median_cost_by_method, roughly_equal
from evorobo.report.analysis.verdicts import Verdict
from evorobo.report.statistics import Crossing, find_crossing
from evorobo.study.results import Results


@dataclass(frozen=True)
class Crossover:
    """Who of two methods is ahead in the end of a task, and from which price on, in `currency`."""

    task: str
    leader: str
    other: str
    cost_column: str
    crossing: Crossing
    ended_early: dict[str, float]
    """What those of the two had paid who ended before the other did, and kept their answer."""

    @property
    def sentence(self) -> str:
        found = self.crossing
        cost, high = "the start", wording.format_cost(found.high, self.cost_column)
        if found.cost > found.begin:
            cost, high = wording.format_cost(found.cost, self.cost_column), wording.format_number(found.high)
        low = wording.format_number(found.low) if found.low > found.begin else "from the start"
        sure = f" (interval {low} to {high})" if found.high > found.begin else ""
        ended = "".join(f"; {name} ended at {wording.format_number(paid)}" for name, paid in self.ended_early.items())
        return f"{self.leader} stays ahead of {self.other} from {cost} on{sure}{ended}."


def find_crossovers(results: Results, verdicts: Iterable[Verdict], cost_column: str) -> list[Crossover]:
    """Where the curves of two methods cross for good, of the `verdicts` on the end of `results` that are decided, as
    far as the runs tell."""
    return [
        found
        for verdict in verdicts
        if verdict.significant and (found := _find_crossover(results, verdict, cost_column))
    ]


def _find_crossover(results: Results, verdict: Verdict, cost_column: str) -> Crossover | None:
    sign = 1 if results.metrics[verdict.task].higher_is_better else -1
    curves = {}
    for method in (verdict.first, verdict.second):
        every = [
            runs.learning_curve(run, cost_column, False) for run in runs.finished(results.runs_of(verdict.task, method))
        ]
        curves[method] = [(x, sign * y) for x, y in every if len(x)]
    found = find_crossing(curves[verdict.first], curves[verdict.second])
    if found is None or found.high > found.end:
        return None
    paid = median_cost_by_method(results, verdict.task, cost_column)
    ended = {
        name: paid[name] for name in curves if not roughly_equal([paid[name], max(paid[other] for other in curves)])
    }
    return Crossover(verdict.task, verdict.first, verdict.second, cost_column, found, ended)
