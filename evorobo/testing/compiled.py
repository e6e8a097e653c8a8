"""Compares a compiled robot with the vectorized one, step by step from equal states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.compiled import choices
from evorobo.tasks.control.compiled.episodes import draw_all
from evorobo.tasks.control.compiled.tracing import trace_robot
from evorobo.tasks.control.robots.base import Robot, clip_action
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator
from evorobo.testing.common import require, type_name


def check_compiled(robot: Robot, actions: np.ndarray) -> bool:
    """Whether the robot can be compiled. Raise `TaskError` if it can, but then computes other numbers.

    `actions (robots, steps, ...)` are its actions. numba is not needed: Python runs the text that would be compiled.
    """
    robots, steps = actions.shape[:2]
    simulator, streams = VectorizedSimulator(robot, steps), VectorizedSimulator(robot, steps)
    seeds = np.arange(robots)
    simulator.reset(seeds, 1)
    try:
        source = trace_robot(robot, simulator.state.shape[1])
    except TaskError:
        return False
    streams.reset(seeds, 1)
    random_numbers = draw_all(streams.random_streams, source.draws, steps)
    advance = _uncompiled_step(source.text)
    running, kept = np.arange(robots), np.zeros(source.n_kept)
    for step in range(steps):
        before = np.array(simulator.state, float)
        numbers = random_numbers[running, step % random_numbers.shape[1]]
        clipped = clip_action(robot, actions[running, step])
        observations, rewards, ended = simulator.step(clipped)
        for row, state in enumerate(before):
            sensors, action = np.zeros(len(robot.sensors), np.float32), np.atleast_1d(clipped[row])
            with np.errstate(all="ignore"):
                reward, is_end = advance(state, action, action[0], numbers[row], sensors, kept)
            pairs = {
                "transition": (state, simulator.state[row]),
                "reward": (reward, rewards[row]),
                "observation": (sensors, observations[row]),
            }
            for function, (one, many) in pairs.items():
                require(
                    _is_close(one, many),
                    f"{type_name(robot)}.{function}() returns {many} at step {step + 1} and {one} when compiled; "
                    "each row must be computed by NumPy functions alone, the same ones in every step.",
                )
            require(
                step == steps - 1 or bool(is_end) == bool(ended[row]),
                f"{type_name(robot)}.terminal() returns another value when compiled at step {step + 1}; compute "
                "it from the state by NumPy functions alone.",
            )
        simulator.keep(~ended)
        running = running[~ended]
        if not len(running):
            break
    return True


def _is_close(one: Array, many: Array) -> bool:
    single = np.asarray(many).dtype == np.float32  # the last bit may round differently
    tolerance = 1e-6 if single else 1e-9
    return np.allclose(one, many, rtol=tolerance, atol=tolerance, equal_nan=True)


def _uncompiled_step(advance: str) -> Callable[..., tuple[float, bool]]:
    """The robot's `advance` in plain Python with NumPy's functions: slow, but with the numbers of NumPy."""
    # NumPy has the used functions of `math` under the same names
    names: dict[str, Any] = {**vars(choices), "math": np}
    names |= {"float32": np.float32, "float64": np.float64, "int64": np.int64}
    exec(advance, names)
    step: Callable[..., tuple[float, bool]] = names["advance"]
    return step
