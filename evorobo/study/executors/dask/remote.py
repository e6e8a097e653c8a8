"""What runs on Dask workers: each task runs a batch of trials, or a function, in a process of its own.

User code never runs in the process of the Dask worker. A robot that crashes or hangs therefore ends as on one machine.
"""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import get_worker

from evorobo.errors import SettingsError
from evorobo.processes import temporary_folder
from evorobo.study.executors.base import TrialEvent
from evorobo.study.executors.dask import travel
from evorobo.study.executors.dask.environment import check_versions, environment
from evorobo.study.executors.dask.user_files import UserFiles
from evorobo.study.executors.supervision import Clock, SupervisedBatch
from evorobo.study.folders import Refused, trial_lock, trial_status
from evorobo.workers import Answer, Order, WorkerPool

IDLE_SECONDS = 60.0
"""After this time without work for a study, its processes and files on a worker are removed."""
LOCK_SECONDS = 3.0
"""How long the lock of a trial is awaited: its process may just have been ended."""


@dataclass(frozen=True)
class Run:
    """One run of a study, as its tasks know it."""

    token: str
    files: UserFiles
    environment: dict[str, Any]
    step_seconds: float | None
    part_seconds: float
    """How long a task goes on with trials; what is left then is another task."""
    event_seconds: float
    """The least time between two messages about the progress of a task."""
    send_seconds: float
    """The least time between two messages about new checkpoints of a task, which the study then collects."""
    pause_at: float = 1.0
    """The fraction of their budgets at which trials pause."""


@dataclass(frozen=True)
class Batch:
    """Trials of one task: plain settings, fingerprints, and the study's folder, or else the files of each trial."""

    paths: tuple[str, ...]
    trials: tuple[Any, ...]
    fingerprints: tuple[Any, ...]
    folder: str
    files: tuple[dict[str, bytes], ...] | None = None


@dataclass(frozen=True)
class Ending:
    """How a task left a trial: its status, "unfinished" where it goes on, and its files where they must travel."""

    path: str
    status: str
    reason: str
    files: dict[str, bytes] | None = None


class _Stopped(Exception):
    """The study was interrupted, or it no longer waits for this task."""


def as_it_is(run: Run) -> Run:
    """Return the run: as the result of a task, Dask sends it to each worker once."""
    return run


def survey(files: UserFiles, probe: str) -> dict[str, Any]:
    """Return what this worker computes with, and whether it has the file `probe` and the user's files."""
    return {
        "host": platform.node(),
        "environment": environment(),
        "has_folder": bool(probe) and Path(probe).is_file(),
        "has_files": files.are_here(),
    }


def run_batch(run: Run, batch: Batch) -> list[Ending]:
    """Run trials for `run.part_seconds`, or to their ends."""
    reporter = _Reporter(run)
    reporter.begin()
    with _station(run).pool() as pool, _folder(batch) as folder:
        supervised = SupervisedBatch(batch.trials, batch.paths, folder, reporter, run.step_seconds)
        folders = {path: folder / path for path in batch.paths} if batch.files is not None else {}
        checkpoints = travel.Checkpoints(folders)

        def watch() -> str:
            reporter.report_new(checkpoints)
            return supervised.watch()

        order = supervised.order(seconds=run.part_seconds, expected=list(batch.fingerprints), pause_at=run.pause_at)
        try:
            with travel.collectable(reporter.key, folders):
                answer = _answer(run, pool, order, supervised.start, watch)
            endings = supervised.endings(answer)
        except _Stopped:
            pool.stop()
            endings = {path: (trial_status(folder / path), "") for path in batch.paths}
        finally:
            supervised.remove_progress()
        return [
            Ending(path, *ending, None if batch.files is None else travel.read_files(folder / path))
            for path, ending in endings.items()
        ]


def call(run: Run, order: Order) -> Answer:
    """Return the answer of a process to an order."""
    clock = Clock(run.step_seconds)
    with _station(run).pool() as pool:
        try:
            return _answer(run, pool, order, clock.restart, clock.fault)
        except _Stopped:
            pool.stop()
            return Answer(error="interrupted")


def stop(token: str) -> None:
    """Let the tasks of a run write checkpoints and return."""
    _stopped.add(token)


def forget(token: str) -> None:
    """Remove what a run has on this worker."""
    _stopped.add(token)
    with _lock:
        station = _stations.pop(token, None)
    if station:
        station.close()


