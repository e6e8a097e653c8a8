"""From a robot's functions on rows to one on numbers: run once on names, and what they do is written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot
from evorobo.tracing.arrays import DOUBLE, TRUTH, Number, Script, traced

Draws = list[tuple[str, int]]
"""What a robot draws in each step, in order: kind and size (see `Chance`)."""

MAX_LINES = 4000
"""Lines of `advance` at the most: numba takes ten seconds for a thousand, and half a minute for as many as these."""


def trace_robot(robot: Robot, width: int) -> tuple[str, Draws]:
    """The text of `advance`, which moves a robot with `width` numbers of state by one step, and what it draws for that.

    `advance(state, action, move, chance, sensors)` writes `state (width,)` and `sensors`, and returns reward and end.
    Raises `TaskError` for a robot whose functions do something that cannot be followed without numbers.
    """
    moves = len(robot.moves) or 1
    kinds = [DOUBLE] * width
    steps = [_Step(robot, move, kinds) for move in range(moves)]
    if steps[0].kinds != kinds:  # a state that is kept in single precision
        steps = [_Step(robot, move, steps[0].kinds) for move in range(moves)]
    if any(step.draws != steps[0].draws for step in steps):
        raise _no(robot, "what it draws from rng depends on the move")
    text = ["def advance(state, action, move, chance, sensors):"]
    for move, step in enumerate(steps):
        if moves > 1:
            text.append(f"    {'el' * (move > 0)}if move == {move}:" if move < moves - 1 else "    else:")
        text += [f"{' ' * (8 if moves > 1 else 4)}{line}" for line in step.lines]
    if len(text) > MAX_LINES:
        raise _no(robot, f"a step takes {len(text)} numbers, and more than {MAX_LINES} take numba minutes")
    return "\n".join(text) + "\n", steps[0].draws


class _Step:
    """One step with one move, or with any action of motors: its lines, what it draws, and the types of its state."""

    def __init__(self, robot: Robot, move: int, kinds: Sequence[np.dtype[Any]]) -> None:
        script, self.draws = Script(), Draws()
        chance: Any = _Names(script, self.draws)
        state = traced([script.number(f"{kind.name}(state[{at}])", kind) for at, kind in enumerate(kinds)])
        if robot.moves:
            action: Any = np.array([move])
        else:
            action = traced([script.number(f"action[{at}]", DOUBLE) for at in range(len(robot.motors))])
        try:
            after = robot.transition(state, action, chance)
            reward = robot.reward(state, action, after)
            over = robot.terminal(after)
            sensors = robot.observation(after, chance)
        except TaskError as error:
            raise _no(robot, str(error)) from error
        except Exception as error:
            raise _no(robot, f"arrays of names in place of numbers lead to {type(error).__name__}: {error}") from error
        states = _values(robot, "transition", after, (1, len(kinds)))
        self.kinds = [each.dtype if isinstance(each, Number | np.generic) else DOUBLE for each in states]
        seen = _values(robot, "observation", sensors, (1, len(robot.sensors)))
        (earned,), (ended,) = _values(robot, "reward", reward, (1,)), _values(robot, "terminal", over, (1,))
        single = np.dtype(np.float32)
        results = [
            *(f"state[{at}] = {script.cast(value, DOUBLE)}" for at, value in enumerate(states)),
            *(f"sensors[{at}] = {script.cast(value, single)}" for at, value in enumerate(seen)),
            f"return {script.cast(earned, DOUBLE)}, {script.cast(ended, TRUTH)}",
        ]
        self.lines = [*script.lines, *results]


class _Names:
    """A `Chance` that gives names instead of numbers."""

    def __init__(self, script: Script, draws: Draws) -> None:
        self._script, self._draws = script, draws

    def normal(self, scale: Any, size: int) -> Any:
        return self._next("normal", size) * scale

    def uniform(self, low: Any, high: Any, size: int) -> Any:
        return low + (np.asarray(high) - low) * self._next("uniform", size)

    def _next(self, kind: str, size: int) -> Any:
        begun = sum(size for _, size in self._draws)
        self._draws.append((kind, size))
        return traced([self._script.number(f"chance[{begun + at}]", DOUBLE) for at in range(size)])


def _values(robot: Robot, function: str, result: Any, shape: tuple[int, ...]) -> list[Any]:
    values = np.asarray(result)
    if values.shape != shape:
        raise _no(robot, f"{function}() answers one robot with an array of shape {values.shape}, not {shape}")
    return list(values.ravel())


def _no(robot: Robot, why: str) -> TaskError:
    return TaskError(f"{type(robot).__name__} cannot be compiled: {why}; leave compiled=True out.")
