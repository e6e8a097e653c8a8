"""CMA-ES as DEAP has it: a normal distribution that learns the shape of the landscape (Hansen & Ostermeier 2001)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from deap import cma

from evorobo.learners.evolution.individual import Individual
from evorobo.learners.evolution.strategy import at_least, positive, usual_population
from evorobo.nets.activations import Array

ARRAYS = ("centroid", "ps", "pc", "C", "diagD", "B", "BD")


@dataclass(frozen=True)
class CMAES:
    """`sigma` is the first step size, `population` the members of a generation (4 + 3 ln p if None).

    DEAP decomposes the covariance matrix in every generation, in time that grows with p cubed: fine up to some
    hundred weights, 0.1 s a generation at 1,000 and 4 s at 3,000, where OpenAIES is the better choice.
    """

    sigma: float = 0.5
    population: int | None = None
    name: str = "cma-es"

    def __post_init__(self) -> None:
        positive(sigma=self.sigma)
        at_least(4, population=self.population)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningCMAES:
        return RunningCMAES(self, weights)


class RunningCMAES:
    """`deap.cma.Strategy`; its draws come from numpy's global generator, which the learner lends ours to."""

    def __init__(self, settings: CMAES, weights: Array) -> None:
        size = settings.population or usual_population(len(weights))
        self._deap = cma.Strategy(centroid=weights, sigma=settings.sigma, lambda_=size)

    @property
    def answer(self) -> Array:
        return np.asarray(self._deap.centroid)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        made: list[Individual] = self._deap.generate(ind_init)
        return made

    def update(self, population: list[Individual]) -> None:
        self._deap.update(list(population))  # a copy of the list: DEAP sorts it

    def info(self) -> dict[str, float]:
        return {"step_size": float(self._deap.sigma), "condition": float(self._deap.cond)}

    def state(self) -> dict[str, Any]:
        arrays = {name: np.asarray(getattr(self._deap, name)) for name in ARRAYS}
        numbers = {name: float(getattr(self._deap, name)) for name in ("sigma", "cond")}
        return {**arrays, **numbers, "update_count": self._deap.update_count}

    def restore(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self._deap, name, value)
