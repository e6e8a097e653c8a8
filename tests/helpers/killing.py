"""Trials in a process of their own that is killed at a given call of a method."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from evorobo.study import running


def run_killed(trial: Any, folder: Path, owner: type, name: str, number: int) -> None:
    """Run a trial in a process that ends itself with SIGKILL after the call with this number of a method of `owner`.

    Checkpoints are written after every step.
    """
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status), "it ended before it was killed"
        assert os.WTERMSIG(status) == signal.SIGKILL
        return
    original, calls = getattr(owner, name), [0]

    def method(*args: Any) -> Any:
        result = original(*args)
        calls[0] += 1
        if calls[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    try:
        setattr(owner, name, method)
        running.CHECKPOINT_SECONDS = 0.0
        trial.run(folder)
    finally:
        os._exit(1)
