"""Where learning curves cross for good: who is ahead in the end, and from which price on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.analysis.costs import alike, spent_by_method
from evorobo.report.analysis.verdicts import Verdict
from evorobo.report.statistics import Crossing, crossing
from evorobo.study.results import Results


@dataclass(frozen=True)
class Lead:
    """Who of two methods is ahead in the end of a task, and from which price on, in `currency`."""

    task: str
    leader: str
    other: str
    currency: str
    crossing: Crossing
    ended: dict[str, float]
    """What those of the two had paid who ended before the other did, and kept their answer."""

    @property
    def sentence(self) -> str:
        found = self.crossing
        price, high = "the start", wording.price(found.high, self.currency)
        if found.price > found.begin:
            price, high = wording.price(found.price, self.currency), wording.number(found.high)
        low = wording.number(found.low) if found.low > found.begin else "from the start"
        sure = f" (interval {low} to {high})" if found.high > found.begin else ""
        ended = "".join(f"; {name} ended at {wording.number(paid)}" for name, paid in self.ended.items())
        return f"{self.leader} stays ahead of {self.other} from {price} on{sure}{ended}."


def leads(results: Results, verdicts: Iterable[Verdict], currency: str) -> list[Lead]:
    """Where the curves of two methods cross for good, of the `verdicts` on the end of `results` that are decided, as
    far as the runs tell."""
    return [found for verdict in verdicts if verdict.decided and (found := _lead(results, verdict, currency))]


def _lead(results: Results, verdict: Verdict, currency: str) -> Lead | None:
    sign = 1 if results.metrics[verdict.task].higher_is_better else -1
    curves = {}
    for method in (verdict.first, verdict.second):
        every = [runs.curve(run, currency, False) for run in runs.counted(results.runs_of(verdict.task, method))]
        curves[method] = [(x, sign * y) for x, y in every if len(x)]
    found = crossing(curves[verdict.first], curves[verdict.second])
    if found is None or found.high > found.end:
        return None
    paid = spent_by_method(results, verdict.task, currency)
    ended = {name: paid[name] for name in curves if not alike([paid[name], max(paid[other] for other in curves)])}
    return Lead(verdict.task, verdict.first, verdict.second, currency, found, ended)
