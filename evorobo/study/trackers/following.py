"""Follows the logs of a study and gives trackers what is new, in processes beside the study or in `evorobo watch`.

For each tracker, `.trackers/` in the folder of the study records which rows of which trial were sent, and to which run.
So a run is continued by the next process, and no row is sent twice. A trial that goes back to a checkpoint writes the
same rows again, which are not sent. Of several processes one sends, and another takes over when it ends.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from evorobo.printable import MAX_SHOWN, printable
from evorobo.settings import from_plain, to_plain
from evorobo.study.executors.supervision import order
from evorobo.study.locks import FolderLock
from evorobo.study.log import FIRST_COLUMNS, TIME_COLUMNS
from evorobo.study.monitor import ENDED, StudyMonitor, WatchedTrial, updates
from evorobo.study.records import read_object, read_record, write_record
from evorobo.study.trackers.base import TrackedTrial, Tracker, TrackerRun
from evorobo.tasks.base import FLOPS_COLUMNS
from evorobo.user_code import as_error, error_text
from evorobo.workers import BackgroundCall, stop_calls, stop_requested

FOLDER = ".trackers"
RETRY_SECONDS = 30.0
"""How long after a failure a tracker is tried again."""
END_SECONDS, INTERRUPT_SECONDS = 60.0, 3.0
"""How long trackers may take for the last rows when a study has ended, and after Ctrl-C."""
_RECORD_SECONDS = 1.0  # how often the record is written while much is sent
_MAX_ROWS = 1000  # that are sent in one call
_COMPARED = tuple(name for name in FIRST_COLUMNS if name not in TIME_COLUMNS)


@contextmanager
def tracking(folder: Path, trackers: Sequence[Tracker]) -> Iterator[None]:
    """Send the evals of the study in `folder` to trackers, each from a process of its own, while the block runs.

    Whatever happens to them is a sentence of caution.
    """
    calls = {
        type(tracker).__name__: BackgroundCall(order(follow, folder=str(folder.absolute()), tracker=to_plain(tracker)))
        for tracker in trackers
    }
    seconds = INTERRUPT_SECONDS
    try:
        yield
        seconds = END_SECONDS
    finally:
        for name, answer in zip(calls, stop_calls([*calls.values()], seconds), strict=True):
            if answer.error:
                caution(f"{name} may lack the last evals ({answer.error}); the next run with it sends them.")


def follow(folder: str, tracker: Any) -> None:
    """Send the evals of a study to a tracker until this worker is asked to stop."""
    monitor = StudyMonitor(folder)
    with Follower(monitor, [from_plain(tracker, imports=True)]) as follower:
        for _ in updates(monitor, stop_requested):
            follower.update()


def caution(text: str) -> None:
    """Print a sentence of caution."""
    print(f"evorobo: caution: {text}", file=sys.stderr, flush=True)


class Follower:
    """Gives trackers what a monitor has read; at the end of its `with` block they get the rest.

    A tracker that fails is one sentence of caution, and is tried again later.
    """

    def __init__(self, monitor: StudyMonitor, trackers: Sequence[Tracker]) -> None:
        self._monitor = monitor
        self._channels = [_Channel(monitor, tracker) for tracker in trackers]

    def update(self) -> None:
        """Send what the monitor has read since the last call."""
        for channel in self._channels:
            channel.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._monitor.update()
        for channel in self._channels:
            channel.close()


class _Channel:
    """What one tracker gets."""

    def __init__(self, monitor: StudyMonitor, tracker: Tracker) -> None:
        self._monitor, self._tracker = monitor, tracker
        name = type(tracker).__name__.lower()
        digest = sha256(tracker.destination(monitor.results.name).encode()).hexdigest()[:8]
        folder = monitor.folder / FOLDER
        self._lock = FolderLock(folder, f"{name}-{digest}.lock")
        self._path = folder / f"{name}-{digest}.json"
        self._record: dict[str, dict[str, Any]] = {}
        self._trials: dict[WatchedTrial, _FollowedTrial] = {}
        self._is_written, self._written_at = True, 0.0
        self._next_try = 0.0
        self._has_cautioned = False

    def update(self, is_last: bool = False) -> None:
        """Send what is new; after a failure only after a while, or at the end."""
        if time.monotonic() < self._next_try and not is_last:
            return
        try:
            if not self._take_lock():
                return
            try:
                for trial in self._monitor.trials:
                    self._send(self._trials.setdefault(trial, _FollowedTrial(trial)))
            finally:
                self._write()
        except BaseException as raised:
            self._fail(as_error(raised))

    def close(self) -> None:
        """Send the rest and close all runs."""
        self.update(is_last=True)
        try:
            for followed in self._trials.values():
                self._close(followed)
            self._write()
        except BaseException as raised:
            self._fail(as_error(raised))
        finally:
            self._lock.release()

    def _take_lock(self) -> bool:
        if self._lock.is_held():
            return True
        if not self._lock.acquire():
            return False
        self._record = read_record(self._path)["trials"] if self._path.exists() else {}
        self._trials = {}
        return True

    def _send(self, followed: _FollowedTrial) -> None:
        """Send the rows of a trial that are new, and close its run when it has ended."""
        trial = followed.trial
        rows, state = trial.log.rows, (len(trial.log.rows), trial.status)
        if not rows or followed.is_seen(state):
            return
        entry = self._record.setdefault(trial.path, {"run": "", "rows": 0, "sha256": "", "status": ""})
        if len(rows) < entry["rows"] and trial.status not in ENDED:
            return  # it went back to its checkpoint
        if entry["rows"] and followed.digest(entry["rows"]) != entry["sha256"]:  # it has begun again, and differs
            self._close(followed)
            entry.update(run="", rows=0, status="")
        if followed.run is None and entry["rows"] == len(rows) and entry["status"] == trial.status:
            followed.see(state)
            return
        if followed.run is None:
            followed.run = self._tracker.open(self._describe(trial), entry["run"], entry["rows"])
            if not entry["run"]:
                self._note(entry, followed.run, followed)
                self._write()
        run = followed.run
        while (first := run.n_rows) < len(rows):
            part = [_to_row(trial.log.columns, row) for row in rows[first : first + _MAX_ROWS]]
            run.log(part)
            run.n_rows += len(part)
            self._note(entry, run, followed)
        self._note(entry, run, followed)
        if trial.status in ENDED:
            self._close(followed)
        followed.see(state)

    def _note(self, entry: dict[str, Any], run: TrackerRun, followed: _FollowedTrial) -> None:
        """Record what the run of a trial has."""
        n_rows = min(run.n_rows, len(followed.trial.log.rows))
        entry.update(run=run.run_id, rows=n_rows, sha256=followed.digest(n_rows), status="")
        self._is_written = False
        if time.monotonic() - self._written_at > _RECORD_SECONDS:
            self._write()

    def _close(self, followed: _FollowedTrial) -> None:
        """Close the run of a trial, if it is open."""
        if (run := followed.run) is None:
            return
        status = followed.trial.status if followed.trial.status in ENDED else "interrupted"
        followed.run = None
        run.close(status)
        self._record[followed.trial.path]["status"] = status
        self._is_written = False

    def _describe(self, trial: WatchedTrial) -> TrackedTrial:
        settings = read_object(trial.folder / "trial.json")
        settings.pop("format", None)
        seconds = trial.log.column("wall_seconds")[-1]
        started_at = (trial.folder / "curve.csv").stat().st_mtime - seconds
        return TrackedTrial(
            self._monitor.results.name, trial.task, trial.method, trial.seed, settings, float(started_at)
        )

    def _write(self) -> None:
        if not self._is_written:
            write_record(self._path, {"trials": self._record})
            self._is_written, self._written_at = True, time.monotonic()

    def _fail(self, error: Exception) -> None:
        """Give up the runs that are open, and try again later."""
        self._next_try = time.monotonic() + RETRY_SECONDS
        for followed in self._trials.values():
            followed.forget()
        if not self._has_cautioned:
            self._has_cautioned = True
            reason = printable(error_text(error), MAX_SHOWN).removesuffix(".")
            caution(
                f"the tracker {type(self._tracker).__name__} failed ({reason}); the study goes on, it is tried again "
                f"every {RETRY_SECONDS:.0f} s, and what it lacks at the end is sent by the next run with it."
            )


class _FollowedTrial:
    """A trial of which rows are sent; `run` is its open run."""

    def __init__(self, trial: WatchedTrial) -> None:
        self.trial = trial
        self.run: TrackerRun | None = None
        self._rows: list[list[float]] = []
        self._seen: tuple[int, str] | None = None
        self._n_hashed, self._hash = 0, sha256()

    def is_seen(self, state: tuple[int, str]) -> bool:
        """Whether a log of this state was dealt with."""
        return self._rows is self.trial.log.rows and self._seen == state

    def see(self, state: tuple[int, str]) -> None:
        self.digest(state[0])
        self._seen = state

    def forget(self) -> None:
        """Forget the run that is open, without closing it."""
        self.run, self._seen = None, None

    def digest(self, n_rows: int) -> str:
        """Return the digest of the first rows, without the columns in which two runs of one trial may differ."""
        log = self.trial.log
        if log.rows is not self._rows or n_rows < self._n_hashed:
            self._rows, self._n_hashed, self._hash = log.rows, 0, sha256()
        columns = [log.columns.index(name) for name in _COMPARED if name in log.columns]
        for row in log.rows[self._n_hashed : n_rows]:
            self._hash.update(repr([row[column] for column in columns]).encode())
        self._n_hashed = n_rows
        return self._hash.hexdigest()


def _to_row(columns: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """Return the values of a row by column, with the sum of the FLOPs, without empty cells."""
    row = {name: value for name, value in zip(columns, values, strict=True) if value == value}
    return row | {"flops": sum(row.get(name, 0.0) for name in FLOPS_COLUMNS)}
