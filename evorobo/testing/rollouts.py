"""Random episodes of a robot that is being checked; the result of each call is checked at once."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot, clip_action
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams
from evorobo.testing.common import raised_at, require, type_name
from evorobo.user_code import reraise_interrupt

MAX_STEPS, MAX_EPISODE_STEPS = 40, 200
"""The steps in which a robot is checked, and those in which it is compared with its gymnasium environment."""


class StepRecord(NamedTuple):
    """One step of one robot."""

    sensors: Array
    state: Array
    reward: float
    ended: bool


Calls: TypeAlias = list[tuple[str, int, np.ndarray]]
"""The calls of a robot's functions in their order: the name, the step, and a copy of the result."""


def run_random_episodes(robot: Robot, seeds: Any, calls: Calls | None = None) -> list[list[StepRecord]]:
    """Run the episodes of these seeds in one batch under random actions; robots whose episode has ended leave it.

    What the robot's functions return is appended to `calls`.
    """
    name, seeds, width = type_name(robot), list(seeds), len(robot.sensors)
    step = 0

    def call(function: str, *arguments: Any) -> np.ndarray:
        result = call_checked(robot, function, *arguments)
        if calls is not None:
            calls.append((function, step, np.copy(result)))
        return result

    rng = RandomStreams([RandomStream(np.random.default_rng(seed)) for seed in seeds], np.arange(len(seeds)))
    actions = np.stack([random_actions(robot, seed) for seed in seeds])
    episodes: list[list[StepRecord]] = [[] for _ in seeds]
    running = np.arange(len(seeds))
    state = call("initial", rng)
    require(
        state.ndim == 2 and len(state) == len(seeds),
        f"{name}.initial() returned shape {state.shape} for {len(seeds)} robots; return one row of numbers for each, "
        "as rng.uniform and rng.normal do.",
    )
    _check_sensors(robot, state, call("observation", state, rng), width, "initial")
    for step in range(1, min(MAX_STEPS, robot.max_steps) + 1):
        action = clip_action(robot, actions[running, step - 1])
        after = call("transition", state, action, rng)
        require(
            after.shape == state.shape,
            f"{name}.transition() returned shape {after.shape} for states of shape {state.shape}; return as many "
            "numbers.",
        )
        require(
            bool(np.isfinite(after).all() or not np.isfinite(state).all()),
            f"{name}.transition() returned {worst_value(after)} at step {step} from finite states; look for a "
            "division by zero or the root of a negative number.",
        )
        reward, ended = call("reward", state, action, after), call("terminal", after)
        sensors = call("observation", after, rng)
        _check_sensors(robot, after, sensors, width, "transition")
        rows = len(after)
        require(
            reward.shape == (rows,) and bool(np.isfinite(reward).all()),
            f"{name}.reward() returned shape {reward.shape} with {worst_value(reward)} for {rows} robots; return one "
            "finite number for each.",
        )
        require(
            ended.shape == (rows,) and ended.dtype == bool,
            f"{name}.terminal() returned {ended.dtype} of shape {ended.shape} for {rows} robots; return one boolean "
            "for each.",
        )
        for row, number in enumerate(running):
            episodes[number].append(StepRecord(sensors[row], after[row], float(reward[row]), bool(ended[row])))
        if ended.all():
            break
        state, running = after[~ended], running[~ended]
        rng.keep(~ended)
    return episodes


def _check_sensors(robot: Robot, state: Array, sensors: np.ndarray, width: int, source: str) -> None:
    name = type_name(robot)
    require(
        sensors.shape == (len(state), width),
        f"{name}.observation() returned shape {sensors.shape} for {len(state)} robots with {width} sensors; return "
        f"shape {(len(state), width)}.",
    )
    with np.errstate(over="ignore"):
        single = sensors.astype(np.float32)
    require(
        bool(np.isfinite(single).all() or np.isfinite(state).all()),
        f"{name}.{source}() returned a state with {worst_value(state)}, and the sensors follow it; look for a division "
        "by zero or the root of a negative number.",
    )
    require(
        bool(np.isfinite(single).all()),
        f"{name}.observation() returned {worst_value(sensors)}; sensors must be finite numbers, so look for a division "
        "by zero or the root of a negative number.",
    )
    low, high = robot.limits()
    require(
        bool(np.float32(low) <= single.min() and single.max() <= np.float32(high)),
        f"{name}.observation() returned readings from {sensors.min():.4g} to {sensors.max():.4g}, and limits() "
        f"promises {low:g} to {high:g}; widen the limits, or use np.clip on the readings.",
    )


def worst_value(numbers: np.ndarray) -> Any:
    """The first number that is not finite, or else the largest one."""
    return numbers.flat[int(np.argmax(np.where(np.isfinite(numbers), np.abs(numbers), np.inf)))] if numbers.size else ""


def call_checked(robot: Robot, function: str, *arguments: Any) -> np.ndarray:
    """Call one of the robot's functions. Raises `TaskError` for an exception, or for arguments that it changed."""
    name = type_name(robot)
    before = [np.copy(value) if isinstance(value, np.ndarray) else value for value in arguments]
    try:
        result = np.asarray(getattr(robot, function)(*arguments))
    except NotImplementedError as error:
        raise TaskError(f"{name} has no function {function}(); write it as evorobo.Robot describes it.") from error
    except BaseException as error:
        reraise_interrupt(error)
        raise TaskError(
            f"{name}.{function}() raised {type(error).__name__}{raised_at(error)}: {error}; fix it."
        ) from error
    for old, after in zip(before, arguments, strict=True):
        require(
            not isinstance(after, np.ndarray) or np.array_equal(old, after, equal_nan=after.dtype.kind == "f"),
            f"{name}.{function}() changed one of its arguments in place; make new arrays, or start from a copy().",
        )
    return result


def random_actions(robot: Robot, seed: int) -> np.ndarray:
    """Random actions for one episode, as the robot's functions take them."""
    rng = np.random.default_rng(seed)
    if robot.moves:
        return rng.integers(len(robot.moves), size=max(MAX_STEPS, MAX_EPISODE_STEPS))
    return rng.uniform(-robot.action_limit, robot.action_limit, (max(MAX_STEPS, MAX_EPISODE_STEPS), len(robot.motors)))
