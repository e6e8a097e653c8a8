"""The canonical ES: the best steps of one fixed size, averaged; no more (Chrabaszcz, Loshchilov & Hutter 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import default_population_size, sort_by_fitness
from evorobo.learners.evolution.strategies.fitness_shaping import recombination_weights
from evorobo.learners.evolution.strategies.step_size import check_sigma_decay, decay_sigma
from evorobo.registry import register_component


@register_component("strategy", "CanonicalES")
@dataclass(frozen=True)
class CanonicalES:
    """`population_size` is lambda (4 + 3 ln p if None), `n_parents` mu (a quarter of lambda if None).

    Chrabaszcz, Loshchilov & Hutter 2018, algorithm 1: centre += sigma sum(w_j e_j) over the mu best steps e_j, with
    w_j = ln(mu + 1/2) - ln j made to sum to 1. With `sigma_decay` below 1 the step size shrinks by that factor in each
    generation, down to `sigma_floor`.
    """

    sigma: float = 0.1
    population_size: int | None = None
    n_parents: int | None = None
    sigma_decay: float = 1.0
    sigma_floor: float = 0.0
    name: str = "canonical-es"

    def __post_init__(self) -> None:
        check_sigma_decay(self)
        check_at_least(2, population_size=self.population_size)
        check_at_least(1, n_parents=self.n_parents)
        if self.population_size and self.n_parents and self.n_parents > self.population_size:
            raise SettingsError(f"of {self.population_size} children there are no {self.n_parents} best.")

    def start(self, weights: Array, rng: np.random.Generator) -> RunningCanonicalES:
        return RunningCanonicalES(self, weights, rng)


class RunningCanonicalES:
    """The centre and the step size."""

    def __init__(self, settings: CanonicalES, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._center, self._sigma = weights.copy(), settings.sigma
        self._population_size = settings.population_size or max(
            default_population_size(len(weights)), settings.n_parents or 0
        )
        self._weights = recombination_weights(settings.n_parents or max(1, self._population_size // 4))

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        steps = self._rng.standard_normal((self._population_size, len(self._center)))
        return [ind_init(each) for each in self._center + self._sigma * steps]

    def update(self, population: list[Individual]) -> None:
        self._center = self._weights @ sort_by_fitness(population)[: len(self._weights)]
        self._sigma = decay_sigma(self._sigma, self._settings)

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma}

    def state(self) -> dict[str, Any]:
        return {"center": self._center, "sigma": self._sigma}

    def restore(self, state: dict[str, Any]) -> None:
        self._center, self._sigma = state["center"], float(state["sigma"])
