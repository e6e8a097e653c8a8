"""Traces a robot's vectorized functions: runs them once on names and writes down what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot
from evorobo.tracing.arrays import DOUBLE, TRUTH, Number, Script, traced
from evorobo.user_code import reraise_interrupt

Draws = list[tuple[str, int]]
"""The random numbers that a robot draws in each step, in order: kind and size (see `RandomStreams`)."""

MAX_LINES = 4000
"""The largest number of lines of `advance`; numba takes 10 s for 1000 lines, 30 s for 4000."""


def trace_robot(robot: Robot, n_state: int) -> tuple[str, Draws]:
    """The text of `advance`, one step of a robot with `n_state` numbers of state, and its draws of random numbers.

    `advance(state, action, move, draws, sensors)` writes `state (n_state,)` and `sensors`, and returns reward and end.
    Raises `TaskError` for a robot whose functions cannot be traced.
    """
    moves = len(robot.moves) or 1
    kinds = [DOUBLE] * n_state
    steps = [_Step(robot, move, kinds) for move in range(moves)]
    if steps[0].kinds != kinds:  # a state in single precision
        steps = [_Step(robot, move, steps[0].kinds) for move in range(moves)]
    if any(step.draws != steps[0].draws for step in steps):
        raise _error(robot, "what it draws from rng depends on the move")
    text = ["def advance(state, action, move, draws, sensors):"]
    for move, step in enumerate(steps):
        if moves > 1:
            text.append(f"    {'el' * (move > 0)}if move == {move}:" if move < moves - 1 else "    else:")
        text += [f"{' ' * (8 if moves > 1 else 4)}{line}" for line in step.lines]
    if len(text) > MAX_LINES:
        raise _error(robot, f"a step takes {len(text)} numbers, and more than {MAX_LINES} take numba minutes")
    return "\n".join(text) + "\n", steps[0].draws


class _Step:
    """One step with one move, or with any motor commands: its lines, its draws, and the types of its state."""

    def __init__(self, robot: Robot, move: int, kinds: Sequence[np.dtype[Any]]) -> None:
        script, self.draws = Script(), Draws()
        rng: Any = _NamedStreams(script, self.draws)
        state = traced([script.number(f"{kind.name}(state[{at}])", kind) for at, kind in enumerate(kinds)])
        if robot.moves:
            action: Any = np.array([move])
        else:
            action = traced([script.number(f"action[{at}]", DOUBLE) for at in range(len(robot.motors))])
        try:
            after = robot.transition(state, action, rng)
            reward = robot.reward(state, action, after)
            terminal = robot.terminal(after)
            sensors = robot.observation(after, rng)
        except TaskError as error:
            raise _error(robot, str(error)) from error
        except BaseException as error:
            reraise_interrupt(error)
            raise _error(robot, f"with arrays of names it raises {type(error).__name__}: {error}") from error
        states = _values(robot, "transition", after, (1, len(kinds)))
        self.kinds = [value.dtype if isinstance(value, Number | np.generic) else DOUBLE for value in states]
        readings = _values(robot, "observation", sensors, (1, len(robot.sensors)))
        (reward_value,), (ended,) = _values(robot, "reward", reward, (1,)), _values(robot, "terminal", terminal, (1,))
        single = np.dtype(np.float32)
        results = [
            *(f"state[{at}] = {script.cast(value, DOUBLE)}" for at, value in enumerate(states)),
            *(f"sensors[{at}] = {script.cast(value, single)}" for at, value in enumerate(readings)),
            f"return {script.cast(reward_value, DOUBLE)}, {script.cast(ended, TRUTH)}",
        ]
        self.lines = [*script.lines, *results]


class _NamedStreams:
    """Random streams that return names instead of numbers."""

    def __init__(self, script: Script, draws: Draws) -> None:
        self._script, self._draws = script, draws

    def normal(self, scale: Any, size: int) -> Any:
        return self._next("normal", size) * scale

    def uniform(self, low: Any, high: Any, size: int) -> Any:
        return low + (np.asarray(high) - low) * self._next("uniform", size)

    def _next(self, kind: str, size: int) -> Any:
        start = sum(n for _, n in self._draws)
        self._draws.append((kind, size))
        return traced([self._script.number(f"draws[{start + at}]", DOUBLE) for at in range(size)])


def _values(robot: Robot, function: str, result: Any, shape: tuple[int, ...]) -> list[Any]:
    values = np.asarray(result)
    if values.shape != shape:
        raise _error(robot, f"{function}() returns shape {values.shape} for one robot, not {shape}")
    return list(values.ravel())


def _error(robot: Robot, why: str) -> TaskError:
    return TaskError(f"{type(robot).__name__} cannot be compiled: {why}; leave compiled=True out.")
