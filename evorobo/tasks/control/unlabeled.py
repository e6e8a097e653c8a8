"""Observations of robots with random actions: input statistics before any learning."""

from __future__ import annotations

from functools import partial

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.base import Cost, UnlabelledInputs
from evorobo.tasks.control.policies import RandomPolicy, SinglePolicy
from evorobo.tasks.control.rollout import TRAIN, VALIDATION
from evorobo.tasks.control.runner import StepRunner
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.spaces import Decoder
from evorobo.tasks.control.teaching.demonstrations import StepRecorder

N_ROBOTS = 8
"""Robots in one batch; each contributes its share of the rows."""


def steps_for(rows: int) -> int:
    """The length of episodes from which one batch gives so many rows."""
    return -(-rows // N_ROBOTS)


def sample_inputs(env_spec: EnvSpec, decoder: Decoder, rng: np.random.Generator, rows: int) -> UnlabelledInputs:
    """`rows` observations under random actions, sorted by episode, and the cost of all batches that were needed."""
    runner, policies = StepRunner(env_spec), SinglePolicy(partial(RandomPolicy, decoder, rng))
    collector, cost = _ObservationCollector(), Cost()
    while cost.env_steps < rows:
        rollout = runner.run(policies, rng.integers(TRAIN, VALIDATION, N_ROBOTS), collector)
        collector.first += N_ROBOTS
        cost = cost + rollout.cost(robot_flops=env_spec.step_flops)
    sequence, inputs = collector.recorder.collected()
    return UnlabelledInputs(inputs[:rows], cost, sequence[:rows])


class _ObservationCollector:
    """A step callback that records observations and numbers the robots of each batch from `first` on."""

    def __init__(self) -> None:
        self.first, self.recorder = 0, StepRecorder()

    def __call__(self, robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
        self.recorder(self.first + robots, observations)
