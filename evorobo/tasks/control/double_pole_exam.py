"""The published test of double pole controllers, and the evaluations that published methods needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.genome import Genome
from evorobo.tasks.control.policies import Networks
from evorobo.tasks.control.robots.double_pole import DoublePoleBase, DoublePoleBlind, generalization_starts
from evorobo.tasks.control.rollout import run_episodes
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator
from evorobo.tasks.control.task import ControlTask

LONG, SHORT = 100_000, 1000
"""Steps to balance from the tilted start, and from each start of the generalization test."""
GENERAL = 200
"""Number of the 625 starts from which a controller without velocities must balance."""

WITH_VELOCITIES = {
    "random weights": 474_329,
    "evolutionary programming": 307_200,
    "CNE": 22_100,
    "SANE": 12_600,
    "Q-MLP": 10_582,
    "ESP": 3_800,
    "NEAT": 3_600,
    "CoSyNE": 954,
    "CMA-ES, 2003": 895,
}
"""Mean evaluations to a solution with velocities (Gomez et al. 2008, table 3; CMA-ES: Igel 2003)."""

WITHOUT_VELOCITIES = {
    "random weights": 1_232_296,
    "SANE": 451_612,
    "CNE": 87_623,
    "ESP": 26_342,
    "NEAT": 6_929,
    "CMA-ES, 2003": 6_061,
    "CoSyNE": 3_416,
}
"""Mean evaluations to a solution without velocities, with the damping fitness; same sources."""

NOTE = (
    "Published means come from several papers, whose networks, rules for a solution and starts differ. Episodes start "
    "at rest with the long pole 0.07 rad from upright, as in the code of NEAT (Stanley & Miikkulainen 2002); the start "
    "of Igel (2003) could not be checked. So they show an order of magnitude only."
)
"""What stands at a figure with these numbers."""


def solves(task: ControlTask, genome: Genome) -> bool:
    """Whether `genome` balances both poles for 100,000 steps from the tilted start.

    Without velocities it must pass the generalization test as well. Short tests come first.
    """
    if steps_balanced(task, genome, SHORT) < SHORT:
        return False
    if isinstance(task.robot, DoublePoleBlind) and generalization(task, genome) < GENERAL:
        return False
    return steps_balanced(task, genome, LONG) >= LONG


def steps_balanced(task: ControlTask, genome: Genome, steps: int) -> int:
    """The number of steps, at most `steps`, that `genome` balances both poles from the tilted start."""
    env_kwargs = {**task.env_kwargs, "fitness": "steps", "starts": "tilted"}
    return int(replace(task, env_kwargs=env_kwargs, max_steps=steps, test_episodes=1).test(genome))


def generalization(task: ControlTask, genome: Genome) -> int:
    """How many of the 625 `generalization_starts` lead to 1000 balanced steps.

    Raises `TaskError` for another robot.
    """
    if not isinstance(task.robot, DoublePoleBase):
        raise TaskError(f"{task.name} has no two poles; the generalization test needs a double pole.")
    robot, starts = replace(task.robot, fitness="steps"), generalization_starts()
    policy = Networks.from_genome(genome, task.env_spec, task.decoder).policy()
    rollout = run_episodes(_GivenStarts(robot, starts), policy, np.arange(len(starts)), 1)
    return int((rollout.returns >= SHORT).sum())


class _GivenStarts(VectorizedSimulator):
    """Robots with given initial states: row e of `starts` for episode e."""

    def __init__(self, robot: DoublePoleBase, starts: Array) -> None:
        super().__init__(robot, SHORT)
        self._starts = starts

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        super().reset(seeds, copies)
        self.state = np.tile(self._starts, (copies, 1))
        return self._observe()
