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
    _check_steps(x)
    runs = [run for run in results.runs if "test" in run.curve and len(run.curve["test"])]
    x = x or ("env_steps" if all(cumulative_cost(run, "env_steps")[-1] > 0 for run in runs) else "flops")
    for run in runs:
        path = as_path(folder) / results.name / run.task / run.method / f"seed-{run.seed}"
        write_atomically(path / EVENTS, _events(run, cumulative_cost(run, x), _start(run)))
    return x


class LiveEvents:
    """Event files of a study that runs, for a TensorBoard that is open: each update adds the evals that are new.

    The files lie in `folder` as `write_tensorboard` writes them. Steps count the cost `x`, by default FLOPs, which all
    methods spend.
    """

    def __init__(self, folder: str | Path, x: str = "") -> None:
        _check_steps(x)
        _tensorboard()
        self.folder, self._x = as_path(folder), x or "flops"
        self._written: dict[Path, tuple[float, np.ndarray]] = {}  # start and test scores of each run

    def update(self, results: Results) -> None:
        """Add what is new. A run that went back to a checkpoint continues there, and its later events are dropped."""
        for run in results.runs:
            test = run.curve.get("test", np.empty(0))
            if not len(test):
                continue
            path = self.folder / results.name / run.task / run.method / f"seed-{run.seed}" / EVENTS
            steps = cumulative_cost(run, self._x)
            if path not in self._written or not path.exists():
                start = _start(run)
                write_atomically(path, _events(run, steps, start))
            else:
                start, before = self._written[path]
                n = min(len(before), len(test))
                same = int(np.argmin(np.append(_equal(before[:n], test[:n]), False)))
                if same < max(len(before), len(test)):
                    with path.open("ab") as file:
                        file.write(_events(run, steps, start, same, restarts=same < len(before)))
            self._written[path] = start, test


def _equal(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one == other) | (np.isnan(one) & np.isnan(other))


def _check_steps(x: str) -> None:
    if x.endswith("seconds"):
        raise SettingsError(
            f"TensorBoard's steps are whole numbers, not {x}; its own axis 'relative' shows wall seconds."
        )


def _start(run: Run) -> float:
    """The wall time at which a run began, from the last change of its log."""
    return float((run.folder / "curve.csv").stat().st_mtime - run.curve["wall_seconds"][-1])


def _events(run: Run, steps: np.ndarray, start: float, first_row: int = 0, restarts: bool = False) -> bytes:
    """The content of an event file from a row on; with `restarts`, TensorBoard drops the events from there on."""
    event, summary, session, writer = _tensorboard()
    content = io.BytesIO()
    records = writer(content)
    if not first_row and not restarts:
        records.write(event(wall_time=start, file_version="brain.Event:2").SerializeToString())
    if restarts:
        step = int(np.nan_to_num(steps[min(first_row, len(steps) - 1)])) + (first_row >= len(steps))
        log = session(status=session.START)
        records.write(event(wall_time=start, step=step, session_log=log).SerializeToString())
    scalars = {name: column for name, column in run.curve.items() if name not in COST_COLUMNS}
    for row in range(first_row, len(steps)):
        if not np.isfinite(steps[row]):
            continue
        values = [
            summary.Value(tag=name, simple_value=column[row])
            for name, column in scalars.items()
            if not np.isnan(column[row])
        ]
        wall_time = start + run.curve["wall_seconds"][row]
        content_of_row = event(wall_time=wall_time, step=int(steps[row]), summary=summary(value=values))
        records.write(content_of_row.SerializeToString())
    return content.getvalue()


def _tensorboard() -> tuple[Any, Any, Any, Any]:
    try:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError as error:
        raise SettingsError("event files need the package tensorboard: pip install 'evorobo[tensorboard]'.") from error
    return Event, Summary, SessionLog, RecordWriter
