"""Measures of what robots do: their energy, the length of their episodes, and measures of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import unknown
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.control.spaces import BoxDecoder, Decoder


def available_measures(env_spec: EnvSpec, decoder: Decoder) -> dict[str, tuple[float, float]]:
    """The measures of an environment, each with its usual range.

    "energy" is the mean squared motor command, where 1 is the largest command. "steps" is the length of an episode,
    if episodes have a limit. A vectorized robot adds its own (`Robot.measures`).
    """
    known: dict[str, tuple[float, float]] = {}
    if isinstance(decoder, BoxDecoder):
        known["energy"] = (0.0, 1.0)
    if env_spec.max_steps:
        known["steps"] = (0.0, float(env_spec.max_steps))
    return known | (env_spec.robot.measures if isinstance(env_spec, RobotEnvSpec) else {})


class MeasureRecorder:
    """A simulator (see `Simulator`) that records the measures `names` of every episode.

    Raises `SettingsError` for a measure that this environment does not have.
    """

    state = None

    def __init__(self, env_spec: EnvSpec, decoder: Decoder, names: Sequence[str]) -> None:
        known = available_measures(env_spec, decoder)
        for name in names:
            if name not in known:
                raise unknown(f"measure of {env_spec.id}", name, known)
        self._simulator, self._decoder, self._names = env_spec.simulator(), decoder, tuple(names)
        self._robot = env_spec.robot if isinstance(env_spec, RobotEnvSpec) else None
        self.capacity = self._simulator.capacity
        self._batches: list[Array] = []

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        observations = self._simulator.reset(seeds, copies)
        self._running = np.arange(len(seeds) * copies)
        self._energy, self._steps = np.zeros(len(self._running)), 0
        self._measures = np.empty((len(self._running), len(self._names)))
        self._batches.append(self._measures.reshape(copies, len(seeds), -1))
        return observations

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        if "energy" in self._names:
            self._energy += np.square(self._decoder.targets(actions)).mean(-1)
        observations, rewards, ended = self._simulator.step(actions)
        self._steps += 1
        if ended.any():
            self._measures[self._running[ended]] = self._measure(ended)
        return observations, rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self._simulator.keep(rows)
        self._running, self._energy = self._running[rows], self._energy[rows]

    def _measure(self, ended: np.ndarray) -> Array:
        """The measures `(rows, k)` of episodes that have just ended."""
        count = int(ended.sum())
        values = {"energy": self._energy[ended] / self._steps, "steps": np.full(count, float(self._steps))}
        if self._robot and self._robot.measures:
            assert self._simulator.state is not None
            own = self._robot.measure(self._simulator.state[ended])
            values |= dict(zip(self._robot.measures, own.T, strict=True))
        return np.stack([values[name] for name in self._names], axis=1)

    def means(self, episodes: int) -> Array:
        """The measures `(members, k)`, averaged over the episodes of each member, for any partition into batches."""
        members, shares = [], []
        for batch in self._batches:
            shares.append(batch)
            if sum(share.shape[1] for share in shares) == episodes:
                members.append(np.concatenate(shares, axis=1).mean(1))
                shares = []
        return np.concatenate(members)
