"""Processes and threads: fresh Python processes for our own work, and how many threads this one may use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any


def start_process(program: str, *, text: bool) -> subprocess.Popen[Any]:
    """Start `program`, Python code that imports what we can import; its input and output are pipes.

    Ctrl-C reaches us alone, and we decide what becomes of it: whoever starts a process closes its input at the end.
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
    """How a process ended, in words: "SIGKILL" or "exit status 7"."""
    code = process.wait()
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def redirect_stdout_to_stderr() -> int:
    """In a fresh process: what is printed goes to the error stream from now on; the descriptor of the true output."""
    output = os.dup(1)
    os.dup2(2, 1)
    return output


def thread_count() -> int:
    """`OMP_NUM_THREADS`, which is 1 where a study runs trials side by side; else all processors there are for us."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdigit():
        return max(1, int(told))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
