"""Which runs count, and what each of them paid."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import ResultsError, unknown
from evorobo.report import formatting as wording
from evorobo.study.results import Results, Run


def finished(runs: Iterable[Run]) -> list[Run]:
    """The runs that averages are made of: finished, with a score."""
    return [run for run in runs if run.status == "finished" and np.isfinite(run.score)]


def with_genome(runs: Iterable[Run]) -> list[Run]:
    """The counted runs that left a genome; baselines, read from other tools' files, have none."""
    return [run for run in finished(runs) if (run.folder / "genome.npz").exists()]


def diverged(runs: Iterable[Run]) -> list[Run]:
    """The runs whose learning ran away."""
    return [run for run in runs if run.status == "diverged"]


def failed(runs: Iterable[Run]) -> list[Run]:
    """The runs that broke, or ended without a score."""
    return [run for run in runs if run.status == "failed" or (run.status == "finished" and not np.isfinite(run.score))]


def unfinished(runs: Iterable[Run]) -> list[Run]:
    """The runs that are still going or were interrupted."""
    return [run for run in runs if run.status not in ("finished", "diverged", "failed")]


def drawable(results: Results, task: str) -> dict[str, list[Run]]:
    """The methods of a task with the runs to draw: all with a score that did not fail."""
    cells = {method: results.runs_of(task, method) for method in results.methods}
    broken = {id(run) for run in failed(results.runs)}
    kept = {m: [run for run in cell if id(run) not in broken and len(run.curve["test"])] for m, cell in cells.items()}
    return {method: cell for method, cell in kept.items() if cell}


def cumulative_cost(run: Run, cost_column: str) -> Array:
    """What the run had paid at each of its looks `(looks,)`, in a column of the ledger or in "flops"."""
    if cost_column not in wording.COST_LABELS:
        raise unknown("cost column", cost_column, wording.COST_LABELS)
    if cost_column == "flops":
        return cumulative_cost(run, "forward_flops") + cumulative_cost(run, "backward_flops")
    if cost_column not in run.curve:
        raise ResultsError(
            f"{run.folder} tells nothing of {cost_column}, only of {', '.join(run.curve)}; choose among these."
        )
    return run.curve[cost_column]


def reports_cost(runs: Iterable[Run], cost_column: str) -> bool:
    """Whether any of the runs tells what it has paid in a currency; baselines leave columns empty."""
    return any(np.isfinite(cumulative_cost(run, cost_column)).any() for run in runs)


def learning_curve(run: Run, cost_column: str, log: bool) -> tuple[Array, Array]:
    """The run's test scores over what they cost: `x (looks,)` and `y (looks,)`, only what such an axis can show.

    Of several looks at the same price the last one counts: backprop that paid a teacher beforehand is one point.
    """
    x, y = cumulative_cost(run, cost_column), run.curve["test"]
    shown = np.isfinite(x) & np.isfinite(y) & ((x > 0) | (not log))
    x, y = x[shown], y[shown]
    last = np.append(x[1:] > x[:-1], True)[: len(x)]
    return x[last], y[last]


def excluded_runs_caution(runs: list[Run]) -> str:
    """A sentence on the runs that do not count, if there are any."""
    return wording.excluded_runs_caution(len(failed(runs)), len(diverged(runs)), len(unfinished(runs)), len(runs))
