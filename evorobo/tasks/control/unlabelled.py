"""What robots see that are driven by chance: a first look at a world before anybody has learned to drive in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.base import Cost, UnlabelledInputs
from evorobo.tasks.control.rollout import Rollout, StepCallback
from evorobo.tasks.control.teaching.demonstrations import StepRecorder

ROBOTS = 8
"""Driven at once, each for its share of the rows: more beginnings, less of what comes after them."""


def steps_for(rows: int) -> int:
    """How long an episode need be for so many rows."""
    return -(-rows // ROBOTS)


def sample_inputs(
    drive: Callable[[np.ndarray, StepCallback], Rollout], draw: Callable[[int], np.ndarray], rows: int
) -> UnlabelledInputs:
    """`rows` observations, episode after episode, from as many calls of `drive(seeds, watcher)` as it takes.

    `draw(n)` gives the seeds of n episodes. Every step is on the bill.
    """
    onlooker, cost = _ObservationCollector(), Cost()
    while cost.env_steps < rows:
        rollout = drive(draw(ROBOTS), onlooker)
        onlooker.first += ROBOTS
        cost = cost + Cost(env_steps=int(rollout.steps.sum()), episodes=rollout.steps.size)
    sequence, inputs = onlooker.recorder.collected()
    return UnlabelledInputs(inputs[:rows], cost, sequence[:rows])


class _ObservationCollector:
    """A watcher that sees robots without their actions, and numbers those of each drive from `first` on."""

    def __init__(self) -> None:
        self.first, self.recorder = 0, StepRecorder()

    def __call__(self, robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
        self.recorder(self.first + robots, observations)
