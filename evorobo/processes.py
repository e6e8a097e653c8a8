"""Starts Python processes, adds up the processor time that is spent for this one, and counts its threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

_charged_seconds = [0.0]  # of processor time, by processes that work for this one


def start_process(program: str, *, text: bool) -> subprocess.Popen[Any]:
    """Start a Python process that runs `program` with our import paths and one thread; its input and output are pipes.

    The process is in a session of its own, so Ctrl-C reaches this process alone. The caller ends the other one by
    closing its input.
    """
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=text,
        start_new_session=True,
        env={**os.environ, **one_thread, "PYTHONPATH": paths},
    )


def exit_status(process: subprocess.Popen[Any]) -> str:
    """Wait for a process and say how it ended: "SIGKILL" or "exit status 7"."""
    code = process.wait()
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def redirect_stdout_to_stderr() -> int:
    """Send all further printed text to the error stream; return the file descriptor of the original output."""
    output = os.dup(1)
    os.dup2(2, 1)
    return output


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
