"""The canonical ES: the best steps of one fixed size, averaged; no more (Chrabaszcz, Loshchilov & Hutter 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import at_least, best_first, usual_population
from evorobo.learners.evolution.strategies.fitness_shaping import log_weights
from evorobo.learners.evolution.strategies.step_size import check_shrinking, shrunk
from evorobo.registry import register_component


@register_component("strategy", "CanonicalES")
@dataclass(frozen=True)
class CanonicalES:
    """`population` is lambda (4 + 3 ln p if None), `parents` mu (a quarter of lambda if None).

    Chrabaszcz, Loshchilov & Hutter 2018, algorithm 1: centre += sigma sum(w_j e_j) over the mu best steps e_j, with
    w_j = ln(mu + 1/2) - ln j made to sum to 1. With `sigma_decay` below 1 the step size shrinks by that factor in each
    generation, down to `sigma_floor`.
    """

    sigma: float = 0.1
    population: int | None = None
    parents: int | None = None
    sigma_decay: float = 1.0
    sigma_floor: float = 0.0
    name: str = "canonical-es"

    def __post_init__(self) -> None:
        check_shrinking(self)
        at_least(2, population=self.population)
        at_least(1, parents=self.parents)
        if self.population and self.parents and self.parents > self.population:
            raise SettingsError(f"of {self.population} children there are no {self.parents} best.")

    def start(self, weights: Array, rng: np.random.Generator) -> RunningCanonicalES:
        return RunningCanonicalES(self, weights, rng)


class RunningCanonicalES:
    """The centre and the step size."""

    def __init__(self, settings: CanonicalES, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._centre, self._sigma = weights.copy(), settings.sigma
        self._population = settings.population or max(usual_population(len(weights)), settings.parents or 0)
        self._weights = log_weights(settings.parents or max(1, self._population // 4))

    @property
    def answer(self) -> Array:
        return self._centre.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        steps = self._rng.standard_normal((self._population, len(self._centre)))
        return [ind_init(each) for each in self._centre + self._sigma * steps]

    def update(self, population: list[Individual]) -> None:
        self._centre = self._weights @ best_first(population)[: len(self._weights)]
        self._sigma = shrunk(self._sigma, self._settings)

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma}

    def state(self) -> dict[str, Any]:
        return {"centre": self._centre, "sigma": self._sigma}

    def restore(self, state: dict[str, Any]) -> None:
        self._centre, self._sigma = state["centre"], float(state["sigma"])
