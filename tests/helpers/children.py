"""Calls in copies of this process, which may be killed, crash or hang."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from evorobo import EvoroboError

LIMIT_SECONDS = 300.0


def start_child(call: Callable[[], Any], output: Path) -> int:
    """Run `call` in a copy of this process, as the leader of a group; it writes its answer or its error to `output`."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        try:
            answer = {"answer": call()}
        except EvoroboError as error:
            answer = {"refused": str(error)}
        except BaseException:
            answer = {"error": traceback.format_exc()}
        output.write_text(json.dumps(answer))
    finally:
        os._exit(0)


def end(pid: int) -> None:
    """Kill the group of a child, and wait for the child."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


def in_child(call: Callable[[], Any], output: Path, seconds: float = LIMIT_SECONDS) -> dict[str, Any]:
    """Return {"answer": ...}, {"refused": sentence} or {"error": why} of a call in another process."""
    output.unlink(missing_ok=True)
    pid, until = start_child(call, output), time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        time.sleep(0.005)
    else:
        end(pid)
        return {"error": f"it did not end in {seconds:.0f} s"}
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return json.loads(output.read_text()) if output.exists() else {"error": "its process died"}


def processes_with(mark: str) -> list[int]:
    """Return the processes that were started with a mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found
