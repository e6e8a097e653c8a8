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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evorobo.errors import ResultsError
from evorobo.settings import to_plain
from evorobo.study.trial import Interrupted, Trial

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


def run_here(trials: list[Trial], folder: Path, listen: Listen) -> None:
    """One after the other in this process. Ctrl-C keeps a checkpoint and raises `Interrupted`; twice stops at once."""
    with stoppable() as stopping:
        for trial in trials:
            path = trial.path
            listen(Event(path))
            status, reason = _run(trial, folder / path, lambda share: listen(Event(path, share)), stopping)  # noqa: B023
            listen(Event(path, 1.0, status, reason))


def run_in_processes(trials: list[Trial], folder: Path, listen: Listen, jobs: int) -> None:
    """`jobs` at a time, each in a fresh process with one BLAS thread. A worker that dies fails its trial only."""
    waiting = list(trials)
    news: queue.Queue[tuple[_Worker, Event | None]] = queue.Queue()
    workers = [_Worker(news) for _ in range(min(jobs, len(waiting)))]
    try:
        for worker in workers:
            worker.give(waiting.pop(0), folder)
        while any(worker.busy for worker in workers):
            worker, event = news.get()
            if event is None:  # the worker is gone
                if worker.busy:
                    listen(Event(worker.busy, 1.0, "failed", worker.last_words()))
                    workers.remove(worker)
                    if waiting:
                        workers.append(_Worker(news))
                        workers[-1].give(waiting.pop(0), folder)
                continue
            listen(event)
            if event.status:
                worker.busy = ""
                if waiting:
                    worker.give(waiting.pop(0), folder)
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
        self.busy = ""
        one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from evorobo.study.executors import work; work()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches us alone, and we ask politely
            env={**os.environ, **one_thread, "PYTHONPATH": paths},
        )
        threading.Thread(target=self._hear, args=(news,), daemon=True).start()

    def give(self, trial: Trial, folder: Path) -> None:
        self.busy = trial.path
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"trial": to_plain(trial), "folder": str(folder / trial.path)}) + "\n")
        self._process.stdin.flush()

    def _hear(self, news: queue.Queue[Any]) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            news.put((self, Event(**json.loads(line))))
        news.put((self, None))

    def last_words(self) -> str:
        code = self._process.wait()
        return f"its worker process died ({signal.Signals(-code).name if code < 0 else f'exit status {code}'})"

    def ask_to_stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its last checkpoint is on disk

    def end(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self.wait()
        if self._process.stdout:
            self._process.stdout.close()


def work() -> None:
    """The worker's side. It ends when its input does, so none outlives the study that started it."""
    os.environ["EVOROBO_WORKER"] = "1"
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever robots print goes to the error stream, not between our lines
    orders: queue.Queue[str | None] = queue.Queue()

    def tell(event: Event) -> None:
        out.write(json.dumps(vars(event)) + "\n")
        out.flush()

    def read_orders() -> None:
        for line in sys.stdin:
            orders.put(line)
        if running.is_set():
            os._exit(1)  # the study is gone; all that counts is on disk
        orders.put(None)

    running = threading.Event()
    threading.Thread(target=read_orders, daemon=True).start()
    from evorobo.settings import from_plain

    with stoppable() as stopping:
        while (line := orders.get()) is not None:
            running.set()
            order = json.loads(line)
            trial: Trial = from_plain(order["trial"])
            path = trial.path
            tell(Event(path))
            try:
                status, reason = _run(trial, Path(order["folder"]), lambda share: tell(Event(path, share)), stopping)  # noqa: B023
            except Interrupted:
                return
            running.clear()
            tell(Event(path, 1.0, status, reason))


def _run(trial: Trial, folder: Path, watch: Callable[[float], None], stopping: Callable[[], bool]) -> tuple[str, str]:
    """Run one trial; how it ended, and why if it failed."""
    try:
        status = trial.run(folder, watch, stopping)
    except ResultsError as error:
        return "failed", str(error)
    reason = json.loads((folder / "result.json").read_text()).get("reason", "") if status == "failed" else ""
    return status, reason


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
