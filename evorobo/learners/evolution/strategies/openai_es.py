"""OpenAI-ES: the gradient of the score, felt out by pairs of opposite steps (Salimans et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_positive, check_within
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.antithetic import antithetic_steps, check_even
from evorobo.learners.evolution.strategies.base import fitness_values
from evorobo.learners.evolution.strategies.fitness_shaping import centered_ranks
from evorobo.learners.evolution.strategies.step_size import check_sigma_decay, decay_sigma
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.registry import register_component


@register_component("strategy", "OpenAIES")
@dataclass(frozen=True)
class OpenAIES:
    """`population_size` members in antithetic pairs, steps of size `sigma`, scores shaped to centred ranks.

    Salimans et al. 2017, algorithm 1 with section 2.1: g = sum(rank_i eps_i) / (n sigma), ascended by `optimizer`,
    with L2 `weight_decay` as a part of the gradient. With `sigma_decay` below 1 the step size shrinks by that factor in
    each generation, down to `sigma_floor`; with `learning_rate_decay` below 1 so does the optimizer's rate. Ranks know no small
    slopes: without `learning_rate_decay` the centre never stops moving, and comes to a peak no closer than a step of the rate.
    """

    population_size: int = 20
    sigma: float = 0.2
    optimizer: Optimizer = Adam(0.1)
    weight_decay: float = 0.005
    sigma_decay: float = 1.0
    sigma_floor: float = 0.0
    learning_rate_decay: float = 1.0
    name: str = "openai-es"

    def __post_init__(self) -> None:
        check_even(self.population_size)
        check_within(0, np.inf, weight_decay=self.weight_decay)
        check_positive(learning_rate_decay=self.learning_rate_decay)
        check_within(0, 1, learning_rate_decay=self.learning_rate_decay)
        check_sigma_decay(self)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningOpenAIES:
        return RunningOpenAIES(self, weights, rng)


class RunningOpenAIES:
    """The centre of the search, its optimizer, its share of the rate, the step size, and the steps out to be scored."""

    def __init__(self, settings: OpenAIES, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._center, self._sigma, self._factor = weights.copy(), settings.sigma, 1.0
        self._optimizer = settings.optimizer.start(self._center)
        self._steps: Array = np.empty((0, len(weights)))

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._steps = antithetic_steps(self._rng, self._settings.population_size, len(self._center))
        return [ind_init(each) for each in self._center + self._sigma * self._steps]

    def update(self, population: list[Individual]) -> None:
        ranks = centered_ranks(fitness_values(population))
        ascent = ranks @ self._steps / (len(population) * self._sigma)
        descent = self._settings.weight_decay * self._center - ascent
        self._settings.optimizer.update(self._center, descent, self._optimizer, self._factor)
        self._factor *= self._settings.learning_rate_decay
        self._sigma = decay_sigma(self._sigma, self._settings)

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma, "centre_norm": float(np.linalg.norm(self._center))}

    def state(self) -> dict[str, Any]:
        return {
            "center": self._center,
            "sigma": self._sigma,
            "factor": self._factor,
            "optimizer": self._optimizer,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._center, self._optimizer = state["center"], state["optimizer"]
        self._sigma, self._factor = float(state["sigma"]), float(state["factor"])
