"""What steps many robots: one call for all that are still running."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array


class Simulator(Protocol):
    """`len(seeds) * copies` robots, copy after copy: row `c * len(seeds) + e` plays the episode of `seeds[e]`.

    Equal seeds give equal chances to every copy (common random numbers). `step` takes the actions of the running
    robots and returns `(observations (rows, k), rewards (rows,), ended (rows,))`; `keep` lets the others go.
    `capacity` is how many robots it can hold at once, None for any number; `state (rows, s)` are the running robots'
    states where these can be looked at, else None.
    """

    @property
    def capacity(self) -> int | None: ...
    @property
    def state(self) -> Array | None: ...

    def reset(self, seeds: np.ndarray, copies: int) -> Array: ...
    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]: ...
    def keep(self, rows: np.ndarray) -> None: ...


class EnvSpec(Protocol):
    """An environment id, looked up: its spaces, and simulators that tell its story."""

    @property
    def id(self) -> str: ...
    @property
    def observation_space(self) -> Any: ...
    @property
    def action_space(self) -> Any: ...
    @property
    def max_steps(self) -> int | None: ...
    @property
    def reward_threshold(self) -> float | None: ...

    def simulator(self) -> Simulator: ...


def make_generator(seed: int) -> np.random.Generator:
    """The generator that `gymnasium.utils.seeding.np_random` gives an environment for this seed."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed))))
