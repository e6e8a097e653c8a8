"""Writes one step of a robot as text that can be compiled."""

from __future__ import annotations

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.traced_step import Draws, TracedStep, trace_steps
from evorobo.tracing.arrays import DOUBLE, TRUTH

MAX_LINES = 4000
"""The largest number of lines of `advance`; numba takes 10 s for 1000 lines, 30 s for 4000."""


def trace_robot(robot: Robot, n_state: int) -> tuple[str, Draws]:
    """The text of `advance`, one step of a robot with `n_state` numbers of state, and its draws of random numbers.

    `advance(state, action, move, draws, sensors)` writes `state (n_state,)` and `sensors`, and returns reward and end.
    Raises `TaskError` for a robot whose functions cannot be traced.
    """
    try:
        steps = trace_steps(robot, n_state)
    except TaskError as error:
        raise _error(robot, str(error)) from error
    moves = len(steps)
    text = ["def advance(state, action, move, draws, sensors):"]
    for move, step in enumerate(steps):
        if moves > 1:
            text.append(f"    {'el' * (move > 0)}if move == {move}:" if move < moves - 1 else "    else:")
        text += [f"{' ' * (8 if moves > 1 else 4)}{line}" for line in _lines(step)]
    if len(text) > MAX_LINES:
        raise _error(robot, f"a step takes {len(text)} numbers, and more than {MAX_LINES} take numba minutes")
    return "\n".join(text) + "\n", steps[0].draws


def _lines(step: TracedStep) -> list[str]:
    """The lines of one step, with those that write its results."""
    script, single = step.script, np.dtype(np.float32)
    results = [
        *(f"state[{at}] = {script.cast(value, DOUBLE)}" for at, value in enumerate(step.next_state)),
        *(f"sensors[{at}] = {script.cast(value, single)}" for at, value in enumerate(step.readings)),
        f"return {script.cast(step.reward, DOUBLE)}, {script.cast(step.ended, TRUTH)}",
    ]
    return [*script.lines, *results]


def _error(robot: Robot, why: str) -> TaskError:
    return TaskError(f"{type(robot).__name__} cannot be compiled: {why}; leave compiled=True out.")
