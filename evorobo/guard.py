"""Ends processes with everything that they started; as a program, it does so when the process that began it has died.

The program runs on its own, without the package. It reads lines: `+PID` and `+FOLDER` for what to end and to remove,
`-PID` and `-FOLDER` for what has ended. A process cannot do this for itself: a robot may hold the interpreter for ever.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from contextlib import suppress


def end_tree(pid: int, has_ended: bool = False) -> None:
    """Kill the leader of a process group with its group, and all processes that descend from it.

    Of a leader that has ended, only the group is killed: its number may belong to another process by now.
    """
    import psutil

    descendants: list[psutil.Process] = []
    with suppress(psutil.Error):
        descendants = [] if has_ended else psutil.Process(pid).children(recursive=True)
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        elif not has_ended:
            os.kill(pid, signal.SIGTERM)  # on Windows this ends the process at once
    for process in descendants:
        with suppress(psutil.Error):
            process.kill()


def main() -> None:
    """Read what to guard until the input ends; then end and remove what is left."""
    import psutil  # noqa: F401 - early, so that it is there when time matters

    guarded: dict[str, None] = {}
    for line in sys.stdin:
        sign, thing = line[0], line[1:].rstrip("\n")
        if sign == "+":
            guarded[thing] = None
        else:
            guarded.pop(thing, None)
    for thing in guarded:
        if thing.isdigit():
            end_tree(int(thing))
    for thing in guarded:
        if not thing.isdigit():
            shutil.rmtree(thing, ignore_errors=True)


if __name__ == "__main__":
    main()
