"""PGPE, policy gradients with parameter-based exploration: pairs of opposite steps, a step size for each weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_positive, check_within
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.antithetic import antithetic_steps, check_even, default_even_population_size
from evorobo.learners.evolution.strategies.base import fitness_values
from evorobo.learners.evolution.strategies.fitness_shaping import centered_ranks
from evorobo.nets.optimizers import ClipUp, Optimizer
from evorobo.registry import register_component


@register_component("strategy", "PGPE")
@dataclass(frozen=True)
class PGPE:
    """`population_size` members in antithetic pairs (4 + 3 ln p, made even, if None); scores shaped to centred ranks.

    Sehnke et al. 2010, section 3.2, with ClipUp for the centre (Toklu, Liskowski & Srivastava 2020, algorithm 1): with
    deviations d from the centre and the two shaped scores r+ and r- of a pair

        g_mu = mean((r+ - r-) / 2 d)        g_sigma = mean((r+ + r-) / 2 (d^2 - sigma^2) / sigma)

    The centre goes up g_mu by `optimizer`; sigma goes `sigma_rate` g_sigma, by no more than the share `sigma_change`
    of itself in a generation. ClipUp goes at one speed to the end; with `SGD` the centre's steps shrink as sigma does,
    down to any target.
    """

    population_size: int | None = None
    sigma: float = 0.2
    optimizer: Optimizer = ClipUp(0.1)
    sigma_learning_rate: float = 0.1
    max_sigma_change: float = 0.2
    sigma_floor: float = 0.0
    name: str = "pgpe"

    def __post_init__(self) -> None:
        check_even(self.population_size)
        check_positive(sigma=self.sigma)
        check_within(0, np.inf, sigma_learning_rate=self.sigma_learning_rate, sigma_floor=self.sigma_floor)
        check_within(0, 1, max_sigma_change=self.max_sigma_change)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningPGPE:
        return RunningPGPE(self, weights, rng)


class RunningPGPE:
    """The centre and its optimizer, a step size for each weight, and the steps that are out to be scored."""

    def __init__(self, settings: PGPE, weights: Array, rng: np.random.Generator) -> None:
        n = len(weights)
        self._settings, self._rng = settings, rng
        self._population_size = settings.population_size or default_even_population_size(n)
        self._center, self._sigma = weights.copy(), np.full(n, settings.sigma)
        self._optimizer = settings.optimizer.start(self._center)
        self._steps: Array = np.empty((0, n))

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._steps = antithetic_steps(self._rng, self._population_size, len(self._center))
        return [ind_init(each) for each in self._center + self._sigma * self._steps]

    def update(self, population: list[Individual]) -> None:
        settings, pairs = self._settings, self._population_size // 2
        one, other = np.split(centered_ranks(fitness_values(population)), 2)
        steps, sigma = self._steps[:pairs], self._sigma
        ascent = ((one - other) / 2) @ (sigma * steps) / pairs
        settings.optimizer.update(self._center, -ascent, self._optimizer)
        growth = ((one + other) / 2) @ (sigma * (np.square(steps) - 1)) / pairs
        most = settings.max_sigma_change * sigma
        self._sigma = np.maximum(
            sigma + np.clip(settings.sigma_learning_rate * growth, -most, most), settings.sigma_floor
        )

    def info(self) -> dict[str, float]:
        return {"step_size": float(self._sigma.mean()), "centre_norm": float(np.linalg.norm(self._center))}

    def state(self) -> dict[str, Any]:
        return {"center": self._center, "sigma": self._sigma, "optimizer": self._optimizer}

    def restore(self, state: dict[str, Any]) -> None:
        self._center, self._sigma, self._optimizer = state["center"], state["sigma"], state["optimizer"]
