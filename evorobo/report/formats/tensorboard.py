"""Learning curves of a finished study as event files of TensorBoard, one for each trial."""

from __future__ import annotations

from pathlib import Path

from evorobo.errors import SettingsError
from evorobo.files import as_path, write_atomically
from evorobo.report.analysis.runs import cumulative_cost
from evorobo.study.results import Results, Run
from evorobo.study.trackers.tensorboard import EVENTS, event_bytes


def write_tensorboard(results: Results, folder: str | Path, x: str = "") -> str:
    """Write `folder/<study>/<task>/<method>/seed-N/` with all columns of each log as scalars, except cost columns.

    The step of a scalar is the cumulative cost `x`: by default environment steps, or FLOPs where some method has no
    environment steps. Returns the cost column. Raises `SettingsError` for seconds, which TensorBoard shows itself (its
    axis "relative").
    """
    if x.endswith("seconds"):
        raise SettingsError(
            f"TensorBoard's steps are whole numbers, not {x}; its own axis 'relative' shows wall seconds."
        )
    runs = [run for run in results.runs if "test" in run.curve and len(run.curve["test"])]
    x = x or ("env_steps" if all(cumulative_cost(run, "env_steps")[-1] > 0 for run in runs) else "flops")
    for run in runs:
        path = as_path(folder) / results.name / run.task / run.method / f"seed-{run.seed}"
        rows = [dict(zip(run.curve, row, strict=True)) for row in zip(*run.curve.values(), strict=True)]
        steps = cumulative_cost(run, x)
        write_atomically(path / EVENTS, event_bytes(zip(steps, rows, strict=True), _start(run)))
    return x


def _start(run: Run) -> float:
    """The wall time at which a run began, from the last change of its log."""
    return float((run.folder / "curve.csv").stat().st_mtime - run.curve["wall_seconds"][-1])
