"""Comparison at equal prices: what each run was worth when it had paid so much, and from which price on who leads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from evorobo.errors import ResultsError, SettingsError, unknown
from evorobo.report import runs, wording
from evorobo.report.statistics import Crossing, crossing
from evorobo.report.verdicts import Verdict
from evorobo.study.results import Results, Run

SHORT = {"seconds": "cpu_seconds"}
"""What people say for a column of the ledger."""


def parse(text: str) -> tuple[str, float]:
    """A price from the command line: "env_steps=1e5", "seconds=60" (of CPU time). Raises `SettingsError`."""
    name, equals, amount = text.partition("=")
    currency = SHORT.get(name.strip(), name.strip())
    if currency not in wording.CURRENCIES:
        raise unknown("currency", currency, [*wording.CURRENCIES, *SHORT])
    try:
        price = float(amount)
    except ValueError:
        price = float("nan")
    if not (equals and 0 < price < np.inf):
        raise SettingsError(f"{text!r} is no price; write {name.strip()}=1e5, a number above 0.")
    return currency, price


def at_price(results: Results, currency: str, price: float) -> Results:
    """`results` as they were when every run had paid `price`: curves end there, with the last look at or before it.

    A run that reached the price counts whatever became of it later; one that finished for less keeps its answer, at
    what it paid. Raises `ResultsError` where a method was never looked at by then.
    """
    cut = [run if (reached := _until(run, currency, price)) is None else reached for run in results.runs]
    for task, method, cell in results.cells():
        if not any(len(run.curve["test"]) for run in cut if (run.task, run.method) == (task, method)):
            first = min(float(runs.spent(run, currency)[0]) for run in cell if len(run.curve["test"]))
            raise ResultsError(
                f"{method} on {task} was first looked at after {wording.price(first, currency)}, and no score of it is "
                f"known at {wording.number(price)}; ask for a higher price."
            )
    return replace(results, runs=cut)


def spent_by_method(results: Results, task: str, currency: str) -> dict[str, float]:
    """What the median run of each method of a task paid in all."""
    cells = {method: runs.counted(results.of(task, method)) for method in results.methods}
    return {
        method: float(np.median([runs.spent(run, currency)[-1] for run in cell]))
        for method, cell in cells.items()
        if cell
    }


def alike(amounts: Iterable[float]) -> bool:
    """Whether they are one price: within a tenth of each other, as a budget's last step may overshoot."""
    paid = list(amounts)
    return not paid or max(paid) <= 1.1 * min(paid)


def only(results: Results, task: str, methods: Iterable[str]) -> Results:
    """One task of `results`, and of it these methods."""
    wanted = [method for method in results.methods if method in methods]
    runs_of = [run for run in results.runs if run.task == task and run.method in wanted]
    return replace(results, tasks=[task], methods=wanted, runs=runs_of)


def fell_short(results: Results, currency: str, price: float) -> str:
    """Which methods of `results`, uncut, ended before `price` and are compared with the answer they had kept."""
    ended = [
        f"{method} on {task} after {wording.number(paid)}"
        for task in results.tasks
        for method, paid in spent_by_method(results, task, currency).items()
        if paid < price and not alike([paid, price])
    ]
    if not ended:
        return ""
    return f"Not everybody spent {wording.price(price, currency)}: {', '.join(ended)} had ended, and kept the answer."


@dataclass(frozen=True)
class Lead:
    """Who of two methods is ahead in the end, and from which price on, in `currency`."""

    leader: str
    other: str
    currency: str
    crossing: Crossing
    ended: dict[str, float]
    """What those of the two had paid who ended before the other did, and kept their answer."""

    @property
    def sentence(self) -> str:
        found, behind = self.crossing, f"ahead of {self.other}"
        ended = "".join(f"; {name} ended at {wording.number(paid)}" for name, paid in self.ended.items())
        if found.high <= found.begin:
            start = f"from the first common look, {wording.price(found.begin, self.currency)}, on"
            return f"{self.leader} is {behind} at every price {start}{ended}."
        low = "the start" if found.low <= found.begin else wording.number(found.low)
        price, high = wording.price(found.price, self.currency), wording.number(found.high)
        return f"{self.leader} stays {behind} from {price} on (interval {low} to {high}){ended}."


def lead(results: Results, verdict: Verdict, currency: str) -> Lead | None:
    """Where the curves of the two of a verdict cross for good; None where they may just as well cross again, or where
    nobody knows."""
    sign = 1 if results.metrics[verdict.task].higher_is_better else -1
    curves = {}
    for method in (verdict.first, verdict.second):
        every = [runs.curve(run, currency, False) for run in runs.counted(results.of(verdict.task, method))]
        curves[method] = [(x, sign * y) for x, y in every if len(x)]
    for leader, other in ((verdict.first, verdict.second), (verdict.second, verdict.first)):
        found = crossing(curves[leader], curves[other])
        if found is not None and found.high <= found.end:
            paid = spent_by_method(results, verdict.task, currency)
            last = max(paid[leader], paid[other])
            ended = {name: paid[name] for name in (leader, other) if not alike([paid[name], last])}
            return Lead(leader, other, currency, found, ended)
    return None


def shared_currency(results: Results, *tasks: str) -> str:
    """What all runs on `tasks` spend: FLOPs where logs have them, else the first column that all have paid in; empty
    where there is none."""
    spenders = [run for run in runs.counted(results.runs) if run.task in tasks]
    for currency in wording.CURRENCIES:
        needed = ("forward_flops", "backward_flops") if currency == "flops" else (currency,)
        if all(set(needed) <= run.curve.keys() and runs.spent(run, currency)[-1] > 0 for run in spenders):
            return currency
    return ""


def _until(run: Run, currency: str, price: float) -> Run | None:
    """The run up to `price`; None for one without a log."""
    if "test" not in run.curve:
        return None
    paid = runs.spent(run, currency)
    curve = {name: column[paid <= price] for name, column in run.curve.items()}
    reached = len(paid) > 0 and paid[-1] >= price
    return replace(run, curve=curve, status="finished" if reached else run.status)
