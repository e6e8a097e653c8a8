"""One step of a robot, traced: its vectorized functions run once on unknown numbers, which record what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot
from evorobo.tracing.arrays import DOUBLE, Number, Script, traced
from evorobo.user_code import reraise_interrupt

Draws = list[tuple[str, int]]
"""The random numbers that a robot draws in each step, in order: kind and size (see `RandomStreams`)."""


def trace_steps(robot: Robot, n_state: int) -> list[TracedStep]:
    """The step of a robot with `n_state` numbers of state: one step for each move, or one for any motor commands.

    Raises `TaskError`, without the name of the robot, where its functions cannot be traced.
    """
    moves = len(robot.moves) or 1
    kinds = [DOUBLE] * n_state
    steps = [TracedStep(robot, move, kinds) for move in range(moves)]
    if steps[0].kinds != kinds:  # a state in single precision
        steps = [TracedStep(robot, move, steps[0].kinds) for move in range(moves)]
    if any(step.draws != steps[0].draws for step in steps):
        raise TaskError("what it draws from rng depends on the move")
    return steps


class TracedStep:
    """One step with one move, or with any motor commands.

    `script` holds the lines. `state`, `action` and `random_numbers` are the numbers that enter, `next_state`,
    `readings`, `reward` and `ended` those that result. `kinds` are the types of the next state, `draws` what is drawn.
    """

    def __init__(self, robot: Robot, move: int, kinds: Sequence[np.dtype[Any]]) -> None:
        self.script, self.draws = Script(), Draws()
        self.random_numbers: list[Number] = []
        rng: Any = _NamedStreams(self)
        self.state = [self.script.number(f"{kind.name}(state[{at}])", kind) for at, kind in enumerate(kinds)]
        self.action = [] if robot.moves else [self._input(f"action[{at}]") for at in range(len(robot.motors))]
        state, action = traced(self.state), np.array([move]) if robot.moves else traced(self.action)
        try:
            after = robot.transition(state, action, rng)
            reward = robot.reward(state, action, after)
            ended = robot.terminal(after)
            sensors = robot.observation(after, rng)
        except TaskError:
            raise
        except BaseException as error:
            reraise_interrupt(error)
            raise TaskError(f"with arrays of names it raises {type(error).__name__}: {error}") from error
        self.next_state = _values("transition", after, (1, len(kinds)))
        self.kinds = [value.dtype if isinstance(value, Number | np.generic) else DOUBLE for value in self.next_state]
        self.readings = _values("observation", sensors, (1, len(robot.sensors)))
        (self.reward,), (self.ended,) = _values("reward", reward, (1,)), _values("terminal", ended, (1,))

    def draw(self, kind: str, size: int) -> Any:
        """New random numbers `(1, size)`."""
        self.draws.append((kind, size))
        start = len(self.random_numbers)
        self.random_numbers += [self._input(f"draws[{start + at}]") for at in range(size)]
        return traced(self.random_numbers[start:])

    def _input(self, name: str) -> Number:
        return self.script.number(name, DOUBLE)


class _NamedStreams:
    """Random streams that return names instead of numbers."""

    def __init__(self, step: TracedStep) -> None:
        self._step = step

    def normal(self, scale: Any, size: int) -> Any:
        return self._step.draw("normal", size) * scale

    def uniform(self, low: Any, high: Any, size: int) -> Any:
        return low + (np.asarray(high) - low) * self._step.draw("uniform", size)


def _values(function: str, result: Any, shape: tuple[int, ...]) -> list[Any]:
    values = np.asarray(result)
    if values.shape != shape:
        raise TaskError(f"{function}() returns shape {values.shape} for one robot, not {shape}")
    return list(values.ravel())
