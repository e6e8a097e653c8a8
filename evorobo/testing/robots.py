"""The contract of a robot on rows: what can go wrong with one, found before it costs an experiment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot, defines
from evorobo.tasks.control.robots.env import RobotEnv
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec, make_env
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator
from evorobo.testing.common import forbid_global_rng, require, type_name
from evorobo.testing.compiled import check_compiled
from evorobo.testing.rollouts import (
    MAX_EPISODE_STEPS,
    MAX_STEPS,
    StepRecord,
    call_checked,
    random_actions,
    run_random_episodes,
    worst_value,
)

BATCH_SIZES = (1, 3, 17)
"""Robots at a time."""


def check_robot(robot: Robot | type[Robot] | str) -> None:
    """Raise `TaskError` with one sentence, unless `robot` (an object, a class or a registered id) keeps its contract.

    Checked are shapes and finite numbers, the teacher's answers and the drawing; that states are not changed in place,
    that chance comes from `rng` alone and rows do not influence each other; and that many on rows, and compiled ones
    where it can be compiled, live step by step the lives of single gymnasium environments.
    """
    made, environment = _made(robot)
    _check_lists(made)
    crowds = [run_random_episodes(made, range(rows)) for rows in BATCH_SIZES]
    _check_randomness(made)
    _check_rows(made, crowds[-1])
    if defines(made, "teacher"):
        _check_teacher(made, crowds[-1])
    for rows in BATCH_SIZES:
        _check_same_episodes(made, environment, rows)
    check_compiled(made, np.stack([random_actions(made, seed)[:MAX_STEPS] for seed in range(BATCH_SIZES[1])]))
    if made.measures or defines(made, "measure"):
        _check_measures(made, np.stack([life[-1].state for life in crowds[-1]]))
    if defines(made, "draw"):
        _check_draw(made, crowds[-1][0])


def _made(robot: Robot | type[Robot] | str) -> tuple[Robot, Callable[[int], Any]]:
    """The robot, and a function from a limit of steps to its single gymnasium environment."""
    import gymnasium

    if isinstance(robot, str):
        world = make_env(robot, {})
        if not isinstance(world, RobotEnvSpec):
            raise TaskError(f"{robot} is no robot on rows but any environment; gymnasium has a check_env for these.")
        return world.robot, lambda limit: gymnasium.make(world.id, max_episode_steps=limit)
    try:
        made = robot() if isinstance(robot, type) else robot
    except TypeError as error:
        raise TaskError(f"{robot!r} cannot be made without settings ({error}); give an object.") from error
    require(isinstance(made, Robot), f"{made!r} is no robot; derive its class from evorobo.Robot.")
    return made, lambda limit: gymnasium.wrappers.TimeLimit(RobotEnv(made), limit)


def _check_lists(robot: Robot) -> None:
    name = type_name(robot)
    for what in ("sensors", "motors", "moves", "memory"):
        names = getattr(robot, what, ())
        require(
            isinstance(names, tuple | list) and all(isinstance(each, str) for each in names),
            f"{name}.{what} is {names!r}; give a tuple of names.",
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
    lives = []
    for seed in (1, 2):
        with forbid_global_rng(seed, type_name(robot)):
            lives.append(run_random_episodes(robot, range(3)))
    for one, other in zip(*lives, strict=True):
        require(
            _first_difference(one, other) is None,
            f"{type_name(robot)} lives two lives from one seed that part at step {_first_difference(one, other)}; draw all chance "
            "from rng (rng.normal, rng.uniform), and keep nothing in the object.",
        )


def _check_rows(robot: Robot, crowd: list[list[StepRecord]]) -> None:
    for seed, life in enumerate(crowd):
        (alone,) = run_random_episodes(robot, [seed])
        require(
            _first_difference(life, alone) is None,
            f"a {type_name(robot)} among {len(crowd)} parts at step {_first_difference(life, alone)} from what it does alone; "
            "compute each row from that row only, without means over axis 0, and without '@', whose rounding changes "
            "with the number of rows.",
        )


def _first_difference(one: list[StepRecord], other: list[StepRecord]) -> int | None:
    """The first step in which two lives differ, None if they are equal to the last bit."""
    for step, (a, b) in enumerate(zip(one, other, strict=False)):
        same = np.array_equal(a.sensors, b.sensors) and np.array_equal(a.state, b.state)
        if not same or (a.reward, a.ended) != (b.reward, b.ended):
            return step + 1
    return None if len(one) == len(other) else min(len(one), len(other)) + 1


def _check_teacher(robot: Robot, crowd: list[list[StepRecord]]) -> None:
    name = type_name(robot)
    sensed = np.stack([tick.sensors for life in crowd for tick in life]).astype(np.float32)
    sensors = _with_memory(robot, sensed)
    answers = call_checked(robot, "teacher", sensors)
    shape = (len(sensors),) if robot.moves else (len(sensors), len(robot.motors))
    require(
        answers.shape == shape,
        f"{name}.teacher() answered shape {answers.shape} to {len(sensors)} rows of sensors; return shape {shape}.",
    )
    if robot.moves:
        require(
            answers.dtype.kind in "iu" and bool(((answers >= 0) & (answers < len(robot.moves))).all()),
            f"{name}.teacher() answered {worst_value(answers)} ({answers.dtype}), which is no move; return whole numbers "
            f"from 0 to {len(robot.moves) - 1}.",
        )
    else:
        require(
            bool((np.abs(answers) <= robot.action_limit).all()),
            f"{name}.teacher() answered {worst_value(answers)}; motors take values from {-robot.action_limit:g} to "
            f"{robot.action_limit:g}, np.clip makes them so.",
        )
    alone = np.concatenate([call_checked(robot, "teacher", row[None]) for row in sensors])
    require(
        np.array_equal(alone, answers),
        f"{name}.teacher() answers otherwise to one row than to many; compute each row from that row only, without "
        "chance.",
    )


def _with_memory(robot: Robot, sensors: Array) -> Array:
    """Sensors with what the teacher has in mind at the second of two such moments, if it has to remember."""
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


def _check_same_episodes(robot: Robot, environment: Callable[[int], Any], rows: int) -> None:
    """Rows of robots against as many single environments, over whole episodes if they are short."""
    limit, seeds = min(MAX_EPISODE_STEPS, robot.max_steps), 100 * rows + np.arange(rows)
    driven = np.stack([random_actions(robot, int(seed)) for seed in seeds])
    simulator, singles = VectorizedSimulator(robot, limit), [environment(limit) for _ in seeds]
    many = simulator.reset(seeds, 1)
    one = np.stack([single.reset(seed=int(seed))[0] for single, seed in zip(singles, seeds, strict=True)])
    numbers, step = np.arange(rows), 0
    while True:
        require(
            np.array_equal(many, one),
            f"{type_name(robot)} on {rows} rows and in gymnasium.make part at step {step}; chance must be drawn in "
            "initial, transition and observation alone, and nothing may be kept in the object.",
        )
        if not len(numbers):
            return
        many, rewards, ended = simulator.step(driven[numbers, step])
        told = [singles[number].step(driven[number, step]) for number in numbers]
        require(
            [(float(r), bool(e)) for r, e in zip(rewards, ended, strict=True)]
            == [(float(reward), terminated or truncated) for _, reward, terminated, truncated, _ in told],
            f"{type_name(robot)} on {rows} rows earns or ends otherwise than in gymnasium.make at step {step + 1}; reward "
            "and terminal must depend on nothing but what they are given.",
        )
        one = np.stack([each[0] for each in told])[~ended]
        many, numbers, step = many[~ended], numbers[~ended], step + 1
        simulator.keep(~ended)


def _check_measures(robot: Robot, states: Array) -> None:
    name, told = type_name(robot), call_checked(robot, "measure", states)
    require(
        told.shape == (len(states), len(robot.measures)) and bool(np.isfinite(told).all()),
        f"{name}.measure() returned shape {told.shape} with {worst_value(told)} for {len(states)} robots; return a row of "
        f"{len(robot.measures)} finite numbers for each, as named in measures.",
    )
    for measure, (low, high) in robot.measures.items():
        require(low < high, f"{name}.measures has {measure!r} between {low} and {high}; give the lower one first.")


def _check_draw(robot: Robot, life: list[StepRecord]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    ax = figure.add_subplot()
    states = np.stack([tick.state for tick in life])
    for some in (states, states[:1]):
        call_checked(robot, "draw", ax, some)
        try:
            FigureCanvasAgg(figure).draw()
        except Exception as error:
            raise TaskError(
                f"{type_name(robot)}.draw() made no picture ({error}); try it on plt.subplots()."
            ) from error
    require(ax.has_data(), f"{type_name(robot)}.draw() drew nothing; plot onto the ax it is given, or leave it out.")
