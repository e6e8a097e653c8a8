"""The executor that runs trials in worker processes of this machine."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from evorobo.checks import is_number
from evorobo.errors import SettingsError
from evorobo.settings import to_plain
from evorobo.study.executors.base import (
    EventFunction,
    Executor,
    Finding,
    Inspection,
    TrialEvent,
)
from evorobo.study.executors.serial import SerialExecutor
from evorobo.study.executors.work import inspect_plain, run_trials
from evorobo.study.folders import PROGRESS_FILE, Interrupted, record_failure, remove_progress, trial_status
from evorobo.study.trial import Trial
from evorobo.workers import Answer, Order, WorkerPool

_LOOK_SECONDS = 0.1
"""How often the progress of a batch is read."""


def make_executor(jobs: int, n_trials: int, step_seconds: float | None = None) -> Executor:
    """Return the executor for `n_trials` trials, `jobs` at a time; a time limit needs a worker even for one."""
    if step_seconds is None and jobs == 1:
        return SerialExecutor()
    if step_seconds is not None and not (is_number(step_seconds) and 0 < step_seconds < math.inf):
        raise SettingsError(f"step_seconds must be a number of seconds above 0, not {step_seconds!r}.")
    return LocalExecutor(max(1, min(jobs, n_trials)), step_seconds)


class LocalExecutor:
    """Runs `n_slots` batches at a time, each in a worker process. A worker that dies fails only the trials it ran.

    A worker in which nothing happens for `step_seconds` is ended: neither a start nor a step nor an eval may take
    longer.
    """

    def __init__(self, n_slots: int, step_seconds: float | None = None) -> None:
        self.n_slots, self._step_seconds = n_slots, step_seconds
        self._pool = WorkerPool(n_slots)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.close()

    def run(self, batches: Sequence[Sequence[Trial]], folder: Path, on_event: EventFunction) -> None:
        """Run the batches; see `Executor.run`."""
        runs = [_RunningBatch(batch, folder.absolute(), on_event, self._step_seconds) for batch in batches]
        try:
            orders = [run.order() for run in runs]
            answers = self._pool.run(orders, lambda number: runs[number].start(), lambda number: runs[number].watch())
            for number, answer in answers:
                runs[number].end(answer)
        except KeyboardInterrupt:
            self._pool.stop()
            raise Interrupted("interrupted") from None
        finally:
            for run in runs:
                run.remove_progress()

    def inspect(self, inspections: Sequence[Inspection]) -> list[Finding]:
        """Return what the inspections find; see `Executor.inspect`. A worker that dies found nothing."""
        orders = [_order(inspect_plain, task=to_plain(each.task), trial=to_plain(each.trial)) for each in inspections]
        clocks = [_Clock(self._step_seconds) for _ in inspections]
        findings = [Finding() for _ in inspections]
        on_start, find_fault = (lambda number: clocks[number].restart()), (lambda number: clocks[number].fault())
        for number, answer in self._pool.run(orders, on_start, find_fault):
            if answer.value is not None:
                findings[number] = Finding(**answer.value)
        return findings


class _Clock:
    """Measures the time since the last sign of life, for a limit in seconds or none."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self.restart()

    def restart(self) -> None:
        self._last = time.monotonic()

    def fault(self) -> str:
        """Return a sentence if the limit is exceeded."""
        if self._limit is None or time.monotonic() - self._last <= self._limit:
            return ""
        return (
            f"a step took longer than {self._limit:g} s, the limit of this run (--step-timeout, step_seconds), and was "
            "ended; fix what hangs, or raise the limit."
        )


class _RunningBatch:
    """A batch of trials in a worker: its order, its progress, and its end."""

    def __init__(self, batch: Sequence[Trial], folder: Path, on_event: EventFunction, limit: float | None) -> None:
        self._batch, self._folder, self._on_event = batch, folder, on_event
        self._files = {trial.path: folder / trial.path / PROGRESS_FILE for trial in batch}
        self._progress: dict[str, tuple[int, str]] = {}
        self._clock = _Clock(limit)
        self._next_look = 0.0

    def order(self) -> Order:
        return _order(
            run_trials,
            trials=[to_plain(trial) for trial in self._batch],
            folders=[str(self._folder / trial.path) for trial in self._batch],
        )

    def start(self) -> None:
        self._clock.restart()
        for trial in self._batch:
            self._on_event(TrialEvent(trial.path))

    def watch(self) -> str:
        """Report the progress that the worker wrote; return a sentence if it exceeds its limit of time."""
        if time.monotonic() < self._next_look:
            return ""
        self._next_look = time.monotonic() + _LOOK_SECONDS
        for path, file in self._files.items():
            try:
                seen = file.stat().st_mtime_ns, file.read_text()
                completed_fraction = float(seen[1])
            except (OSError, ValueError):  # not there yet, or half written
                continue
            if seen != self._progress.get(path):
                self._progress[path] = seen
                self._clock.restart()
                self._on_event(TrialEvent(path, completed_fraction))
        return self._clock.fault()

    def end(self, answer: Answer) -> None:
        if answer.error:
            endings = [("failed", answer.error)] * len(self._batch)
        elif answer.value is None:  # a termination signal reached the worker alone
            raise KeyboardInterrupt
        else:
            endings = answer.value
        for trial, (status, reason) in zip(self._batch, endings, strict=True):
            if answer.error and trial_status(self._folder / trial.path) != "failed":
                status = record_failure(self._folder / trial.path, reason)
            self._on_event(TrialEvent(trial.path, 1.0, status, reason))

    def remove_progress(self) -> None:
        """Remove the files that a worker left when it was ended."""
        for file in self._files.values():
            remove_progress(file.parent)


def _order(function: object, **arguments: object) -> Order:
    return Order(f"{function.__module__}:{function.__qualname__}", arguments)  # type: ignore[attr-defined]  # a function
