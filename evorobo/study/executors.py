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
from evorobo.processes import fresh_process, keep_output_apart, last_words
from evorobo.settings import WORKER, from_plain, to_plain
from evorobo.study.folders import Interrupted, in_words, reason, status
from evorobo.study.running import run_crew
from evorobo.study.trial import Trial

PATIENCE_SECONDS = 30.0
"""How long a worker may take to keep its checkpoint after it was asked to stop."""


@dataclass(frozen=True)
class Event:
    """News of one trial: how far it is (`share`), or how it ended (`status`, "" while it runs)."""

    trial: str
    share: float = 0.0
    status: str = ""
    reason: str = ""


Listen = Callable[[Event], None]


def run_here(crews: list[list[Trial]], folder: Path, listen: Listen) -> None:
    """One crew after the other in this process. Ctrl-C keeps checkpoints and raises `Interrupted`; twice stops at
    once."""
    with stoppable() as stopping:
        for crew in crews:
            for trial in crew:
                listen(Event(trial.path))
            for path, ended, why in _run(crew, folder, listen, stopping):
                _write_down(folder / path, ended, why)
                listen(Event(path, 1.0, ended, why))


def run_in_processes(crews: list[list[Trial]], folder: Path, listen: Listen, jobs: int) -> None:
    """`jobs` crews at a time, each in a fresh process with one BLAS thread. A worker that dies fails its crew only."""
    waiting = list(crews)
    news: queue.Queue[tuple[_Worker, Event | None]] = queue.Queue()
    workers = [_Worker(news) for _ in range(min(jobs, len(waiting)))]
    try:
        for worker in workers:
            worker.give(waiting.pop(0), folder)
        while any(worker.busy for worker in workers):
            worker, event = news.get()
            if event is None:  # the worker is gone
                if worker.busy:
                    why = worker.last_words()
                    for path in worker.busy:
                        _write_down(folder / path, "failed", why)
                        listen(Event(path, 1.0, "failed", why))
                    worker.end()
                    workers.remove(worker)
                    if waiting:
                        workers.append(_Worker(news))
                        workers[-1].give(waiting.pop(0), folder)
                continue
            if event.status:
                _write_down(folder / event.trial, event.status, event.reason)
                worker.busy.remove(event.trial)
                if not worker.busy and waiting:
                    worker.give(waiting.pop(0), folder)
                elif not worker.busy:
                    worker.dismiss()
            listen(event)
    except KeyboardInterrupt:
        for worker in workers:
            worker.ask_to_stop()
        for worker in workers:
            worker.wait()
        raise Interrupted("interrupted") from None
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """A process that runs `evorobo.study.executors` as a program: trials in, news out, a JSON text a line."""

    def __init__(self, news: queue.Queue[Any]) -> None:
        self.busy: list[str] = []  # the trials that it has in hand
        self._process = fresh_process("from evorobo.study.executors import work; work()", text=True)
        threading.Thread(target=self._hear, args=(news,), daemon=True).start()

    def give(self, crew: list[Trial], folder: Path) -> None:
        self.busy = [trial.path for trial in crew]
        order = {"paths": self.busy, "trials": [to_plain(trial) for trial in crew], "folder": str(folder)}
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # dead already: `_hear` brings the news
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()

    def dismiss(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _hear(self, news: queue.Queue[Any]) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            news.put((self, Event(**json.loads(line))))
        news.put((self, None))

    def last_words(self) -> str:
        return f"its worker process died ({last_words(self._process)})"

    def ask_to_stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its last checkpoint is on disk

    def end(self) -> None:
        self.dismiss()
        self.wait()
        if self._process.stdout:
            self._process.stdout.close()


def work() -> None:
    """The worker's side. It ends when its input does, so none outlives the study that started it."""
    os.environ[WORKER] = "1"
    out = os.fdopen(keep_output_apart(), "w")  # whatever robots print does not come between our lines
    orders: queue.Queue[str | None] = queue.Queue()

    def tell(event: Event) -> None:
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
    with stoppable() as stopping:
        while (line := orders.get()) is not None:
            order = json.loads(line)
            for path in order["paths"]:
                tell(Event(path))
            try:
                crew = [from_plain(trial) for trial in order["trials"]]
                endings = _run(crew, Path(order["folder"]), tell, stopping)
            except Interrupted:
                return
            except Exception as error:  # its script does not load here, for example
                endings = [(path, "failed", in_words(error)) for path in order["paths"]]
            running.clear()
            for path, ended, why in endings:
                tell(Event(path, 1.0, ended, why))


def _run(crew: list[Trial], folder: Path, listen: Listen, stopping: Callable[[], bool]) -> list[tuple[str, str, str]]:
    """Run trials together; of each its path, how it ended, and why if it ended before its time."""
    folders = [folder / trial.path for trial in crew]
    watches = [partial(_watch, listen, trial.path) for trial in crew]
    told = []
    for trial, place, ending in zip(crew, folders, run_crew(crew, folders, watches, stopping), strict=True):
        if isinstance(ending, ResultsError):
            told.append((trial.path, "failed", str(ending)))
        else:
            told.append((trial.path, ending, reason(place)))
    return told


def _watch(listen: Listen, path: str, share: float) -> None:
    listen(Event(path, share))


def _write_down(folder: Path, ended: str, why: str) -> None:
    """See to it that a failed trial's folder says so, even if the trial itself could not."""
    if ended == "failed" and status(folder) != "failed":
        write_json(folder / "result.json", {"status": "failed", "reason": why})


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
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
