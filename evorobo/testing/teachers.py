"""The contract of a robot's own teacher: answers that are actions, row by row the same, out of sensors and memory."""

from __future__ import annotations

import numpy as np

from evorobo.nets.activations import Array
from evorobo.tasks.robots.base import Robot
from evorobo.testing.ground import ask, called, require, worst


def check_teacher(robot: Robot, sensed: Array) -> None:
    """Raise `TaskError` unless the teacher answers to moments `sensed (rows, sensors)` as it should."""
    name, sensors = called(robot), _minded(robot, sensed)
    answers = ask(robot, "teacher", sensors)
    shape = (len(sensors),) if robot.moves else (len(sensors), len(robot.motors))
    require(
        answers.shape == shape,
        f"{name}.teacher() answered shape {answers.shape} to {len(sensors)} rows of sensors; return shape {shape}.",
    )
    if robot.moves:
        require(
            answers.dtype.kind in "iu" and bool(((answers >= 0) & (answers < len(robot.moves))).all()),
            f"{name}.teacher() answered {worst(answers)} ({answers.dtype}), which is no move; return whole numbers "
            f"from 0 to {len(robot.moves) - 1}.",
        )
    else:
        require(
            bool((np.abs(answers) <= robot.reach).all()),
            f"{name}.teacher() answered {worst(answers)}; motors take values from {-robot.reach:g} to "
            f"{robot.reach:g}, np.clip makes them so.",
        )
    alone = np.concatenate([ask(robot, "teacher", row[None]) for row in sensors])
    require(
        np.array_equal(alone, answers),
        f"{name}.teacher() answers otherwise to one row than to many; compute each row from that row only, without "
        "chance.",
    )


def _minded(robot: Robot, sensors: Array) -> Array:
    """Sensors with what the teacher has in mind at the second of two such moments, if it has to remember."""
    if not robot.memory:
        return sensors
    name, memory = called(robot), np.zeros((len(sensors), len(robot.memory)))
    for _ in range(2):
        memory = ask(robot, "remember", memory, sensors)
        require(
            memory.shape == (len(sensors), len(robot.memory)) and bool(np.isfinite(memory).all()),
            f"{name}.remember() returned shape {memory.shape} with {worst(memory)} for {len(sensors)} rows and "
            f"{len(robot.memory)} numbers in memory; return one finite number for each.",
        )
    return np.concatenate([sensors, memory], axis=1)
