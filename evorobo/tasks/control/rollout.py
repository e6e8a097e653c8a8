"""Episodes in lock step: each step computes all networks and all robots of a population in one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.scaling import RunningMoments
from evorobo.tasks.base import Cost
from evorobo.tasks.control.policies import Policy
from evorobo.tasks.control.simulators.base import Simulator

TRAIN, VALIDATION, TEST, RANDOM = 0, 2**31, 3 * 2**30, 2**33
"""First seeds of the training, validation and test episodes, and the seed of random policies.

Episode seeds are below 2^32, the limit of `numpy.random.seed`, which some environments still use.
"""

MIN_RUNNING_SHARE = 0.75
"""Members leave the batch when a smaller share of them still has a running robot: leaving copies all weights.

Measured on CartPole, a step of few robots takes 25 microseconds, a third of it in the networks and half in the physics,
nearly all of it overhead of NumPy calls. From a hundred robots on, the weights of the networks dominate.
"""


class StepCallback(Protocol):
    """Called before every step with the indices of the running robots, their observations and their actions."""

    def __call__(self, robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None: ...


class ObservationMoments:
    """A step callback that collects mean and variance of all `k` observed numbers."""

    def __init__(self, k: int) -> None:
        self.running_moments = RunningMoments.empty(k)

    def __call__(self, robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
        self.running_moments = self.running_moments + RunningMoments.from_rows(observations)


@dataclass(frozen=True, eq=False)
class Rollout:
    """Returns and lengths of episodes, both `(members, episodes)`."""

    returns: Array
    steps: np.ndarray

    def cost(self, flops_per_step: int = 0, robot_flops: int = 0) -> Cost:
        """The cost of these episodes, with so many FLOPs of networks and of the robot in each step."""
        n_steps = int(self.steps.sum())
        return Cost(
            env_steps=n_steps,
            episodes=self.steps.size,
            forward_flops=n_steps * flops_per_step,
            robot_flops=n_steps * robot_flops,
        )


def run_episodes(
    simulator: Simulator,
    policy: Policy,
    seeds: np.ndarray,
    members: int,
    on_step: StepCallback | None = None,
    first: int = 0,
) -> Rollout:
    """Run `members * len(seeds)` episodes to their ends; episodes that have ended are not stepped any more.

    A member keeps a block of `len(seeds)` rows as long as one of its robots runs. Its numbers therefore do not depend
    on the other members: any partition of a population gives the same bits. `on_step` numbers robots from `first` on.
    """
    episodes = len(seeds)
    observations = simulator.reset(seeds, members)
    block = observations.reshape(members, episodes, -1).copy()
    flat = block.reshape(members * episodes, -1)
    returns, steps = np.zeros(members * episodes), np.zeros(members * episodes, int)
    robots = np.arange(members * episodes)  # the running robots ...
    rows = robots  # ... and their rows in the block
    sums, n_steps = np.zeros(len(robots)), 0
    while len(robots):
        actions = policy(block)
        actions = actions.reshape(len(flat), *actions.shape[2:])
        if len(rows) < len(flat):
            actions = actions[rows]
        if on_step:
            on_step(first + robots, observations, actions)
        observations, rewards, ended = simulator.step(actions)
        sums += rewards
        n_steps += 1
        if np.count_nonzero(ended):
            done = robots[ended]
            returns[done], steps[done] = sums[ended], n_steps
            going = ~ended
            simulator.keep(going)
            robots, rows, sums, observations = robots[going], rows[going], sums[going], observations[going]
            running = np.zeros(len(block), bool)
            running[rows // episodes] = True
            if running.mean() < MIN_RUNNING_SHARE and len(robots):
                policy.keep(running)
                rows = (np.cumsum(running) - 1)[rows // episodes] * episodes + rows % episodes
                block = block[running]
                flat = block.reshape(len(block) * episodes, -1)
        if not np.can_cast(observations.dtype, block.dtype):  # single precision or whole numbers at first
            block = block.astype(np.result_type(block, observations))
            flat = block.reshape(len(block) * episodes, -1)
        if len(rows) < len(flat):
            flat[rows] = observations
        else:
            flat[:] = observations
    return Rollout(returns.reshape(members, episodes), steps.reshape(members, episodes))
