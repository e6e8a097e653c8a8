"""Episodes in lock step: all robots of a population, one batched answer and one batched physics step a tick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.scaling import RunningMoments
from evorobo.tasks.control.policies import Policy
from evorobo.tasks.control.simulators.base import Simulator

SPARSE = 0.75
"""Members leave the batch when fewer than this share still has a robot running: leaving costs a copy of the weights.

What is left to gain lies elsewhere: measured on CartPole, a tick of few robots takes 25 microseconds, a third in the
networks and half in the physics, all of it calls of NumPy; from a hundred robots on, the networks' weights dominate.
"""


class StepCallback(Protocol):
    """Whoever wants to see each tick: `robots` are the numbers (copy after copy) of the rows that follow."""

    def __call__(self, robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None: ...


class ObservationMoments:
    """A watcher that sums up the observations of everybody."""

    def __init__(self, k: int) -> None:
        self.running_moments = RunningMoments.empty(k)

    def __call__(self, robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
        self.running_moments = self.running_moments + RunningMoments.from_rows(observations)


@dataclass(frozen=True, eq=False)
class Rollout:
    """Sums of rewards and lengths of all episodes, both `(members, episodes)`."""

    returns: Array
    steps: np.ndarray


def run_episodes(
    simulator: Simulator,
    policy: Policy,
    seeds: np.ndarray,
    members: int,
    on_step: StepCallback | None = None,
    first: int = 0,
) -> Rollout:
    """Run `members * len(seeds)` episodes to their ends; what has ended is stepped no more.

    Every member has a block of `len(seeds)` rows as long as one of its robots runs, so what it computes does not
    depend on the others: populations may be cut up in any way without changing a bit. For `watch` the robots are
    numbered from `first` on.
    """
    episodes = len(seeds)
    observations = simulator.reset(seeds, members)
    block = observations.reshape(members, episodes, -1).copy()
    flat = block.reshape(members * episodes, -1)
    returns, steps = np.zeros(members * episodes), np.zeros(members * episodes, int)
    robots = np.arange(members * episodes)  # who is still running ...
    rows = robots  # ... and in which row of the block
    gained, tick = np.zeros(len(robots)), 0
    while len(robots):
        actions = policy(block)
        actions = actions.reshape(len(flat), *actions.shape[2:])
        if len(rows) < len(flat):
            actions = actions[rows]
        if on_step:
            on_step(first + robots, observations, actions)
        observations, rewards, ended = simulator.step(actions)
        gained += rewards
        tick += 1
        if np.count_nonzero(ended):
            done = robots[ended]
            returns[done], steps[done] = gained[ended], tick
            going = ~ended
            simulator.keep(going)
            robots, rows, gained, observations = robots[going], rows[going], gained[going], observations[going]
            running = np.zeros(len(block), bool)
            running[rows // episodes] = True
            if running.mean() < SPARSE and len(robots):
                policy.keep(running)
                rows = (np.cumsum(running) - 1)[rows // episodes] * episodes + rows % episodes
                block = block[running]
                flat = block.reshape(len(block) * episodes, -1)
        if len(rows) < len(flat):
            flat[rows] = observations
        else:
            flat[:] = observations
    return Rollout(returns.reshape(members, episodes), steps.reshape(members, episodes))


def run_episodes_in_batches(
    simulator: Simulator,
    make_policy: Callable[[slice], Policy],
    seeds: np.ndarray,
    members: int,
    on_step: StepCallback | None = None,
) -> Rollout:
    """`roll`, in as many batches as the simulator's capacity asks for; `driver` makes who drives a batch of members."""
    room = simulator.capacity or members * len(seeds)
    shares = [seeds[at : at + room] for at in range(0, len(seeds), room)]
    together = max(1, room // len(seeds))
    parts = []
    for start in range(0, members, together):
        batch = slice(start, min(start + together, members))
        first = start * len(seeds) + np.arange(0, len(seeds), room)
        rolled = [
            run_episodes(simulator, make_policy(batch), share, batch.stop - batch.start, on_step, int(number))
            for share, number in zip(shares, first, strict=True)
        ]
        parts.append([np.concatenate(each, 1) for each in zip(*((r.returns, r.steps) for r in rolled), strict=True)])
    returns, steps = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Rollout(returns, steps)


TRAIN, VALIDATION, TEST, RANDOM = 0, 2**31, 3 * 2**30, 2**33
"""Training draws below 2^31; the fixed episodes that validate and test, and chance that drives, have the rest.

Seeds are below 2^32, which is as much as `numpy.random.seed` takes, should an environment still use it.
"""
