"""Worker processes that run functions, one after another: each order is a JSON file, and so is each answer.

No pool library is used. The workers of multiprocessing, pebble and billiard are daemons and may start no processes, so
robots with `multiprocessing.Pool` or gymnasium's `AsyncVectorEnv` fail in them. joblib's loky and `concurrent.futures`
break as a whole when one worker dies. The pipes of all of them break when a robot closes its file descriptors, or stay
open for ever in a process that it forked. Files do neither, and each worker leads a session of its own, which is ended
as a whole.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from evorobo.errors import TaskError
from evorobo.processes import ChildProcess
from evorobo.user_code import STOP_SECONDS, as_error, error_text

END_SECONDS = 1.0
"""How long an idle worker may take to end by itself, so that libraries can remove their temporary files."""
_SHORT_PAUSE, _LONG_PAUSE = 0.0005, 0.02
"""Seconds between two looks for a file: short after something happened, then longer and longer."""


@dataclass(frozen=True)
class Order:
    """A call of the function `"module:name"` with plain arguments; what it returns is plain as well."""

    function: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the function of an order returned, or why there is no value, in one sentence."""

    value: Any = None
    error: str = ""


class WorkerPool:
    """Workers that start together with the first order and are kept for further ones; a `with` block ends them.

    A worker that dies, or that is ended because of a fault, fails its order alone; another one takes its place.
    Workers start in the folder `home`, by default the current one, and search `paths` first for modules.
    """

    def __init__(self, size: int, home: Path | None = None, paths: Sequence[str] = ()) -> None:
        self.size, self._home, self._paths = size, home, paths
        self._idle: list[_Worker] = []
        self._busy: dict[_Worker, int] = {}

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def run(
        self,
        orders: Sequence[Order],
        on_start: Callable[[int], None] = lambda number: None,
        find_fault: Callable[[int], str] = lambda number: "",
    ) -> Iterator[tuple[int, Answer]]:
        """Run the orders; yield the number of each in `orders` with its answer, in the order in which they end.

        `on_start` is called when a worker begins an order. `find_fault` is called again and again while it runs; where
        it returns a sentence, the worker is ended, and the sentence is the error of the answer.
        """
        waiting, pause = deque(enumerate(orders)), _SHORT_PAUSE
        if waiting:
            self._idle += [self._new_worker() for _ in range(self.size - len(self._idle))]
        while waiting or self._busy:
            while waiting and len(self._busy) < self.size:
                worker = self._idle.pop() if self._idle else self._new_worker()
                number, order = waiting.popleft()
                self._busy[worker] = number
                worker.submit(order)
            changed = False
            for worker, number in list(self._busy.items()):
                if worker.has_just_begun():
                    on_start(number)
                    changed = True
                answer = worker.answer()
                if answer is None and worker.begun and (fault := find_fault(number)):
                    worker.end()
                    answer = Answer(error=fault)
                if answer is not None:
                    self._release(worker)
                    changed = True
                    yield number, answer
            pause = _SHORT_PAUSE if changed else min(1.5 * pause, _LONG_PAUSE)
            time.sleep(pause)

    def _new_worker(self) -> _Worker:
        return _Worker(self._home, self._paths)

    def _release(self, worker: _Worker) -> None:
        del self._busy[worker]
        if worker.usable:
            self._idle.append(worker)
        else:
            worker.end()

    def stop(self) -> None:
        """Ask the running functions to keep what they have and to return; end the workers that take too long."""
        for worker in self._busy:
            worker.request_stop()
        deadline = time.monotonic() + STOP_SECONDS
        while any(worker.answer() is None for worker in self._busy) and time.monotonic() < deadline:
            time.sleep(_LONG_PAUSE)
        self.close()

    def close(self) -> None:
        """End all workers: idle ones may finish, busy ones are killed, and nothing that they started is left."""
        for worker in self._idle:
            worker.request_end()
        for worker in self._busy:
            worker.end()
        deadline = time.monotonic() + END_SECONDS
        for worker in self._idle:
            worker.process.wait(max(0.0, deadline - time.monotonic()))
            worker.end()
        self._idle, self._busy = [], {}


class BackgroundCall:
    """A call in a worker process beside this one. It begins at once, and ends with `stop_calls`."""

    def __init__(self, order: Order) -> None:
        self.worker = _Worker(None, ())
        self.worker.submit(order)


