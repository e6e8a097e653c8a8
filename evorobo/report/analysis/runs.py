"""One run in numbers: its cumulative cost, and its learning curve over that cost."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import ResultsError, unknown
from evorobo.learners.archive import Archive
from evorobo.nets.genome import Genome
from evorobo.report.formatting import COST_LABELS
from evorobo.report.statistics import Curve
from evorobo.study.digests import checked_path
from evorobo.study.results import Run
from evorobo.tasks.base import FLOPS_COLUMNS


def load_genome(run: Run) -> Genome:
    """The solution of a run. Raises `ResultsError` where its file is lost or is not what the trial wrote."""
    return Genome.load(checked_path(run.folder, "genome.npz"))


def load_archive(folder: Path, name: str) -> Archive:
    """An archive in the folder of a run. Raises `ResultsError` where it is lost or is not what the trial wrote."""
    return Archive.load(checked_path(folder, name))


def cumulative_cost(run: Run, cost_column: str) -> Array:
    """The cost up to each eval of a run `(n_evals,)`, in a cost column of the log or in "flops"."""
    if cost_column not in COST_LABELS:
        raise unknown("cost column", cost_column, COST_LABELS)
    if cost_column == "flops":
        return np.sum([cumulative_cost(run, name) for name in FLOPS_COLUMNS], axis=0)
    if cost_column not in run.curve and cost_column == "robot_flops":  # logs of before this column
        return np.full(len(run.curve["test"]), np.nan)
    if cost_column not in run.curve:
        raise ResultsError(
            f"{run.folder} does not report {cost_column}; choose one of its columns, {', '.join(run.curve)}."
        )
    return run.curve[cost_column]


def reports_cost(runs: Iterable[Run], cost_column: str) -> bool:
    """Whether any of the runs reports a cost; baselines leave some columns empty."""
    return any(np.isfinite(cumulative_cost(run, cost_column)).any() for run in runs)


def learning_curve(run: Run, cost_column: str, log: bool = False) -> Curve:
    """The test scores of a run over their cost: `x (n_evals,)` and `y (n_evals,)`.

    Evals that the axis cannot show are left out: without a finite value, or at cost 0 on a logarithmic axis. Of several
    evals at the same cost the last one counts; so backprop over the steps of its teacher is a single point.
    """
    x, y = cumulative_cost(run, cost_column), run.curve["test"]
    shown = np.isfinite(x) & np.isfinite(y) & ((x > 0) | (not log))
    x, y = x[shown], y[shown]
    last = np.append(x[1:] > x[:-1], True)[: len(x)]
    return x[last], y[last]
