"""Starts Python processes that end with this one, each with all that it started; counts processor time and threads."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from evorobo import guard
from evorobo.loading import WORKER_VARIABLE

_charged_seconds = [0.0]  # of processor time, by processes that work for this one


class ChildProcess:
    """A Python process that runs `program` with our import paths and one thread.

    It has a session of its own, so Ctrl-C reaches this process alone. What it prints goes to the error stream, and its
    standard input is empty. With `piped` the streams belong to the program instead, which calls `take_streams` first.
    When this process dies, however it dies, the other one is ended with all that it started, and `folder` is removed.
    It starts in the folder `home`, by default the current one, and searches `paths` first for modules.
    """

    def __init__(
        self,
        program: str,
        *arguments: str,
        piped: bool = False,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
        home: Path | None = None,
        paths: Sequence[str] = (),
    ) -> None:
        one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        package_folder = str(Path(__file__).parents[1])
        searched = os.pathsep.join(path or os.getcwd() for path in [*paths, *sys.path, package_folder])
        self._folder = folder
        self._popen = subprocess.Popen(
            # -P: the current folder is searched only if it is one of the paths
            [sys.executable, "-P", "-c", program, *arguments],
            cwd=home,
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else _error_stream(),
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            env={**os.environ, **one_thread, WORKER_VARIABLE: "1", "PYTHONPATH": searched, **(variables or {})},
        )
        self.stdin, self.stdout = self._popen.stdin, self._popen.stdout
        _guard.add(self.pid, folder)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._popen.pid

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        return self._popen.poll()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the process; return whether it has ended in time."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(seconds)
            return True
        return False

    def exit_status(self) -> str:
        """Wait for the process and say how it ended: "SIGKILL" or "exit status 7"."""
        code = self._popen.wait()
        if code == -signal.SIGKILL:
            return "SIGKILL, as when memory runs out"
        return signal.Signals(-code).name if code < 0 else f"exit status {code}"

    def end_group(self) -> None:
        """End what a process that has ended had started."""
        guard.end_tree(self.pid, has_ended=True)

    def end(self) -> None:
        """End the process at once, with everything that it started."""
        guard.end_tree(self.pid, has_ended=self.poll() is not None)
        self._popen.wait()
        for stream in (self.stdin, self.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        _guard.remove(self.pid, self._folder)


class _Guard:
    """The process that runs `evorobo.guard` for this process; it starts with the first child."""

    def __init__(self) -> None:
        self._owner = 0
        self._lock = threading.Lock()

    def add(self, pid: int | None, folder: Path | None) -> None:
        self._write("+", pid, folder)

    def remove(self, pid: int | None, folder: Path | None) -> None:
        self._write("-", pid, folder)

    def _write(self, sign: str, pid: int | None, folder: Path | None) -> None:
        with self._lock:
            if self._owner != os.getpid():  # the first child, or this process is a fork of the one with the guard
                self._start()
            with suppress(OSError):
                for thing in (pid, folder):
                    if thing is not None:
                        self._popen.stdin.write(f"{sign}{thing}\n")
                self._popen.stdin.flush()

    def _start(self) -> None:
        self._owner = os.getpid()
        self._popen: Any = subprocess.Popen(
            [sys.executable, "-I", str(guard.__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        atexit.register(self._end, self._popen)

    @staticmethod
    def _end(popen: Any) -> None:
        with suppress(OSError):
            popen.stdin.close()
            popen.wait()


_guard = _Guard()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a temporary folder that is removed at the end of the block, also where this process is killed."""
    folder = Path(tempfile.mkdtemp(prefix="evorobo-")).resolve()
    _guard.add(None, folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _guard.remove(None, folder)


def _error_stream() -> int:
    """The file descriptor of the error stream, or that of nothing where it is closed."""
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return 2


def take_streams() -> tuple[int, int]:
    """Return file descriptors of the standard input and output, which are then empty and the error stream."""
    streams = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return streams


def thread_count() -> int:
    """`OMP_NUM_THREADS` where it is set (a study with parallel trials sets 1), else the number of usable processors."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdigit():
        return max(1, int(limit))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def charge_cpu(seconds: float) -> None:
    """Add processor time that another process has spent for this one."""
    _charged_seconds[0] += seconds


def cpu_seconds() -> float:
    """Return the processor time of this process and of those that have charged it."""
    return time.process_time() + _charged_seconds[0]
