"""The interfaces of simulators, which step many robots in one call, and of environments."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.persistent.base import EnvRows


class Simulator(Protocol):
    """Steps `len(seeds) * copies` robots at a time.

    Row `c * len(seeds) + e` runs the episode of `seeds[e]` for copy `c`. Equal seeds give equal random numbers to
    every copy (common random numbers). `capacity` is the largest number of robots in one batch, or None for any
    number. `state (rows, s)` holds the states of the running robots, or None where they cannot be read.
    """

    @property
    def capacity(self) -> int | None: ...
    @property
    def state(self) -> Array | None: ...

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        """Begin new episodes and return the first observations `(rows, k)`."""

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        """Step the running robots; return observations `(rows, k)`, rewards `(rows,)` and ended `(rows,)`."""

    def keep(self, rows: np.ndarray) -> None:
        """Continue with these rows only, given as indices or as a mask."""


class EnvSpec(Protocol):
    """A resolved environment id: its spaces, its limits, and simulators of it."""

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
    @property
    def step_flops(self) -> int:
        """Floating-point operations of one step of a robot that can be traced; 0 for others."""

    def simulator(self) -> Simulator:
        """A simulator whose episodes equal those of `gymnasium.make(id)` for the same seeds and actions."""

    def rows(self, n_rows: int) -> EnvRows:
        """Environments in rows that restart alone, each with the episodes of `simulator`."""


def make_generator(seed: int) -> np.random.Generator:
    """The generator that `gymnasium.utils.seeding.np_random` gives an environment for this seed."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed))))
