"""Experiment scripts as users write them, outside the package, and how to run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

GUARD = 'if __name__ == "__main__":\n    '

RAIL = '''
"""A cart on a rail that should stay in the middle: a robot of one's own, evolved and taught."""

import os
import time

import numpy as np

from evorobo import CMAES, Backprop, Budget, ControlTask, Evolution, Robot, Study, main, register


class Rail(Robot):
    sensors = ("place", "speed")
    motors = ("push",)
    max_steps = 20

    def initial(self, rng):
        return np.column_stack([rng.uniform(-1, 1, 1), rng.normal(0.1, 1)])

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        time.sleep(float(os.environ.get("SLOW", 0)))
        place, speed = state.T
        speed = 0.9 * speed + 0.2 * action[:, 0]
        return np.column_stack([place + 0.2 * speed, speed])

    def reward(self, state, action, next_state):
        return -np.abs(next_state[:, 0])

    def teacher(self, sensors):
        return np.clip(-3 * sensors[:, :1] - 2 * sensors[:, 1:], -1, 1)


register(Rail, "my/Rail-v0")
study = Study.grid(
    "rail",
    tasks=[ControlTask("my/Rail-v0", validation_episodes=3, test_episodes=3, n_demonstrations=2)],
    methods=[Evolution(CMAES()), Backprop()],
    seeds=2,
    budget=Budget(flops=1e5, n_evals=12),
    hidden=(4,),
)
'''
"""Each tick takes `SLOW` seconds more, so that there is time to interrupt; nothing else depends on it."""


def rail(folder: Path, guard: bool = True) -> Path:
    """`rail.py` in `folder`, with or without the guard that the language asks for."""
    path = folder / "rail.py"
    path.write_text(RAIL + (GUARD if guard else "") + "main(study)\n")
    return path


def launch(*words: object, folder: Path, slow: float = 0.0) -> subprocess.Popen[str]:
    """Python at work on `words` in `folder`."""
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SLOW": str(slow)},
    )


def run(*words: object, folder: Path) -> tuple[int, str, str]:
    """Exit status, output and errors of Python at work on `words`."""
    process = launch(*words, folder=folder)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def sentence(answer: tuple[int, str, str], status: int = 2) -> str:
    """The one sentence on the error stream of a call that could not be."""
    code, _, err = answer
    assert code == status, err
    assert re.fullmatch(r"evorobo: [^\n]+\n", err), err
    return err.removeprefix("evorobo: ").rstrip()
