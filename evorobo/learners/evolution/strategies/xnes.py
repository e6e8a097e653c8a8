"""xNES, exponential natural evolution strategies: the whole covariance by the natural gradient (Glasmachers 2010)."""

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


@register_component("strategy", "XNES")
@dataclass(frozen=True)
class XNES:
    """`sigma` is the first step size, `population_size` the members of a generation (4 + 3 ln p if None).

    Wierstra et al. 2014, algorithm 5, samples mu + sigma B s with utilities u_k:

        G_delta = sum(u_k s_k)    G_M = sum(u_k (s_k s_k' - I))    G_sigma = tr(G_M) / p    G_B = G_M - G_sigma I
        mu += rate sigma B G_delta    sigma *= exp(shape_rate / 2 G_sigma)    B = B exp(shape_rate / 2 G_B)

    `rate` is its eta_mu, `shape_rate` its eta_sigma = eta_B, 3 (3 + ln p) / (5 p sqrt p) if None (table 1). G_M has no
    more ranks than there are members, so the matrix exponential costs p times population squared.
    """

    sigma: float = 0.5
    population_size: int | None = None
    learning_rate: float = 1.0
    shape_learning_rate: float | None = None
    sigma_floor: float = 0.0
    name: str = "xnes"

    def __post_init__(self) -> None:
        check_positive(sigma=self.sigma, learning_rate=self.learning_rate)
        check_at_least(2, population_size=self.population_size)
        check_within(0, np.inf, sigma_floor=self.sigma_floor)
        if self.shape_learning_rate is not None:
            check_positive(shape_learning_rate=self.shape_learning_rate)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningXNES:
        return RunningXNES(self, weights, rng)


class RunningXNES:
    """The centre, the step size, the shape B, and the steps of the generation that is out to be scored."""

    def __init__(self, settings: XNES, weights: Array, rng: np.random.Generator) -> None:
        n = len(weights)
        self._settings, self._rng = settings, rng
        self._population_size = settings.population_size or default_population_size(n)
        self._shape_learning_rate = settings.shape_learning_rate or 3 * (3 + np.log(n)) / (5 * n * np.sqrt(n))
        self._center, self._sigma, self._shape = weights.copy(), settings.sigma, np.eye(n)
        self._steps: Array = np.empty((0, n))

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._steps = self._rng.standard_normal((self._population_size, len(self._center)))
        return [ind_init(each) for each in self._center + self._sigma * (self._steps @ self._shape.T)]

    def update(self, population: list[Individual]) -> None:
        n, steps, worth = len(self._center), self._steps, nes_utilities(fitness_values(population))
        self._center = self._center + self._settings.learning_rate * self._sigma * (self._shape @ (worth @ steps))
        outside = float(worth.sum())  # zero but for rounding
        growth = float(worth @ np.square(steps).sum(1)) / n - outside
        half = self._shape_learning_rate / 2
        # exp(half (S' u S - a I)) with a the mean of its diagonal: within the span Q of the steps, and outside of it
        basis, corner = np.linalg.qr(steps.T)
        values, vectors = np.linalg.eigh((corner * worth) @ corner.T)
        directions = basis @ vectors
        turned = (self._shape @ directions) * np.expm1(half * values)
        self._shape = (self._shape + turned @ directions.T) * np.exp(-half * (growth + outside))
        self._sigma = max(self._settings.sigma_floor, float(self._sigma * np.exp(half * growth)))

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma}

    def state(self) -> dict[str, Any]:
        return {"center": self._center, "sigma": self._sigma, "shape": self._shape}

    def restore(self, state: dict[str, Any]) -> None:
        self._center, self._sigma, self._shape = state["center"], float(state["sigma"]), state["shape"]
