"""Where learning curves cross for the last time: the method that is ahead at the end, and the cost from which on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evorobo.report.analysis.costs import median_cost_by_method, roughly_equal
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.verdicts import Verdict
from evorobo.report.formatting import format_cost, format_number
from evorobo.report.statistics import Crossing, find_crossing


@dataclass(frozen=True)
class Crossover:
    """The method that is ahead of another at the end of a task, and the cost from which on it is.

    `ended_early` holds the total costs of those of the two methods that ended before the other.
    """

    task: str
    leader: str
    other: str
    cost_column: str
    crossing: Crossing
    ended_early: dict[str, float]

    def to_sentence(self) -> str:
        """The crossover in a sentence."""
        crossing = self.crossing
        cost, high = "the start", format_cost(crossing.high, self.cost_column)
        if crossing.cost > crossing.begin:
            cost, high = format_cost(crossing.cost, self.cost_column), format_number(crossing.high)
        low = format_number(crossing.low) if crossing.low > crossing.begin else "from the start"
        interval = f" (interval {low} to {high})" if crossing.high > crossing.begin else ""
        ended = "".join(f"; {name} ended at {format_number(cost)}" for name, cost in self.ended_early.items())
        return f"{self.leader} stays ahead of {self.other} from {cost} on{interval}{ended}."


def find_crossovers(table: StudyTable, verdicts: Iterable[Verdict], cost_column: str) -> list[Crossover]:
    """The crossovers of the pairs whose final scores differ significantly, as far as the runs show them."""
    crossovers = (_find_crossover(table, verdict, cost_column) for verdict in verdicts if verdict.significant)
    return [crossover for crossover in crossovers if crossover]


def _find_crossover(table: StudyTable, verdict: Verdict, cost_column: str) -> Crossover | None:
    sign = table.sign(verdict.task)
    curves = {
        method: [(x, sign * y) for x, y in table.cells[verdict.task, method].curves(cost_column)]
        for method in (verdict.first, verdict.second)
    }
    crossing = find_crossing(curves[verdict.first], curves[verdict.second])
    if crossing is None or crossing.high > crossing.end:
        return None
    costs = median_cost_by_method(table, verdict.task, cost_column)
    highest = max(costs[method] for method in curves)
    ended = {method: costs[method] for method in curves if not roughly_equal([costs[method], highest])}
    return Crossover(verdict.task, verdict.first, verdict.second, cost_column, crossing, ended)
