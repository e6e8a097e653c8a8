"""Counts the floating-point operations of one step of a robot, by tracing it."""

from __future__ import annotations

import pickle
import warnings

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams
from evorobo.tasks.control.robots.traced_step import trace_steps
from evorobo.tracing.flops import graph_flops
from evorobo.tracing.graph import Graph


def step_flops(robot: Robot) -> int:
    """The operations of one step, with the move that takes most; 0 for a robot whose functions cannot be traced."""
    try:
        key = type(robot), pickle.dumps(vars(robot))
    except Exception:  # settings that cannot be pickled raise any error
        return _count(robot)
    if key not in _counted:
        _counted[key] = _count(robot)
    return _counted[key]


_counted: dict[tuple[type[Robot], bytes], int] = {}
"""The operations of the robots of this process, by class and settings: tracing takes up to half a second."""


def _count(robot: Robot) -> int:
    n_state = robot.initial(RandomStreams.for_one(np.random.default_rng(0))).shape[1]
    try:
        with warnings.catch_warnings(action="ignore"):
            steps = trace_steps(robot, n_state)
    except TaskError:
        return 0
    return max(
        graph_flops(
            Graph(
                [*step.state, *step.action, *step.random_numbers],
                [*step.next_state, step.reward, *step.readings, step.ended],
            )
        )
        for step in steps
    )
