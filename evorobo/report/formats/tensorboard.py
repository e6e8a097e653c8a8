"""Learning curves as event files of TensorBoard, one for each trial."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.files import as_path, write_atomically
from evorobo.report.analysis.runs import cumulative_cost
from evorobo.study.results import Results, Run
from evorobo.tasks.base import COST_COLUMNS

EVENTS = "events.out.tfevents.0.evorobo"
"""The name of each file. TensorBoard's own writer puts time and host into the name, so it never replaces a file."""


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
        write_atomically(path / EVENTS, _events(run, cumulative_cost(run, x)))
    return x


def _events(run: Run, steps: np.ndarray) -> bytes:
    """The content of an event file; its last wall time is that of the last change of the log."""
    event, summary, writer = _tensorboard()
    start = (run.folder / "curve.csv").stat().st_mtime - run.curve["wall_seconds"][-1]
    content = io.BytesIO()
    records = writer(content)
    records.write(event(wall_time=start, file_version="brain.Event:2").SerializeToString())
    scalars = {name: column for name, column in run.curve.items() if name not in COST_COLUMNS}
    for row, step in enumerate(steps):
        if not np.isfinite(step):
            continue
        values = [
            summary.Value(tag=name, simple_value=column[row])
            for name, column in scalars.items()
            if not np.isnan(column[row])
        ]
        wall_time = start + run.curve["wall_seconds"][row]
        records.write(event(wall_time=wall_time, step=int(step), summary=summary(value=values)).SerializeToString())
    return content.getvalue()


def _tensorboard() -> tuple[Any, Any, Any]:
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError as error:
        raise SettingsError("event files need the package tensorboard: pip install 'evorobo[tensorboard]'.") from error
    return Event, Summary, RecordWriter