def stop_calls(calls: Sequence[BackgroundCall], seconds: float) -> list[Answer]:
    """Ask functions to return (`stop_requested`), and end their processes after so many seconds; return the answers."""
    deadline = time.monotonic() + seconds
    answers = []
    try:
        for call in calls:
            call.worker.request_stop()
            call.worker.request_end()
        for call in calls:
            while (answer := call.worker.answer()) is None and time.monotonic() < deadline:
                time.sleep(_LONG_PAUSE)
            if answer is not None:
                call.worker.process.wait(END_SECONDS)
            answers.append(answer or Answer(error=f"it was ended after {seconds:g} s"))
    finally:
        for call in calls:
            call.worker.end()
    return answers


class _Worker:
    """A process that runs `serve` in a private folder, which also holds its temporary files."""

    def __init__(self, home: Path | None, paths: Sequence[str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="evorobo-")).resolve()
        own = self._folder / "tmp"
        own.mkdir()
        self._n_orders = 0
        self.begun = False
        self.usable = True
        self.process = ChildProcess(
            f"from {__name__} import serve; serve()",
            str(self._folder),
            folder=self._folder,
            variables=dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(own)),
            home=home,
            paths=paths,
        )

    def submit(self, order: Order) -> None:
        self._n_orders += 1
        self.begun = False
        _write(self._path("order"), vars(order))

    def has_just_begun(self) -> bool:
        """Return True once for each order, when the worker has taken it."""
        if self.begun or self._path("order").exists():
            return False
        self.begun = True
        return True

    def answer(self) -> Answer | None:
        """Return the answer to the last order, or None while the worker runs it."""
        ended = self.process.poll() is not None
        if self._path("answer").exists():
            content = json.loads(self._path("answer").read_text())
            self.usable = content.pop("usable") and not ended
            return Answer(**content)
        if not ended:
            return None
        self.usable = False
        return Answer(error=f"its worker process died ({self.process.exit_status()})")

    def request_stop(self) -> None:
        (self._folder / "stop").touch()

    def request_end(self) -> None:
        (self._folder / "end").touch()

    def end(self) -> None:
        self.usable = False
        self.process.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, kind: str) -> Path:
        return self._folder / f"{kind}-{self._n_orders}.json"


def stop_requested() -> bool:
    """Whether the function that runs in this worker should keep what it has and return."""
    return _own_folder is not None and (_own_folder / "stop").exists()


def closed_descriptors() -> TaskError | None:
    """Return an error where user code in this worker has closed file descriptors that it did not open."""
    if _are_open():
        return None
    return TaskError(
        "user code closed file descriptors that it had not opened (os.close, os.closerange), so files may be mixed up; "
        "let it close only its own."
    )


def _are_open() -> bool:
    return all(_identity(number) == before for number, before in _descriptors.items())


_own_folder: Path | None = None
"""The private folder of this process, if it is a worker."""
_descriptors: dict[int, tuple[int, int] | None] = {}
"""In a worker, file descriptors that stay open, with their files."""


def serve() -> None:
    """Run orders in a worker process, until it is asked to end or the process that started it has died."""
    global _own_folder
    folder, home, parent = Path(sys.argv.pop()), os.getcwd(), os.getppid()
    _own_folder = folder
    _descriptors.update({number: _identity(number) for number in (1, 2, os.open(os.devnull, os.O_RDONLY))})
    number = 1
    while (order := _next_order(folder, number, parent)) is not None:
        try:
            answer = {"value": _call(order["function"], order["arguments"])}
            if error := closed_descriptors():
                answer = {"error": str(error)}
        except BaseException as raised:
            answer = {"error": error_text(closed_descriptors() or as_error(raised))}
        intact = _are_open()
        with suppress(OSError):
            os.chdir(home)  # the names of a study's files are relative to it
        _write(folder / f"answer-{number}.json", {**answer, "usable": intact})
        if not intact:
            os._exit(0)
        number += 1


def _next_order(folder: Path, number: int, parent: int) -> dict[str, Any] | None:
    """Wait for an order and take it; None at the end."""
    path, pause = folder / f"order-{number}.json", _SHORT_PAUSE
    while not path.exists():
        if (folder / "end").exists() or not folder.exists() or os.getppid() != parent:
            return None
        time.sleep(pause)
        pause = min(1.5 * pause, _LONG_PAUSE)
    order: dict[str, Any] = json.loads(path.read_text())
    path.unlink()  # the sign that it has begun
    return order


def _call(function: str, arguments: dict[str, Any]) -> Any:
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)(**arguments)


def _identity(descriptor: int) -> tuple[int, int] | None:
    """The numbers that identify the open file of a descriptor; None where it is closed."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a file that appears at once as a whole."""
    half = path.with_suffix(".half")
    half.write_text(json.dumps(content))
    half.replace(path)
