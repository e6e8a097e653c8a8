"""A robot compiled and the same robot on rows: both must tell one story, step by step from equal states."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.compiled.loading import uncompiled_step
from evorobo.tasks.control.compiled.tracing import trace_robot
from evorobo.tasks.control.robots.base import Robot, clip_action
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator
from evorobo.testing.common import require, type_name


def check_compiled(robot: Robot, actions: np.ndarray) -> bool:
    """Whether the robot can be compiled. Raise `TaskError` if it can, but would then live another life than on rows.

    `actions (robots, steps, ...)` are what it does meanwhile. numba is not needed: the text that it would compile is
    run by Python.
    """
    robots, steps = actions.shape[:2]
    rows, other = VectorizedSimulator(robot, steps), VectorizedSimulator(robot, steps)
    seeds = np.arange(robots)
    rows.reset(seeds, 1)
    try:
        text, draws = trace_robot(robot, rows.state.shape[1])
    except TaskError:
        return False
    other.reset(seeds, 1)
    advance = uncompiled_step(text)
    running = np.arange(robots)
    for step in range(steps):
        chance = [
            [value for draw in draws for value in other.random_streams.streams[each].next(*draw)] for each in running
        ]
        before = np.array(rows.state, float)
        acted = clip_action(robot, actions[running, step])
        told = rows.step(acted)
        for row, state in enumerate(before):
            sensors, action = np.zeros(len(robot.sensors), np.float32), np.atleast_1d(acted[row])
            with np.errstate(all="ignore"):
                reward, ended = advance(state, action, action[0], np.array(chance[row]), sensors)
            pairs = {
                "transition": (state, rows.state[row]),
                "reward": (reward, told[1][row]),
                "observation": (sensors, told[0][row]),
            }
            for function, (one, many) in pairs.items():
                require(
                    _near(one, many),
                    f"{type_name(robot)}.{function}() gives {many} at step {step + 1} on rows and {one} when compiled; "
                    "each row must be computed by functions of NumPy alone, and by the same ones at any time.",
                )
            require(
                step == steps - 1 or bool(ended) == bool(told[2][row]),
                f"{type_name(robot)}.terminal() ends otherwise on rows and when compiled at step {step + 1}; it must be "
                "computed from the state by functions of NumPy alone.",
            )
        rows.keep(~told[2])
        running = running[~told[2]]
        if not len(running):
            break
    return True


def _near(one: Array, many: Array) -> bool:
    single = np.asarray(many).dtype == np.float32  # where a hair may tip the balance
    tolerance = 1e-6 if single else 1e-9
    return np.allclose(one, many, rtol=tolerance, atol=tolerance, equal_nan=True)
