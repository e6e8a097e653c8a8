"""The lives of robots that are being checked: driven by chance, each answer looked at as it comes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot, clip_action
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams
from evorobo.testing.common import require, type_name

MAX_STEPS, MAX_EPISODE_STEPS = 40, 200
"""The steps that each robot is watched, and those it is compared with its gymnasium environment."""


class StepRecord(NamedTuple):
    """One step in the life of one robot: rows of one."""

    sensors: Array
    state: Array
    reward: float
    ended: bool


def run_random_episodes(robot: Robot, seeds: Any) -> list[list[StepRecord]]:
    """The lives of robots with these seeds, side by side under random actions; who has ended leaves the others."""
    name, seeds, width = type_name(robot), list(seeds), len(robot.sensors)
    chance = RandomStreams([RandomStream(np.random.default_rng(seed)) for seed in seeds], np.arange(len(seeds)))
    driven = np.stack([random_actions(robot, seed) for seed in seeds])
    lives: list[list[StepRecord]] = [[] for _ in seeds]
    numbers = np.arange(len(seeds))
    state = call_checked(robot, "initial", chance)
    require(
        state.ndim == 2 and len(state) == len(seeds),
        f"{name}.initial() returned shape {state.shape} for {len(seeds)} robots; return one row of numbers for each, "
        "as rng.uniform and rng.normal do.",
    )
    _sense(robot, state, chance, width)
    for step in range(min(MAX_STEPS, robot.max_steps)):
        action = clip_action(robot, driven[numbers, step])
        after = call_checked(robot, "transition", state, action, chance)
        require(
            after.shape == state.shape,
            f"{name}.transition() made shape {after.shape} of states of shape {state.shape}; return as many numbers.",
        )
        reward, ended = call_checked(robot, "reward", state, action, after), call_checked(robot, "terminal", after)
        sensors = _sense(robot, after, chance, width)
        rows = len(after)
        require(
            reward.shape == (rows,) and bool(np.isfinite(reward).all()),
            f"{name}.reward() returned shape {reward.shape} with {worst_value(reward)} for {rows} robots; return one finite "
            "number for each.",
        )
        require(
            ended.shape == (rows,) and ended.dtype == bool,
            f"{name}.terminal() returned {ended.dtype} of shape {ended.shape} for {rows} robots; return one boolean "
            "for each.",
        )
        for row, number in enumerate(numbers):
            lives[number].append(StepRecord(sensors[row], after[row], float(reward[row]), bool(ended[row])))
        if ended.all():
            break
        state, numbers = after[~ended], numbers[~ended]
        chance.keep(~ended)
    return lives


def _sense(robot: Robot, state: Array, chance: RandomStreams, width: int) -> Array:
    sensors, name = call_checked(robot, "observation", state, chance), type_name(robot)
    require(
        sensors.shape == (len(state), width),
        f"{name}.observation() returned shape {sensors.shape} for {len(state)} robots with {width} sensors; return "
        f"shape {(len(state), width)}.",
    )
    with np.errstate(over="ignore"):
        single = sensors.astype(np.float32)
    require(
        bool(np.isfinite(single).all()),
        f"{name}.observation() returned {worst_value(sensors)}; sensors must be finite numbers, so look for a division by "
        "zero or a root of something negative.",
    )
    low, high = robot.limits()
    require(
        bool(np.float32(low) <= single.min() and single.max() <= np.float32(high)),
        f"{name}.observation() returned readings from {sensors.min():.4g} to {sensors.max():.4g}, and limits() "
        f"promises {low:g} to {high:g}; widen the limits, or cut the readings with np.clip.",
    )
    return sensors


def worst_value(numbers: np.ndarray) -> Any:
    """A number that is not finite, or else the largest."""
    return numbers.flat[int(np.argmax(np.where(np.isfinite(numbers), np.abs(numbers), np.inf)))] if numbers.size else ""


def call_checked(robot: Robot, function: str, *arguments: Any) -> np.ndarray:
    """Call one of the robot's functions; what it was given must stay as it is."""
    name = type_name(robot)
    given = [np.copy(each) if isinstance(each, np.ndarray) else each for each in arguments]
    try:
        answer = np.asarray(getattr(robot, function)(*arguments))
    except NotImplementedError as error:
        raise TaskError(f"{name} has no function {function}(); write it as evorobo.Robot describes it.") from error
    except Exception as error:
        raise TaskError(f"{name}.{function}() raised {type(error).__name__}: {error}; mend it.") from error
    for before, after in zip(given, arguments, strict=True):
        require(
            not isinstance(after, np.ndarray) or np.array_equal(before, after, equal_nan=after.dtype.kind == "f"),
            f"{name}.{function}() changed an array that it was given in place; make new ones, or begin with a copy().",
        )
    return answer


def random_actions(robot: Robot, seed: int) -> np.ndarray:
    """What chance does in one life, as the robot's functions take it."""
    rng = np.random.default_rng(seed)
    if robot.moves:
        return rng.integers(len(robot.moves), size=max(MAX_STEPS, MAX_EPISODE_STEPS))
    return rng.uniform(-robot.action_limit, robot.action_limit, (max(MAX_STEPS, MAX_EPISODE_STEPS), len(robot.motors)))
