"""TensorBoard: an event file for each trial, which grows with its log."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from evorobo.errors import SettingsError
from evorobo.files import as_path
from evorobo.registry import register_component
from evorobo.study.trackers.base import StepColumn, TrackedTrial, Tracker, TrackerRun
from evorobo.tasks.base import COST_COLUMNS

EVENTS = "events.out.tfevents.0.evorobo"
"""The name of each file. TensorBoard's own writer puts time and host into the name, so it never continues a file."""


@register_component("tracker", "TensorBoard")
@dataclass(frozen=True)
class TensorBoard(Tracker):
    """Write event files `folder/<study>/<task>/<method>/seed-N/`, with all columns of the log except costs as scalars.

    Parameters
    ----------
    folder : str, default "runs"
        The folder that TensorBoard shows.
    x : str, default "flops"
        The cost that the steps of scalars count: "flops", "env_steps", "episodes", "samples", ...

    Examples
    --------
    >>> from evorobo import TensorBoard
    >>> TensorBoard("runs", x="env_steps")
    TensorBoard(folder='runs', x='env_steps')
    """

    folder: str = "runs"
    x: StepColumn = "flops"
    package: ClassVar[str] = "tensorboard"

    def destination(self, study: str) -> str:
        """Return the folder of the study's event files.

        Parameters
        ----------
        study : str
            Name of the study.

        Returns
        -------
        str
            Its absolute path, and what steps count.
        """
        return f"tensorboard {as_path(self.folder).absolute() / study} {self.x}"

    def open(self, trial: TrackedTrial, run_id: str, n_rows: int) -> TrackerRun:
        """Begin the event file of a trial, or continue it.

        Parameters
        ----------
        trial : TrackedTrial
            The trial.
        run_id : str
            The size of the file with the rows it was given; what a crash has left behind them is cut off.
        n_rows : int
            How many rows these are.

        Returns
        -------
        TrackerRun
            The run.
        """
        path = as_path(self.folder) / trial.study / trial.path / EVENTS
        has_rows = path.exists() and run_id.isdigit() and path.stat().st_size >= int(run_id)
        return _Run(path, int(run_id) if has_rows else 0, n_rows if has_rows else 0, self.x, trial.started_at)


class _Run(TrackerRun):
    def __init__(self, path: Path, size: int, n_rows: int, x: str, started_at: float) -> None:
        super().__init__(str(size), n_rows)
        self._path, self._x, self._started_at = path, x, started_at
        path.parent.mkdir(parents=True, exist_ok=True)
        if size:
            os.truncate(path, size)
        elif path.exists():  # a TensorBoard that shows it drops its events
            self._append(event_bytes([], started_at, is_restart=True))
        else:
            self._append(event_bytes([], started_at))

    def log(self, rows: Sequence[Mapping[str, float]]) -> None:
        scalars = [(row.get(self._x, float("nan")), row) for row in rows]
        self._append(event_bytes(scalars, self._started_at, is_continued=True))

    def close(self, status: str) -> None:
        pass

    def _append(self, content: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(content)
            self.run_id = str(file.tell())


def event_bytes(
    rows: Iterable[tuple[float, Mapping[str, float]]],
    started_at: float,
    *,
    is_continued: bool = False,
    is_restart: bool = False,
) -> bytes:
    """Return rows, each with its step, as the content of an event file: a new one, or what continues one.

    After a restart TensorBoard shows none of the events before it.
    """
    event, summary, session, writer = _tensorboard()
    content = io.BytesIO()
    records = writer(content)
    if is_restart:
        log = session(status=session.START)
        records.write(event(wall_time=started_at, step=0, session_log=log).SerializeToString())
    elif not is_continued:
        records.write(event(wall_time=started_at, file_version="brain.Event:2").SerializeToString())
    for step, row in rows:
        if not np.isfinite(step):
            continue
        values = [
            summary.Value(tag=name, simple_value=value)
            for name, value in row.items()
            if name not in COST_COLUMNS and name != "flops" and value == value
        ]
        wall_time = started_at + row.get("wall_seconds", 0.0)
        records.write(event(wall_time=wall_time, step=int(step), summary=summary(value=values)).SerializeToString())
    return content.getvalue()


def _tensorboard() -> tuple[Any, Any, Any, Any]:
    try:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError as error:
        raise SettingsError("event files need the package tensorboard: pip install 'evorobo[tensorboard]'.") from error
    return Event, Summary, SessionLog, RecordWriter
