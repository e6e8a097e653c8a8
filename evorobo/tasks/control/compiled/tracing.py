"""Writes one step of a robot as text that can be compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.traced_step import Draws, TracedStep, trace_steps
from evorobo.tracing.arrays import DOUBLE, TRUTH

SINGLE = np.dtype(np.float32)
MAX_LINES = 4000
"""The largest number of lines of `advance`; numba takes 10 s for 1000 lines, 30 s for 4000."""
MAX_GRADIENT_LINES = 10000
"""The same for a step and its gradient."""


def trace_robot(robot: Robot, n_state: int) -> tuple[str, Draws]:
    """The text of `advance`, one step of a robot with `n_state` numbers of state, and its draws of random numbers.

    `advance(state, action, move, draws, sensors)` writes `state (n_state,)` and `sensors`, and returns reward and end.
    Raises `TaskError` for a robot whose functions cannot be traced.
    """
    try:
        steps = trace_steps(robot, n_state)
    except TaskError as error:
        raise _error(robot, str(error)) from error
    text = _advance(steps, SINGLE)
    _check_length(robot, len(text), MAX_LINES)
    return "\n".join(text) + "\n", steps[0].draws


def robot_gradient_source(robot_graph: RobotGraph) -> str:
    """The text of `advance`, as above but for `sensors` in double precision, and of `advance_backward`.

    `advance_backward(state, action, draws, grad_state, reward_weight, grad_sensors, grad_action)` maps the gradients of
    the state and the sensors after a step to those of the state before it, in `grad_state`, and of the action. Raises
    `TaskError` for a robot whose step has too many numbers.
    """
    backward = robot_graph.backward
    names = [f"grad_state[{at}]" for at in range(robot_graph.n_states)]
    wanted = [*names, *(f"grad_action[{at}]" for at in range(robot_graph.n_actions))]
    results = [
        f"{name} = {backward.script.cast(value, DOUBLE)}" for name, value in zip(wanted, backward.adjoints, strict=True)
    ]
    head = "def advance_backward(state, action, draws, grad_state, reward_weight, grad_sensors, grad_action):"
    text = [*_advance([robot_graph.step], DOUBLE), "", "", head]
    text += [f"    {line}" for line in (*backward.script.lines, *results)]
    _check_length(robot_graph.robot, len(text), MAX_GRADIENT_LINES)
    return "\n".join(text) + "\n"


def _check_length(robot: Robot, n_lines: int, most: int) -> None:
    if n_lines > most:
        raise _error(robot, f"a step takes {n_lines} numbers, and more than {most} take numba minutes")


def _advance(steps: list[TracedStep], sensor_kind: np.dtype[Any]) -> list[str]:
    """The lines of `advance`."""
    moves = len(steps)
    text = ["def advance(state, action, move, draws, sensors):"]
    for move, step in enumerate(steps):
        if moves > 1:
            text.append(f"    {'el' * (move > 0)}if move == {move}:" if move < moves - 1 else "    else:")
        text += [f"{' ' * (8 if moves > 1 else 4)}{line}" for line in _lines(step, sensor_kind)]
    return text


def _lines(step: TracedStep, sensor_kind: np.dtype[Any]) -> list[str]:
    """The lines of one step, with those that write its results."""
    script = step.script
    results = [
        *(f"state[{at}] = {script.cast(value, DOUBLE)}" for at, value in enumerate(step.next_state)),
        *(f"sensors[{at}] = {script.cast(value, sensor_kind)}" for at, value in enumerate(step.readings)),
        f"return {script.cast(step.reward, DOUBLE)}, {script.cast(step.ended, TRUTH)}",
    ]
    return [*script.lines, *results]


def _error(robot: Robot, why: str) -> TaskError:
    return TaskError(f"{type(robot).__name__} cannot be compiled: {why}; leave compiled=True out.")
