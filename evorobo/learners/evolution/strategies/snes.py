"""SNES, separable natural evolution strategies: a step size for each weight, by the natural gradient (Schaul 2011)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive, check_within
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import default_population_size, fitness_values
from evorobo.learners.evolution.strategies.fitness_shaping import nes_utilities
from evorobo.registry import register_component


@register_component("strategy", "SNES")
@dataclass(frozen=True)
class SNES:
    """`sigma` is the first step size of all weights, `population_size` the members of a generation (4 + 3 ln p if None).

    Wierstra et al. 2014, algorithm 6: mu += rate sigma sum(u_k s_k), sigma *= exp(sigma_rate / 2 sum(u_k (s_k^2 - 1)))
    with utilities u; `rate` is its eta_mu, `sigma_rate` its eta_sigma, (3 + ln p) / (5 sqrt p) if None (table 1).
    """

    sigma: float = 0.5
    population_size: int | None = None
    learning_rate: float = 1.0
    sigma_learning_rate: float | None = None
    sigma_floor: float = 0.0
    name: str = "snes"

    def __post_init__(self) -> None:
        check_positive(sigma=self.sigma, learning_rate=self.learning_rate)
        check_at_least(2, population_size=self.population_size)
        check_within(0, np.inf, sigma_floor=self.sigma_floor)
        if self.sigma_learning_rate is not None:
            check_positive(sigma_learning_rate=self.sigma_learning_rate)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningSNES:
        return RunningSNES(self, weights, rng)


class RunningSNES:
    """The centre, a step size for each weight, and the steps of the generation that is out to be scored."""

    def __init__(self, settings: SNES, weights: Array, rng: np.random.Generator) -> None:
        n = len(weights)
        self._settings, self._rng = settings, rng
        self._population_size = settings.population_size or default_population_size(n)
        self._sigma_learning_rate = settings.sigma_learning_rate or (3 + np.log(n)) / (5 * np.sqrt(n))
        self._center, self._sigma = weights.copy(), np.full(n, settings.sigma)
        self._steps: Array = np.empty((0, n))

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._steps = self._rng.standard_normal((self._population_size, len(self._center)))
        return [ind_init(each) for each in self._center + self._sigma * self._steps]

    def update(self, population: list[Individual]) -> None:
        worth = nes_utilities(fitness_values(population))
        self._center = self._center + self._settings.learning_rate * self._sigma * (worth @ self._steps)
        growth = worth @ (np.square(self._steps) - 1)
        self._sigma = np.maximum(
            self._sigma * np.exp(self._sigma_learning_rate / 2 * growth), self._settings.sigma_floor
        )

    def info(self) -> dict[str, float]:
        return {"step_size": float(self._sigma.mean())}

    def state(self) -> dict[str, Any]:
        return {"center": self._center, "sigma": self._sigma}

    def restore(self, state: dict[str, Any]) -> None:
        self._center, self._sigma = state["center"], state["sigma"]
