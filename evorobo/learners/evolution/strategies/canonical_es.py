"""The canonical ES: the weighted mean of the best steps, with a fixed step size (Chrabaszcz et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import Decay, Limits, NonNegativeFloat, PositiveFloat, PositiveInt
from evorobo.flops import product_flops
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    default_population_size,
    sampling_flops,
    sort_by_fitness,
)
from evorobo.learners.evolution.strategies.fitness_shaping import recombination_weights
from evorobo.learners.evolution.strategies.step_size import decay_sigma
from evorobo.registry import register_component


@register_component("strategy", "CanonicalES")
@dataclass(frozen=True)
class CanonicalES:
    """Canonical (mu, lambda) evolution strategy with a fixed step size, for large networks.

    The center moves by sigma sum(w_j e_j) over the mu best steps e_j, with w_j = ln(mu + 1/2) - ln j, normalized to sum
    to 1. The solution is the center.

    Parameters
    ----------
    sigma : float, default 0.1
        Step size, above 0.
    population_size : int or None, default None
        Members of a generation (lambda), at least 2; None is 4 + 3 ln p for p weights.
    n_parents : int or None, default None
        Number of best members that are averaged (mu), from 1 to lambda; None is a quarter of lambda.
    sigma_decay : float, default 1.0
        Factor of `sigma` from each generation to the next, above 0 and at most 1.
    sigma_floor : float, default 0.0
        The smallest step size, at least 0.
    name : str, default "canonical-es"
        Name in results and figures.

    References
    ----------
    Chrabaszcz, P., Loshchilov, I. and Hutter, F. (2018). Back to basics: benchmarking canonical evolution strategies
    for playing Atari. IJCAI, algorithm 1.

    Examples
    --------
    >>> from evorobo import CanonicalES, Evolution
    >>> Evolution(CanonicalES(sigma=0.05)).name
    'canonical-es'
    """

    sigma: PositiveFloat = 0.1
    population_size: Annotated[int, Limits(ge=2)] | None = None
    n_parents: PositiveInt | None = None
    sigma_decay: Decay = 1.0
    sigma_floor: NonNegativeFloat = 0.0
    name: str = "canonical-es"

    def __post_init__(self) -> None:
        if self.population_size and self.n_parents and self.n_parents > self.population_size:
            raise SettingsError(
                f"n_parents must be at most population_size, {self.population_size}, not {self.n_parents}."
            )

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningCanonicalES:
        return RunningCanonicalES(self, weights, rng)


class RunningCanonicalES:
    """Center and step size."""

    def __init__(self, settings: CanonicalES, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._center, self._sigma = weights.copy(), settings.sigma
        self._population_size = settings.population_size or max(
            default_population_size(len(weights)), settings.n_parents or 0
        )
        self._weights = recombination_weights(settings.n_parents or max(1, self._population_size // 4))
        n, p = self._population_size, len(weights)
        self.update_flops = sampling_flops(n, p) + product_flops(1, len(self._weights), p)

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        steps = self._rng.standard_normal((self._population_size, len(self._center)))
        return [ind_init(row) for row in self._center + self._sigma * steps]

    def update(self, population: list[Individual]) -> None:
        self._center = self._weights @ sort_by_fitness(population)[: len(self._weights)]
        self._sigma = decay_sigma(self._sigma, self._settings)

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma}

    def state(self) -> dict[str, Any]:
        return {"center": self._center, "sigma": self._sigma}

    def restore(self, state: dict[str, Any]) -> None:
        self._center, self._sigma = state["center"], float(state["sigma"])
