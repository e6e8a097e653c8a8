"""Writes one step of a robot as text that can be compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.traced_step import Draws, TracedStep, trace_steps
from evorobo.tracing.arrays import DOUBLE, TRUTH
from evorobo.tracing.loops import Body, function_body

SINGLE = np.dtype(np.float32)
MAX_LINES = 4000
"""The largest number of lines of a step, and of its gradient, after loops are found; more take numba minutes."""


@dataclass(frozen=True)
class StepSource:
    """The text of one step of a robot, its random draws, and the length of the array `kept` that it needs."""

    text: str
    draws: Draws
    n_kept: int


def trace_robot(robot: Robot, n_state: int) -> StepSource:
    """The text of `advance`, one step of a robot with `n_state` numbers of state.

    `advance(state, action, move, draws, sensors, kept)` writes `state (n_state,)` and `sensors`, and returns reward and
    end; `kept (n_kept,)` holds numbers of the step. Raises `TaskError` for a robot whose functions cannot be traced.
    """
    try:
        steps = trace_steps(robot, n_state)
    except TaskError as error:
        raise _error(robot, str(error)) from error
    return _source(robot, steps[0].draws, [_advance(steps, SINGLE)])


def trace_robot_gradient(robot_graph: RobotGraph) -> StepSource:
    """The text of `advance`, as above but for `sensors` in double precision, and of `advance_backward`.

    `advance_backward(state, action, draws, grad_state, reward_weight, grad_sensors, grad_action, kept)` maps the
    gradients of the state and the sensors after a step to those of the state before it, in `grad_state`, and of the
    action. Raises `TaskError` for a robot whose step has too many numbers.
    """
    backward = robot_graph.backward
    names = [f"grad_state[{at}]" for at in range(robot_graph.n_states)]
    wanted = [*names, *(f"grad_action[{at}]" for at in range(robot_graph.n_actions))]
    results = [
        f"{name} = {backward.script.cast(value, DOUBLE)}" for name, value in zip(wanted, backward.adjoints, strict=True)
    ]
    head = "def advance_backward(state, action, draws, grad_state, reward_weight, grad_sensors, grad_action, kept):"
    body = function_body(backward.script, results, "backward")
    backward_function = Body([head, *_indented(body.lines)], body.tables, body.n_kept)
    step = robot_graph.step
    return _source(robot_graph.robot, step.draws, [_advance([step], DOUBLE), backward_function])


def _source(robot: Robot, draws: Draws, functions: list[Body]) -> StepSource:
    """The text of functions, after the constant arrays that they use."""
    tables = [table for function in functions for table in function.tables]
    texts = ["\n".join(function.lines) for function in functions]
    if tables:
        texts.insert(0, "\n".join(["import numpy as np", "", *tables]))
    n_lines = sum(len(function.lines) for function in functions)
    if n_lines > MAX_LINES:
        raise _error(robot, f"a step takes {n_lines} lines, and more than {MAX_LINES} take numba minutes")
    return StepSource("\n\n\n".join(texts) + "\n", draws, max(function.n_kept for function in functions))


def _advance(steps: list[TracedStep], sensor_kind: np.dtype[Any]) -> Body:
    """The function `advance`."""
    bodies = [
        function_body(step.script, _results(step, sensor_kind), f"step_{move}") for move, step in enumerate(steps)
    ]
    text = ["def advance(state, action, move, draws, sensors, kept):"]
    for move, body in enumerate(bodies):
        if len(bodies) == 1:
            text += _indented(body.lines)
            continue
        text.append(f"    {'el' * (move > 0)}if move == {move}:" if move < len(bodies) - 1 else "    else:")
        text += _indented(_indented(body.lines))
    tables = [table for body in bodies for table in body.tables]
    return Body(text, tables, max(body.n_kept for body in bodies))


def _results(step: TracedStep, sensor_kind: np.dtype[Any]) -> list[str]:
    """The lines that write the results of a step."""
    script = step.script
    return [
        *(f"state[{at}] = {script.cast(value, DOUBLE)}" for at, value in enumerate(step.next_state)),
        *(f"sensors[{at}] = {script.cast(value, sensor_kind)}" for at, value in enumerate(step.readings)),
        f"return {script.cast(step.reward, DOUBLE)}, {script.cast(step.ended, TRUTH)}",
    ]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _error(robot: Robot, why: str) -> TaskError:
    return TaskError(f"{type(robot).__name__} cannot be compiled: {why}; leave compiled=True out.")
