"""Where trials run: in this process, or in several worker processes that are told each trial as JSON."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from evorobo.errors import ResultsError
from evorobo.files import write_json
from evorobo.processes import exit_status, redirect_stdout_to_stderr, start_process
from evorobo.settings import WORKER_VARIABLE, from_plain, to_plain
from evorobo.study.folders import Interrupted, error_text, trial_reason, trial_status
from evorobo.study.running import run_batch
from evorobo.study.trial import Trial

STOP_TIMEOUT_SECONDS = 30.0
"""How long a worker may take to keep its checkpoint after it was asked to stop."""


@dataclass(frozen=True)
class TrialEvent:
    """News of one trial: how far it is (`share`), or how it ended (`status`, "" while it runs)."""

    trial: str
    completed_fraction: float = 0.0
    status: str = ""
    reason: str = ""


EventFunction = Callable[[TrialEvent], None]


def run_serial(batches: list[list[Trial]], folder: Path, on_event: EventFunction) -> None:
    """One crew after the other in this process. Ctrl-C keeps checkpoints and raises `Interrupted`; twice stops at
    once."""
    with defer_interrupts() as stopping:
        for batch in batches:
            for trial in batch:
                on_event(TrialEvent(trial.path))
            for path, ended, why in _run(batch, folder, on_event, stopping):
                _write_down(folder / path, ended, why)
                on_event(TrialEvent(path, 1.0, ended, why))


def run_parallel(batches: list[list[Trial]], folder: Path, on_event: EventFunction, jobs: int) -> None:
    """`jobs` crews at a time, each in a fresh process with one BLAS thread. A worker that dies fails its crew only."""
    waiting = list(batches)
    events: queue.Queue[tuple[_Worker, TrialEvent | None]] = queue.Queue()
    workers = [_Worker(events) for _ in range(min(jobs, len(waiting)))]
    try:
        for worker in workers:
            worker.submit(waiting.pop(0), folder)
        while any(worker.running_paths for worker in workers):
            worker, event = events.get()
            if event is None:  # the worker is gone
                if worker.running_paths:
                    why = worker.death_reason()
                    for path in worker.running_paths:
                        _write_down(folder / path, "failed", why)
                        on_event(TrialEvent(path, 1.0, "failed", why))
                    worker.end()
                    workers.remove(worker)
                    if waiting:
                        workers.append(_Worker(events))
                        workers[-1].submit(waiting.pop(0), folder)
                continue
            if event.status:
                _write_down(folder / event.trial, event.status, event.reason)
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
    """A process that runs `evorobo.study.executors` as a program: trials in, news out, a JSON text a line."""

    def __init__(self, events: queue.Queue[Any]) -> None:
        self.running_paths: list[str] = []  # the trials that it has in hand
        self._process = start_process("from evorobo.study.executors import worker_main; worker_main()", text=True)
        threading.Thread(target=self._read_events, args=(events,), daemon=True).start()

    def submit(self, batch: list[Trial], folder: Path) -> None:
        self.running_paths = [trial.path for trial in batch]
        order = {"paths": self.running_paths, "trials": [to_plain(trial) for trial in batch], "folder": str(folder)}
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # dead already: `_hear` brings the news
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
    """The worker's side. It ends when its input does, so none outlives the study that started it."""
    os.environ[WORKER_VARIABLE] = "1"
    out = os.fdopen(redirect_stdout_to_stderr(), "w")  # whatever robots print does not come between our lines
    orders: queue.Queue[str | None] = queue.Queue()

    def tell(event: TrialEvent) -> None:
        out.write(json.dumps(vars(event)) + "\n")
        out.flush()

    def read_orders() -> None:
        for line in sys.stdin:
            running.set()
            orders.put(line)
        if running.is_set():
            os._exit(1)  # the study is gone; all that counts is on disk
        orders.put(None)

    running = threading.Event()
    threading.Thread(target=read_orders, daemon=True).start()
    with defer_interrupts() as stopping:
        while (line := orders.get()) is not None:
            order = json.loads(line)
            for path in order["paths"]:
                tell(TrialEvent(path))
            try:
                batch = [from_plain(trial) for trial in order["trials"]]
                endings = _run(batch, Path(order["folder"]), tell, stopping)
            except Interrupted:
                return
            except Exception as error:  # its script does not load here, for example
                endings = [(path, "failed", error_text(error)) for path in order["paths"]]
            running.clear()
            for path, ended, why in endings:
                tell(TrialEvent(path, 1.0, ended, why))


def _run(
    batch: list[Trial], folder: Path, on_event: EventFunction, stopping: Callable[[], bool]
) -> list[tuple[str, str, str]]:
    """Run trials together; of each its path, how it ended, and why if it ended before its time."""
    folders = [folder / trial.path for trial in batch]
    watches = [partial(_watch, on_event, trial.path) for trial in batch]
    told = []
    for trial, place, ending in zip(batch, folders, run_batch(batch, folders, watches, stopping), strict=True):
        if isinstance(ending, ResultsError):
            told.append((trial.path, "failed", str(ending)))
        else:
            told.append((trial.path, ending, trial_reason(place)))
    return told


def _watch(on_event: EventFunction, path: str, share: float) -> None:
    on_event(TrialEvent(path, share))


def _write_down(folder: Path, ended: str, why: str) -> None:
    """See to it that a failed trial's folder says so, even if the trial itself could not."""
    if ended == "failed" and trial_status(folder) != "failed":
        write_json(folder / "result.json", {"status": "failed", "reason": why})


@contextmanager
def defer_interrupts() -> Iterator[Callable[[], bool]]:
    """Inside the block the first Ctrl-C or polite kill only sets a flag, which the yielded function tells."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