def _answer(
    run: Run, pool: WorkerPool, order: Order, on_start: Callable[[], None], find_fault: Callable[[], str]
) -> Answer:
    """Return the answer of a process to an order; raise `_Stopped` as soon as it is no longer wanted."""
    worker = get_worker()
    key = worker.get_current_task()

    def check() -> str:
        task = worker.state.tasks.get(key)
        if run.token in _stopped or task is None or task.state == "cancelled" or worker.status.name != "running":
            raise _Stopped
        return find_fault()

    ((_, answer),) = pool.run([order], lambda number: on_start(), lambda number: check())
    return answer


@contextmanager
def _folder(batch: Batch) -> Iterator[Path]:
    """Yield the folder of the study: the shared one, or a private one with the files of the trials."""
    if batch.files is not None:
        with temporary_folder() as folder:
            for path, files in zip(batch.paths, batch.files, strict=True):
                (folder / path).mkdir(parents=True)
                for name, content in files.items():
                    (folder / path / name).write_bytes(content)
            yield folder
        return
    folder = Path(batch.folder)
    if not folder.is_dir():
        raise Refused(f"the results folder {folder} does not exist there, although other workers share it.")
    end = time.monotonic() + LOCK_SECONDS
    for path in batch.paths:
        if trial_status(folder / path) != "finished":
            lock = trial_lock(folder / path)
            while not lock.acquire() and time.monotonic() < end:
                time.sleep(0.1)
            lock.release()
    yield folder


class _Reporter:
    """Sends messages of a task to the study: that it begins, its progress and its new checkpoints, each at times."""

    def __init__(self, run: Run) -> None:
        self._run, self._worker = run, get_worker()
        self.key = str(self._worker.get_current_task())
        self._last: dict[str, float] = {}
        self._next_look = 0.0

    def begin(self) -> None:
        """Report that the task begins, for the first time or again."""
        self._send(begins=True)

    def __call__(self, event: TrialEvent) -> None:
        now = time.monotonic()
        if now - self._last.get(event.trial, -self._run.event_seconds) >= self._run.event_seconds:
            self._last[event.trial] = now
            self._send(trial=event.trial, fraction=event.completed_fraction)

    def report_new(self, checkpoints: travel.Checkpoints) -> None:
        """Report where checkpoints can be collected, if there are new ones."""
        now = time.monotonic()
        if now >= self._next_look and checkpoints.has_new():
            self._next_look = now + self._run.send_seconds
            self._send(checkpoint_at=self._worker.address)

    def _send(self, **message: Any) -> None:
        self._worker.log_event(self._run.token, {"task": self.key, **message})


class _Station:
    """What a run has on this machine: the user's files, and idle processes that have loaded them."""

    def __init__(self, run: Run) -> None:
        try:
            check_versions(run.environment, {platform.node(): environment()})
        except SettingsError as error:
            raise Refused(str(error)) from error
        self._token, self._stack = run.token, ExitStack()
        self._idle: list[WorkerPool] = []
        self._n_busy, self._timer = 0, threading.Timer(0, lambda: None)
        self._home, self._paths = Path(run.files.home), run.files.paths
        if not run.files.are_here():
            if run.files.digests and not run.files.contents:
                raise Refused(
                    f"the files of this study in {run.files.home} are missing or different on {platform.node()}, "
                    "although other workers have them."
                )
            self._home = self._stack.enter_context(temporary_folder())
            self._paths = (str(self._home),)
            run.files.unpack(self._home)

    @contextmanager
    def pool(self) -> Iterator[WorkerPool]:
        """Yield a pool of one process, which is kept for the next task."""
        with _lock:
            self._timer.cancel()
            self._n_busy += 1
            pool = self._idle.pop() if self._idle else WorkerPool(1, self._home, self._paths)
        try:
            yield pool
        finally:
            with _lock:
                self._n_busy -= 1
                self._idle.append(pool)
                is_forgotten = _stations.get(self._token) is not self
                if not self._n_busy and not is_forgotten:
                    self._timer = threading.Timer(IDLE_SECONDS, forget, (self._token,))
                    self._timer.daemon = True
                    self._timer.start()
            if is_forgotten:
                self.close()

    def close(self) -> None:
        """End the idle processes; where none is busy, remove the files."""
        with _lock:
            self._timer.cancel()
            idle, self._idle = self._idle, []
        for pool in idle:
            pool.close()
        if not self._n_busy:
            self._stack.close()


def _station(run: Run) -> _Station:
    with _lock:
        if run.token not in _stations:
            _stations[run.token] = _Station(run)
        return _stations[run.token]


_lock = threading.RLock()
_stations: dict[str, _Station] = {}
_stopped: set[str] = set()
"""The runs that were interrupted or have ended."""
