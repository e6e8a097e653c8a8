"""The contract of a robot: shapes, independent rows, randomness from `rng` alone, and equal episodes everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.gradients.robot_graph import describe_gradient
from evorobo.tasks.control.robots.base import Robot, defines
from evorobo.tasks.control.robots.env import RobotEnv
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec, make_env
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator
from evorobo.testing.common import forbid_global_rng, location, require, type_name
from evorobo.testing.compiled import check_compiled
from evorobo.testing.rollouts import (
    MAX_EPISODE_STEPS,
    MAX_STEPS,
    Calls,
    StepRecord,
    call_checked,
    random_actions,
    run_random_episodes,
    worst_value,
)
from evorobo.user_code import reraise_interrupt

BATCH_SIZES = (1, 3, 17)
"""The numbers of robots in a batch with which a robot is tried."""


@dataclass(frozen=True)
class RobotReport:
    """What a valid robot can be used for.

    Parameters
    ----------
    compiled : bool
        Whether `ControlTask(..., compiled=True)` can run it.
    gradient : str
        Whether a gradient passes through the robot from the reward to the motors, and what jumps. A jump is an effect
        of the motors that the gradient leaves out: a collision, the end of an episode, another choice of `np.where`.

    Examples
    --------
    >>> from evorobo.testing import check_robot
    >>> report = check_robot("CartPole-v1")
    >>> report.compiled
    True
    >>> report.gradient[:73]
    'Differentiable: no; CartPole: no slope through the robot, by argmax, whic'
    """

    compiled: bool
    gradient: str


def check_robot(robot: Robot | type[Robot] | str) -> RobotReport:
    """Check that a robot keeps its contract.

    The checks cover shapes, finite numbers, the actions of the teacher and the drawing. States must not be changed in
    place, random numbers must come from `rng` alone, and rows must not depend on each other. Many robots in one batch,
    and compiled ones where the robot can be compiled, must have the episodes of single gymnasium environments.

    Parameters
    ----------
    robot : Robot, type[Robot] or str
        A robot, its class, or its registered id.

    Returns
    -------
    RobotReport
        Whether the robot can be compiled, and whether it has a gradient.

    Raises
    ------
    TaskError
        If the robot breaks its contract; one sentence says where, and how to fix it.

    Examples
    --------
    >>> from evorobo.testing import check_robot
    >>> check_robot("evorobo/Phototaxis-v0").gradient
    'Differentiable: yes, and nothing jumps.'
    """
    made, make_environment = _make(robot)
    try:
        return _check(made, make_environment)
    except TaskError as error:
        raise TaskError(_with_place(str(error), made)) from error.__cause__


def _with_place(sentence: str, robot: Robot) -> str:
    """Return a sentence with the file and line of the function of the robot that it names first."""
    named = re.search(rf"\b{type_name(robot)}\.(\w+)\(\)", sentence)
    place = location(getattr(type(robot), named[1], None)) if named and ", line " not in sentence else ""
    return f"{sentence.removesuffix('.')} {place}." if place else sentence


def _check(made: Robot, make_environment: Callable[[int], Any]) -> RobotReport:
    _check_names(made)
    batches = [run_random_episodes(made, range(size)) for size in BATCH_SIZES]
    require(
        made.max_steps == 1 or any(len(episode) > 1 for batch in batches for episode in batch),
        f"{type_name(made)}.terminal() ends every episode at its first step under random actions, so nothing can be "
        "learned; return True only at the end of a task.",
    )
    _check_randomness(made)
    _check_rows(made, batches[-1])
    if defines(made, "teacher"):
        _check_teacher(made, batches[-1])
    for size in BATCH_SIZES:
        _check_same_episodes(made, make_environment, size)
    actions = np.stack([random_actions(made, seed)[:MAX_STEPS] for seed in range(BATCH_SIZES[1])])
    compiled = check_compiled(made, actions)
    if made.measures or defines(made, "measure"):
        _check_measures(made, np.stack([episode[-1].state for episode in batches[-1]]))
    if defines(made, "draw"):
        _check_draw(made, batches[-1][0])
    return RobotReport(compiled, describe_gradient(made))


def _make(robot: Robot | type[Robot] | str) -> tuple[Robot, Callable[[int], Any]]:
    """The robot, and a function from a limit of steps to its single gymnasium environment."""
    import gymnasium

    if isinstance(robot, str):
        env_spec = make_env(robot, {})
        if not isinstance(env_spec, RobotEnvSpec):
            raise TaskError(f"{robot} is no vectorized robot; for other environments gymnasium has check_env.")
        return env_spec.robot, lambda limit: gymnasium.make(env_spec.id, max_episode_steps=limit)
    try:
        made = robot() if isinstance(robot, type) else robot
    except TypeError as error:
        raise TaskError(f"{robot!r} cannot be made without settings ({error}); pass an object.") from error
    require(isinstance(made, Robot), f"{made!r} is no robot; derive its class from evorobo.Robot.")
    return made, lambda limit: gymnasium.wrappers.TimeLimit(RobotEnv(made), limit)


def _check_names(robot: Robot) -> None:
    name = type_name(robot)
    for attribute in ("sensors", "motors", "moves", "memory"):
        names = getattr(robot, attribute, ())
        require(
            isinstance(names, tuple | list) and all(isinstance(text, str) for text in names),
            f"{name}.{attribute} is {names!r}; give a tuple of names.",
        )
    require(len(getattr(robot, "sensors", ())) > 0, f"{name} has no sensors; name them: sensors = ('light', ...).")
    require(
        bool(robot.motors) != bool(robot.moves),
        f"{name} has {len(robot.motors)} motors and {len(robot.moves)} moves; name either motors (values in [-1, 1]) "
        "or moves (to choose from).",
    )
    require(
        type(robot.max_steps) is int and robot.max_steps >= 1,
        f"{name}.max_steps is {robot.max_steps!r}; give a whole number of at least 1.",
    )


def _check_randomness(robot: Robot) -> None:
    """Run the same episodes twice, and name the function whose result is the first to differ."""
    runs: list[Calls] = [[], []]
    for seed, calls in enumerate(runs, 1):
        with forbid_global_rng(seed, type_name(robot)):
            run_random_episodes(robot, range(3), calls)
    for (function, step, one), (_, _, other) in zip(*runs, strict=False):
        require(
            np.array_equal(one, other, equal_nan=one.dtype.kind == "f"),
            f"{type_name(robot)}.{function}() returned other numbers in a second run of one seed, at step {step}; draw "
            "all random numbers from rng (rng.normal, rng.uniform), and store nothing in the object.",
        )


def _check_rows(robot: Robot, batch: list[list[StepRecord]]) -> None:
    for seed, episode in enumerate(batch):
        (alone,) = run_random_episodes(robot, [seed])
        step = _first_difference(episode, alone)
        require(
            step is None,
            f"a {type_name(robot)} among {len(batch)} differs at step {step} from what it computes alone; "
            "compute each row from that row only, without means over axis 0, and without '@', whose rounding changes "
            "with the number of rows.",
        )


def _first_difference(one: list[StepRecord], other: list[StepRecord]) -> int | None:
    """The number of the first step in which two episodes differ; None if they are equal bit for bit."""
    for step, (a, b) in enumerate(zip(one, other, strict=False)):
        same = np.array_equal(a.sensors, b.sensors) and np.array_equal(a.state, b.state)
        if not same or (a.reward, a.ended) != (b.reward, b.ended):
            return step + 1
    return None if len(one) == len(other) else min(len(one), len(other)) + 1


def _check_teacher(robot: Robot, batch: list[list[StepRecord]]) -> None:
    name = type_name(robot)
    readings = np.stack([step.sensors for episode in batch for step in episode]).astype(np.float32)
    sensors = _with_memory(robot, readings)
    actions = call_checked(robot, "teacher", sensors)
    shape = (len(sensors),) if robot.moves else (len(sensors), len(robot.motors))
    require(
        actions.shape == shape,
        f"{name}.teacher() returned shape {actions.shape} for {len(sensors)} rows of sensors; return shape {shape}.",
    )
    if robot.moves:
        require(
            actions.dtype.kind in "iu" and bool(((actions >= 0) & (actions < len(robot.moves))).all()),
            f"{name}.teacher() returned {worst_value(actions)} ({actions.dtype}), which is no move; return whole "
            f"numbers from 0 to {len(robot.moves) - 1}.",
        )
    else:
        require(
            bool((np.abs(actions) <= robot.action_limit).all()),
            f"{name}.teacher() returned {worst_value(actions)}; motors take values from {-robot.action_limit:g} to "
            f"{robot.action_limit:g}, so use np.clip.",
        )
    alone = np.concatenate([call_checked(robot, "teacher", row[None]) for row in sensors])
    require(
        np.array_equal(alone, actions),
        f"{name}.teacher() returns other actions for one row than for many; compute each row from that row only, "
        "without random numbers.",
    )


def _with_memory(robot: Robot, sensors: Array) -> Array:
    """The sensors, followed by the memory of the teacher after two updates, if it has a memory."""
    if not robot.memory:
        return sensors
    name, memory = type_name(robot), np.zeros((len(sensors), len(robot.memory)))
    for _ in range(2):
        memory = call_checked(robot, "remember", memory, sensors)
        require(
            memory.shape == (len(sensors), len(robot.memory)) and bool(np.isfinite(memory).all()),
            f"{name}.remember() returned shape {memory.shape} with {worst_value(memory)} for {len(sensors)} rows and "
            f"{len(robot.memory)} numbers in memory; return one finite number for each.",
        )
    return np.concatenate([sensors, memory], axis=1)


def _check_same_episodes(robot: Robot, make_environment: Callable[[int], Any], size: int) -> None:
    """Compare a batch of robots with single environments, over whole episodes if these are short."""
    limit, seeds = min(MAX_EPISODE_STEPS, robot.max_steps), 100 * size + np.arange(size)
    actions = np.stack([random_actions(robot, int(seed)) for seed in seeds])
    simulator, singles = VectorizedSimulator(robot, limit), [make_environment(limit) for _ in seeds]
    many = simulator.reset(seeds, 1)
    one = np.stack([single.reset(seed=int(seed))[0] for single, seed in zip(singles, seeds, strict=True)])
    running, step = np.arange(size), 0
    while True:
        require(
            np.array_equal(many, one),
            f"{type_name(robot)} in a batch of {size} and in gymnasium.make differ at step {step}; draw random numbers "
            "in initial, transition and observation alone, and store nothing in the object.",
        )
        if not len(running):
            return
        many, rewards, ended = simulator.step(actions[running, step])
        results = [singles[number].step(actions[number, step]) for number in running]
        require(
            [(float(r), bool(e)) for r, e in zip(rewards, ended, strict=True)]
            == [(float(reward), terminated or truncated) for _, reward, terminated, truncated, _ in results],
            f"{type_name(robot)} in a batch of {size} has another reward or end than in gymnasium.make at step "
            f"{step + 1}; reward and terminal must depend on their arguments alone.",
        )
        one = np.stack([result[0] for result in results])[~ended]
        many, running, step = many[~ended], running[~ended], step + 1
        simulator.keep(~ended)


def _check_measures(robot: Robot, states: Array) -> None:
    name, measures = type_name(robot), call_checked(robot, "measure", states)
    require(
        measures.shape == (len(states), len(robot.measures)) and bool(np.isfinite(measures).all()),
        f"{name}.measure() returned shape {measures.shape} with {worst_value(measures)} for {len(states)} robots; "
        f"return a row of {len(robot.measures)} finite numbers for each, as named in measures.",
    )
    for measure, (low, high) in robot.measures.items():
        require(low < high, f"{name}.measures has {measure!r} between {low} and {high}; give the lower one first.")


def _check_draw(robot: Robot, episode: list[StepRecord]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    ax = figure.add_subplot()
    states = np.stack([step.state for step in episode])
    for path in (states, states[:1]):
        call_checked(robot, "draw", ax, path)
        try:
            FigureCanvasAgg(figure).draw()
        except BaseException as error:
            reraise_interrupt(error)
            raise TaskError(
                f"{type_name(robot)}.draw() made no picture ({error}); try it on plt.subplots()."
            ) from error
    require(ax.has_data(), f"{type_name(robot)}.draw() drew nothing; plot onto the ax it is given, or leave it out.")
