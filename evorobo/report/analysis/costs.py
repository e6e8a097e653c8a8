"""Prices: what everybody paid, and what each run was worth when it had paid so much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from evorobo.errors import ResultsError, SettingsError, unknown
from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
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
    then = replace(results, runs=[_until(run, currency, price) if "test" in run.curve else run for run in results.runs])
    for task, method, cell in results.cells():
        first = [float(runs.spent(run, currency)[0]) for run in cell if len(run.curve["test"])]
        if first and np.isnan(first).all():
            raise ResultsError(f"{method} on {task} does not tell its {wording.unit(currency)}; ask for another price.")
        if first and min(first) > price:
            raise ResultsError(
                f"{method} on {task} was first looked at after {wording.price(min(first), currency)}, and no score of "
                f"it is known at {wording.number(price)}; ask for a higher price."
            )
    return then


def spent_by_method(results: Results, task: str, currency: str) -> dict[str, float]:
    """What the median run of each method of a task paid in all; without those who do not tell."""
    cells = {method: runs.counted(results.runs_of(task, method)) for method in results.methods}
    medians = {
        method: float(np.median([runs.spent(run, currency)[-1] for run in cell]))
        for method, cell in cells.items()
        if cell
    }
    return {method: paid for method, paid in medians.items() if np.isfinite(paid)}


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


def shared_currency(results: Results, *tasks: str) -> str:
    """What all runs on `tasks` spend: FLOPs where logs have them, else the first column that all have paid in; empty
    where there is none."""
    spenders = [run for run in runs.counted(results.runs) if run.task in tasks]
    for currency in wording.CURRENCIES:
        needed = ("forward_flops", "backward_flops") if currency == "flops" else (currency,)
        if all(set(needed) <= run.curve.keys() and runs.spent(run, currency)[-1] > 0 for run in spenders):
            return currency
    return ""


def _until(run: Run, currency: str, price: float) -> Run:
    """The run up to `price`: unfinished where it had not been looked at by then."""
    paid = runs.spent(run, currency)
    seen = paid <= price
    status = "unfinished" if not seen.any() else "finished" if paid[-1] >= price else run.status
    return replace(run, curve={name: column[seen] for name, column in run.curve.items()}, status=status)
