"""Runs the episodes of a population: step by step in batches that fit the simulator, or compiled."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from evorobo.tasks.control.behavior import MeasureRecorder
from evorobo.tasks.control.policies import Networks, PolicyFactory
from evorobo.tasks.control.rollout import ObservationMoments, Rollout, StepCallback, run_episodes
from evorobo.tasks.control.simulators.base import EnvSpec, Simulator


class Runner(Protocol):
    """Runs the episodes `seeds (e,)` of each network; on request it fills `observation_moments` and `recorder`."""

    def run(
        self,
        networks: Networks,
        seeds: np.ndarray,
        observation_moments: ObservationMoments | None = None,
        recorder: MeasureRecorder | None = None,
    ) -> Rollout: ...


def make_runner(env_spec: EnvSpec, compiled: bool) -> Runner:
    """The runner of an environment. Raises `TaskError` for an environment that cannot be compiled."""
    if not compiled:
        return StepRunner(env_spec)
    from evorobo.tasks.control.compiled.episodes import CompiledRunner

    return CompiledRunner(env_spec)


class StepRunner:
    """Runs episodes step by step, for any policies (see `Runner`)."""

    def __init__(self, env_spec: EnvSpec) -> None:
        self._env_spec = env_spec

    def run(
        self,
        policies: PolicyFactory,
        seeds: np.ndarray,
        on_step: StepCallback | None = None,
        simulator: Simulator | None = None,
    ) -> Rollout:
        """Run the episodes `seeds (e,)` of each member, by default in a new simulator of the environment."""
        simulator = simulator or self._env_spec.simulator()
        n_members, n_episodes = policies.n_members, len(seeds)
        capacity = simulator.capacity or n_members * n_episodes
        batch_size = max(1, capacity // n_episodes)
        returns, steps = np.empty((n_members, n_episodes)), np.empty((n_members, n_episodes), int)
        for start in range(0, n_members, batch_size):
            members = slice(start, min(start + batch_size, n_members))
            for first in range(0, n_episodes, capacity):  # more than once where one member exceeds the capacity
                part = slice(first, first + capacity)
                rollout = run_episodes(
                    simulator,
                    policies.policy(members),
                    seeds[part],
                    members.stop - start,
                    on_step,
                    start * n_episodes + first,
                )
                returns[members, part], steps[members, part] = rollout.returns, rollout.steps
        return Rollout(returns, steps)
