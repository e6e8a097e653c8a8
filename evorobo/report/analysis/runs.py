"""Which runs count, and what each of them paid."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import ResultsError, unknown
from evorobo.report import formatting as wording
from evorobo.study.results import Results, Run


def counted(runs: Iterable[Run]) -> list[Run]:
    """The runs that averages are made of: finished, with a score."""
    return [run for run in runs if run.status == "finished" and np.isfinite(run.score)]


def answers(runs: Iterable[Run]) -> list[Run]:
    """The counted runs that left a genome; baselines, read from other tools' files, have none."""
    return [run for run in counted(runs) if (run.folder / "genome.npz").exists()]


def diverged(runs: Iterable[Run]) -> list[Run]:
    """The runs whose learning ran away."""
    return [run for run in runs if run.status == "diverged"]


def failed(runs: Iterable[Run]) -> list[Run]:
    """The runs that broke, or ended without a score."""
    return [run for run in runs if run.status == "failed" or (run.status == "finished" and not np.isfinite(run.score))]


def unfinished(runs: Iterable[Run]) -> list[Run]:
    """The runs that are still going or were interrupted."""
    return [run for run in runs if run.status not in ("finished", "diverged", "failed")]


def shown(results: Results, task: str) -> dict[str, list[Run]]:
    """The methods of a task with the runs to draw: all with a score that did not fail."""
    cells = {method: results.runs_of(task, method) for method in results.methods}
    broken = {id(run) for run in failed(results.runs)}
    kept = {m: [run for run in cell if id(run) not in broken and len(run.curve["test"])] for m, cell in cells.items()}
    return {method: cell for method, cell in kept.items() if cell}


def spent(run: Run, currency: str) -> Array:
    """What the run had paid at each of its looks `(looks,)`, in a column of the ledger or in "flops"."""
    if currency not in wording.CURRENCIES:
        raise unknown("currency", currency, wording.CURRENCIES)
    if currency == "flops":
        return spent(run, "forward_flops") + spent(run, "backward_flops")
    if currency not in run.curve:
        raise ResultsError(
            f"{run.folder} tells nothing of {currency}, only of {', '.join(run.curve)}; choose among these."
        )
    return run.curve[currency]


def told(runs: Iterable[Run], currency: str) -> bool:
    """Whether any of the runs tells what it has paid in a currency; baselines leave columns empty."""
    return any(np.isfinite(spent(run, currency)).any() for run in runs)


def curve(run: Run, currency: str, log: bool) -> tuple[Array, Array]:
    """The run's test scores over what they cost: `x (looks,)` and `y (looks,)`, only what such an axis can show.

    Of several looks at the same price the last one counts: backprop that paid a teacher beforehand is one point.
    """
    x, y = spent(run, currency), run.curve["test"]
    shown = np.isfinite(x) & np.isfinite(y) & ((x > 0) | (not log))
    x, y = x[shown], y[shown]
    last = np.append(x[1:] > x[:-1], True)[: len(x)]
    return x[last], y[last]


def left_out(runs: list[Run]) -> str:
    """A sentence on the runs that do not count, if there are any."""
    return wording.left_out(len(failed(runs)), len(diverged(runs)), len(unfinished(runs)), len(runs))
