"""What robots see that are driven by chance: a first look at a world before anybody has learned to drive in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evorobo.nets.activations import Array
from evorobo.tasks.base import Cost, Glimpse
from evorobo.tasks.demonstrations import Recorder
from evorobo.tasks.rollout import Rollout, Watcher

ROBOTS = 8
"""Driven at once, each for its share of the rows: more beginnings, less of what comes after them."""


def ticks(rows: int) -> int:
    """How long an episode need be for so many rows."""
    return -(-rows // ROBOTS)


def look_around(
    drive: Callable[[np.ndarray, Watcher], Rollout], draw: Callable[[int], np.ndarray], rows: int
) -> Glimpse:
    """`rows` observations, episode after episode, from as many calls of `drive(seeds, watcher)` as it takes.

    `draw(n)` gives the seeds of n episodes. Every step is on the bill.
    """
    inputs: list[Array] = []
    sequence: list[np.ndarray] = []
    cost = Cost()
    while sum(map(len, inputs)) < rows:
        recorder = Recorder()
        rollout = drive(draw(ROBOTS), recorder)
        robots, observations, _ = recorder.collected()
        sequence.append(robots + ROBOTS * len(inputs))
        inputs.append(observations)
        cost = cost + Cost(env_steps=int(rollout.steps.sum()), episodes=rollout.steps.size)
    return Glimpse(np.concatenate(inputs)[:rows], cost, np.concatenate(sequence)[:rows])
