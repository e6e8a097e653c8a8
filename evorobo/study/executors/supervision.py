"""Watches a batch of trials that a worker process runs: its order, its progress, its limit of time and its end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evorobo.study.executors.base import EventFunction, TrialEvent
from evorobo.study.executors.work import run_trials
from evorobo.study.folders import PROGRESS_FILE, record_failure, remove_progress, trial_status
from evorobo.workers import Answer, Order

_LOOK_SECONDS = 0.1
"""How often the progress of a batch is read."""


class Clock:
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


class SupervisedBatch:
    """A batch of trials, as plain settings, that a worker runs in the folders `folder / path`."""

    def __init__(
        self, trials: Sequence[Any], paths: Sequence[str], folder: Path, on_event: EventFunction, limit: float | None
    ) -> None:
        self._trials, self._on_event = trials, on_event
        self._folders = {path: folder / path for path in paths}
        self._progress: dict[str, tuple[int, str]] = {}
        self._clock = Clock(limit)
        self._next_look = 0.0

    def order(self, **arguments: Any) -> Order:
        """Return the call of `run_trials` for this batch, with further arguments of it."""
        folders = [str(folder) for folder in self._folders.values()]
        return order(run_trials, trials=list(self._trials), folders=folders, **arguments)

    def start(self) -> None:
        """Report that the worker begins."""
        self._clock.restart()
        for path in self._folders:
            self._on_event(TrialEvent(path))

    def watch(self) -> str:
        """Report the progress that the worker wrote; return a sentence if it exceeds its limit of time."""
        if time.monotonic() < self._next_look:
            return ""
        self._next_look = time.monotonic() + _LOOK_SECONDS
        for path, folder in self._folders.items():
            file = folder / PROGRESS_FILE
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

    def endings(self, answer: Answer) -> dict[str, tuple[str, str]]:
        """Return the status and the reason of each trial; the death of the worker is recorded in its folder."""
        if not answer.error:
            return dict(zip(self._folders, map(tuple, answer.value), strict=True))
        endings = {}
        for path, folder in self._folders.items():
            status = trial_status(folder)
            endings[path] = status if status == "failed" else record_failure(folder, answer.error), answer.error
        return endings

    def remove_progress(self) -> None:
        """Remove the files that a worker left when it was ended."""
        for folder in self._folders.values():
            remove_progress(folder)


def order(function: object, **arguments: object) -> Order:
    """Return the order to call a function."""
    return Order(f"{function.__module__}:{function.__qualname__}", arguments)  # type: ignore[attr-defined]  # a function
