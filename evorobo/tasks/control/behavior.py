"""What robots do, in numbers: how much their motors took, how long they went, and where they ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import unknown
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.control.spaces import BoxDecoder, Decoder


def available_measures(world: EnvSpec, decoder: Decoder) -> dict[str, tuple[float, float]]:
    """What can be measured in a world, with the numbers between which it lies.

    "energy" is the mean squared motor command, each command a share of the largest; "steps" are those of the episode,
    where these have a limit. A robot on rows adds its own (`Robot.measures`).
    """
    known: dict[str, tuple[float, float]] = {}
    if isinstance(decoder, BoxDecoder):
        known["energy"] = (0.0, 1.0)
    if world.max_steps:
        known["steps"] = (0.0, float(world.max_steps))
    return known | (world.robot.measures if isinstance(world, RobotEnvSpec) else {})


class MeasureRecorder:
    """A simulator (see `Simulator`) that is watched: of each episode it keeps the measures `names`.

    Raises `SettingsError` for a measure that this world does not have.
    """

    state = None

    def __init__(self, world: EnvSpec, decoder: Decoder, names: Sequence[str]) -> None:
        known = available_measures(world, decoder)
        for name in names:
            if name not in known:
                raise unknown(f"measure of {world.id}", name, known)
        self._simulator, self._decoder, self._names = world.simulator(), decoder, tuple(names)
        self._robot = world.robot if isinstance(world, RobotEnvSpec) else None
        self.capacity = self._simulator.capacity
        self._batches: list[Array] = []

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        sensed = self._simulator.reset(seeds, copies)
        self._running = np.arange(len(seeds) * copies)
        self._effort, self._steps = np.zeros(len(self._running)), 0
        self._told = np.empty((len(self._running), len(self._names)))
        self._batches.append(self._told.reshape(copies, len(seeds), -1))
        return sensed

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        if "energy" in self._names:
            self._effort += np.square(self._decoder.targets(actions)).mean(-1)
        sensed, rewards, ended = self._simulator.step(actions)
        self._steps += 1
        if ended.any():
            self._told[self._running[ended]] = self._judged(ended)
        return sensed, rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self._simulator.keep(rows)
        self._running, self._effort = self._running[rows], self._effort[rows]

    def _judged(self, ended: np.ndarray) -> Array:
        """The measures of episodes that have just ended `(rows, k)`."""
        count = int(ended.sum())
        found = {"energy": self._effort[ended] / self._steps, "steps": np.full(count, float(self._steps))}
        if self._robot and self._robot.measures:
            assert self._simulator.state is not None
            own = self._robot.measure(self._simulator.state[ended])
            found |= dict(zip(self._robot.measures, own.T, strict=True))
        return np.stack([found[name] for name in self._names], axis=1)

    def means(self, episodes: int) -> Array:
        """The measures of each member `(members, k)`, averaged over its episodes, in whatever batches they were run."""
        members, shares = [], []
        for batch in self._batches:
            shares.append(batch)
            if sum(share.shape[1] for share in shares) == episodes:
                members.append(np.concatenate(shares, axis=1).mean(1))
                shares = []
        return np.concatenate(members)
