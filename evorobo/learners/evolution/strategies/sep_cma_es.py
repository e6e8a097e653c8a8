"""Separable CMA-ES: a step size for each weight, in time proportional to their number (Ros & Hansen 2008)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    check_search,
    default_population_size,
    sort_by_fitness,
)
from evorobo.learners.evolution.strategies.cma_common import CMAConstants, EvolutionPaths
from evorobo.registry import register_component


@register_component("strategy", "SepCMAES")
@dataclass(frozen=True)
class SepCMAES:
    """CMA-ES with a diagonal covariance matrix, for thousands of weights.

    The covariance has p numbers instead of p (p + 1) / 2, so it is learned (p + 2) / 3 times faster. The strategy is
    slow where weights must change together. The solution is the mean of the distribution.

    Parameters
    ----------
    sigma : float, default 0.5
        First step size, above 0.
    population_size : int or None, default None
        Members of a generation, at least 4; None is 4 + 3 ln p.
    active : bool, default True
        Whether the worse half of a generation is used too, with negative weights.
    sigma_floor : float, default 0.0
        The smallest step size, at least 0; useful for scores with noise or plateaus.
    name : str, default "sep-cma-es"
        Name in results and figures.

    References
    ----------
    Ros, R. and Hansen, N. (2008). A simple modification in CMA-ES achieving linear time and space complexity. PPSN X,
    section 3.

    Examples
    --------
    >>> from evorobo import Evolution, SepCMAES
    >>> Evolution(SepCMAES(sigma=0.3)).name
    'sep-cma-es'
    """

    sigma: float = 0.5
    population_size: int | None = None
    active: bool = True
    sigma_floor: float = 0.0
    name: str = "sep-cma-es"

    def __post_init__(self) -> None:
        check_search(self, min_population_size=4)

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningSepCMAES:
        return RunningSepCMAES(self, weights, rng)


class RunningSepCMAES:
    """Mean, paths, and the diagonal of C."""

    def __init__(self, settings: SepCMAES, weights: Array, rng: np.random.Generator) -> None:
        n = len(weights)
        self._rng, self._mean = rng, weights.copy()
        self._population_size = settings.population_size or default_population_size(n)
        self._constants = CMAConstants.compute(
            n, self._population_size, settings.active, learning_rate_factor=(n + 2) / 3
        )
        self._paths = EvolutionPaths(self._constants, n, settings.sigma, settings.sigma_floor)
        self._variances = np.ones(n)

    @property
    def solution(self) -> Array:
        return self._mean.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        z = self._rng.standard_normal((self._population_size, len(self._mean)))
        return [ind_init(x) for x in self._mean + self._paths.sigma * np.sqrt(self._variances) * z]

    def update(self, population: list[Individual]) -> None:
        c, n = self._constants, len(self._mean)
        y = (sort_by_fitness(population) - self._mean) / self._paths.sigma
        step = c.recombination_weights[: c.mu] @ y[: c.mu]
        self._mean = self._mean + self._paths.sigma * step
        stalled_decay = self._paths.update(step, step / np.sqrt(self._variances))
        squares = np.square(y)
        weights = c.recombination_weights.copy()
        if weights[-1] < 0:
            whitened = (squares[c.mu :] / self._variances).sum(1)
            weights[c.mu :] *= n / np.maximum(whitened, 1e-30)
        decay = 1 + stalled_decay - c.c_1 - c.c_mu * float(c.recombination_weights.sum())
        self._variances = decay * self._variances + c.c_1 * np.square(self._paths.p_c) + c.c_mu * (weights @ squares)
        self._variances = np.maximum(self._variances, 1e-14 * self._variances.max())

    def info(self) -> dict[str, float]:
        condition = self._variances.max() / self._variances.min()
        return {"step_size": self._paths.sigma, "condition": float(condition)}

    def state(self) -> dict[str, Any]:
        return {"mean": self._mean, "paths": self._paths.state(), "variances": self._variances}

    def restore(self, state: dict[str, Any]) -> None:
        self._paths.restore(state["paths"])
        self._mean, self._variances = state["mean"], state["variances"]
