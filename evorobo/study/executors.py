"""Where trials run: in this process, or in several worker processes that receive each trial as JSON."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from evorobo.errors import ResultsError
from evorobo.loading import WORKER_VARIABLE
from evorobo.processes import exit_status, redirect_stdout_to_stderr, start_process
from evorobo.settings import from_plain, to_plain
from evorobo.study.folders import (
    REFUSED,
    TAKEN,
    Interrupted,
    Refused,
    error_text,
    record_failure,
    trial_reason,
    trial_status,
)
from evorobo.study.running import ProgressFunction, run_batch
from evorobo.study.trial import Trial
from evorobo.user_code import as_error, defer_interrupts

STOP_TIMEOUT_SECONDS = 30.0
"""How long a worker may take to write its checkpoint after it was asked to stop."""


@dataclass(frozen=True)
class TrialEvent:
    """Progress of one trial: its completed fraction and, at the end, its status and the reason of a failure."""

    trial: str
    completed_fraction: float = 0.0
    status: str = ""
    reason: str = ""


EventFunction = Callable[[TrialEvent], None]


def run_serial(batches: list[list[Trial]], folder: Path, on_event: EventFunction) -> None:
    """Run batches one after another in this process.

    Ctrl-C keeps checkpoints and raises `Interrupted`; a second one stops at once.
    """
    with defer_interrupts() as should_stop:
        for batch in batches:
            for trial in batch:
                on_event(TrialEvent(trial.path))
            folders = [folder / trial.path for trial in batch]
            outcomes = run_batch(batch, folders, _progress_functions(batch, on_event), should_stop)
            for event in _final_events(batch, folders, outcomes):
                on_event(event)


def run_parallel(batches: list[list[Trial]], folder: Path, on_event: EventFunction, jobs: int) -> None:
    """Run `jobs` batches at a time, each in a worker process. A worker that dies fails only the trials of its batch."""
    waiting = list(batches)
    events: queue.Queue[tuple[_Worker, TrialEvent | None]] = queue.Queue()
    workers = [_Worker(events) for _ in range(min(jobs, len(waiting)))]
    try:
        for worker in workers:
            worker.submit(waiting.pop(0), folder)
        while any(worker.running_paths for worker in workers):
            worker, event = events.get()
            if event is None:  # the worker has ended
                if worker.running_paths:
                    for path in worker.running_paths:
                        on_event(_record_failure(folder, TrialEvent(path, 1.0, "failed", worker.death_reason())))
                    worker.end()
                    workers.remove(worker)
                    if waiting:
                        workers.append(_Worker(events))
                        workers[-1].submit(waiting.pop(0), folder)
                continue
            if event.status:
                event = _record_failure(folder, event)
                worker.running_paths.remove(event.trial)
                if not worker.running_paths and waiting:
                    worker.submit(waiting.pop(0), folder)
                elif not worker.running_paths:
                    worker.close_input()
            on_event(event)
    except KeyboardInterrupt:
        for worker in workers:
            worker.request_stop()
        for worker in workers:
            worker.wait()
        raise Interrupted("interrupted") from None
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """A process that runs `worker_main`: it reads batches and writes events, one JSON text per line."""

    def __init__(self, events: queue.Queue[Any]) -> None:
        self.running_paths: list[str] = []
        self._process = start_process("from evorobo.study.executors import worker_main; worker_main()", text=True)
        threading.Thread(target=self._read_events, args=(events,), daemon=True).start()

    def submit(self, batch: list[Trial], folder: Path) -> None:
        self.running_paths = [trial.path for trial in batch]
        order = {"paths": self.running_paths, "trials": [to_plain(trial) for trial in batch], "folder": str(folder)}
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the process has ended; `_read_events` reports it
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()

    def close_input(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _read_events(self, events: queue.Queue[Any]) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            events.put((self, TrialEvent(**json.loads(line))))
        events.put((self, None))

    def death_reason(self) -> str:
        return f"its worker process died ({exit_status(self._process)})"

    def request_stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its last checkpoint is on disk

    def end(self) -> None:
        self.close_input()
        self.wait()
        if self._process.stdout:
            self._process.stdout.close()


def worker_main() -> None:
    """Run batches in a worker process until its input ends, so that it ends with the study that started it."""
    os.environ[WORKER_VARIABLE] = "1"
    out = os.fdopen(redirect_stdout_to_stderr(), "w")  # text that robots print is kept apart from the events
    orders: queue.Queue[str | None] = queue.Queue()

    def send(event: TrialEvent) -> None:
        out.write(json.dumps(vars(event)) + "\n")
        out.flush()

    def read_orders() -> None:
        for line in sys.stdin:
            running.set()
            orders.put(line)
        if running.is_set():
            os._exit(1)  # the study has ended; what matters is on disk
        orders.put(None)

    running = threading.Event()
    threading.Thread(target=read_orders, daemon=True).start()
    with defer_interrupts() as should_stop:
        while (line := orders.get()) is not None:
            order = json.loads(line)
            for path in order["paths"]:
                send(TrialEvent(path))
            try:
                batch = [from_plain(trial, imports=True) for trial in order["trials"]]
                folders = [Path(order["folder"]) / trial.path for trial in batch]
                outcomes = run_batch(batch, folders, _progress_functions(batch, send), should_stop)
                final_events = _final_events(batch, folders, outcomes)
            except Interrupted:
                return
            except BaseException as error:  # for example, its script cannot be loaded in this process
                reason = error_text(as_error(error))
                final_events = [TrialEvent(path, 1.0, "failed", reason) for path in order["paths"]]
            running.clear()
            for event in final_events:
                send(event)


def _progress_functions(batch: Sequence[Trial], on_event: EventFunction) -> list[ProgressFunction]:
    """Return a function for each trial that reports its completed fraction as an event."""
    return [partial(_report_progress, on_event, trial.path) for trial in batch]


def _report_progress(on_event: EventFunction, path: str, completed_fraction: float) -> None:
    on_event(TrialEvent(path, completed_fraction))


def _final_events(
    batch: Sequence[Trial], folders: Sequence[Path], outcomes: Sequence[str | ResultsError]
) -> list[TrialEvent]:
    """Return the last event of each trial of a batch, with its status and the reason of a failure."""
    events = []
    for trial, folder, outcome in zip(batch, folders, outcomes, strict=True):
        if isinstance(outcome, ResultsError):
            status = REFUSED if isinstance(outcome, Refused) else "failed"
            events.append(TrialEvent(trial.path, 1.0, status, str(outcome)))
        else:
            events.append(TrialEvent(trial.path, 1.0, outcome, "" if outcome == TAKEN else trial_reason(folder)))
    return events


def _record_failure(folder: Path, event: TrialEvent) -> TrialEvent:
    """Write the `result.json` of a failed trial that could not write it itself; return the event with the outcome."""
    if event.status != "failed" or trial_status(folder / event.trial) == "failed":
        return event
    return replace(event, status=record_failure(folder / event.trial, event.reason))
