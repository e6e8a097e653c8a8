"""Comparison at equal prices: what each run was worth when it had paid so much, and from which price on who leads."""

from __future__ import annotations

from dataclasses import replace

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


def fell_short(results: Results, currency: str, price: float) -> str:
    """Which methods ended before `price` and are compared with the answer they had kept, if any."""
    ended = []
    for task, method, cell in results.cells():
        paid = [float(runs.spent(run, currency)[-1]) for run in runs.counted(cell)]
        # a budget's last step may stop a little short of it
        if paid and np.median(paid) < price / 1.1:
            ended.append(f"{method} on {task} after {wording.price(float(np.median(paid)), currency)}")
    if not ended:
        return ""
    return f"Not everybody spent {wording.price(price, currency)}: {', '.join(ended)} had ended, and kept the answer."


def lead(results: Results, verdict: Verdict, currency: str) -> Crossing | None:
    """From which price on, in `currency`, the first of a verdict is ahead of the second; None where none is known."""
    sign = 1 if verdict.higher_is_better else -1
    leader, other = (
        [(x, sign * y) for x, y in (runs.curve(run, currency, False) for run in runs.counted(cell)) if len(x)]
        for cell in (results.of(verdict.task, verdict.first), results.of(verdict.task, verdict.second))
    )
    return crossing(leader, other)


def lead_in_words(found: Crossing | None, verdict: Verdict, currency: str) -> str:
    """A sentence on where two curves cross, with its interval; empty where nothing is known."""
    if found is None:
        return ""
    first, second = verdict.first, verdict.second
    if found.price <= found.begin and found.high <= found.begin:
        where = f"from the first common look, at {wording.price(found.begin, currency)}, to the last"
        return f"{first} is ahead of {second} {where}."
    low = "the start" if found.low <= found.begin else wording.number(found.low)
    high = "never" if found.high > found.end else wording.number(found.high)
    return f"{first} stays ahead of {second} from {wording.price(found.price, currency)} on (interval {low} to {high})."


def shared_currency(results: Results, task: str) -> str:
    """What all methods of a task spend: FLOPs where logs have them, else the first column that all have paid in."""
    spenders = [run for method in results.methods for run in runs.counted(results.of(task, method))]
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
