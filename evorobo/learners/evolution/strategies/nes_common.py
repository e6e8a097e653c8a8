"""What the natural evolution strategies share: SNES and xNES differ only in the distribution around the center."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import GaussianSearch, default_population_size, fitness_values
from evorobo.learners.evolution.strategies.fitness_shaping import nes_utilities


class SearchDistribution(Protocol):
    """A normal distribution around the center of a search."""

    def transform(self, steps: Array) -> Array:
        """The offsets from the center `(n, p)` that belong to standard normal `steps (n, p)`."""

    def update(self, utilities: Array, steps: Array) -> Array:
        """Adapt to `utilities (n,)` of `steps (n, p)`; returns the step of the center `(p,)`."""

    def generation_flops(self, n: int) -> int:
        """The operations of both in a generation of n members."""

    def info(self) -> dict[str, float]: ...
    def state(self) -> dict[str, Any]: ...
    def restore(self, state: dict[str, Any]) -> None: ...


class RunningNES:
    """A running natural evolution strategy: the center, its distribution, and the steps of the generation."""

    def __init__(
        self, settings: GaussianSearch, weights: Array, distribution: SearchDistribution, rng: np.random.Generator
    ) -> None:
        self._rng, self._center, self._distribution = rng, weights.copy(), distribution
        self._population_size = settings.population_size or default_population_size(len(weights))
        self._steps: Array = np.empty((0, len(weights)))
        n, p = self._population_size, len(weights)
        self.update_flops = n * p + p + distribution.generation_flops(n)  # offsets and the step of the center are added

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._steps = self._rng.standard_normal((self._population_size, len(self._center)))
        return [ind_init(row) for row in self._center + self._distribution.transform(self._steps)]

    def update(self, population: list[Individual]) -> None:
        utilities = nes_utilities(fitness_values(population))
        self._center = self._center + self._distribution.update(utilities, self._steps)

    def info(self) -> dict[str, float]:
        return self._distribution.info()

    def state(self) -> dict[str, Any]:
        return {"center": self._center, "distribution": self._distribution.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self._center = state["center"]
        self._distribution.restore(state["distribution"])
