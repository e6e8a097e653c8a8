"""OpenAI-ES: the gradient of the score, felt out by pairs of opposite steps (Salimans et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.antithetic import in_pairs, opposite_steps
from evorobo.learners.evolution.strategies.base import positive, scores, within
from evorobo.learners.evolution.strategies.fitness_shaping import centred_ranks
from evorobo.learners.evolution.strategies.step_size import check_shrinking, shrunk
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.registry import register_component


@register_component("strategy", "OpenAIES")
@dataclass(frozen=True)
class OpenAIES:
    """`population` members in antithetic pairs, steps of size `sigma`, scores shaped to centred ranks.

    Salimans et al. 2017, algorithm 1 with section 2.1: g = sum(rank_i eps_i) / (n sigma), ascended by `optimizer`,
    with L2 `weight_decay` as a part of the gradient. With `sigma_decay` below 1 the step size shrinks by that factor in
    each generation, down to `sigma_floor`; with `rate_decay` below 1 so does the optimizer's rate. Ranks know no small
    slopes: without `rate_decay` the centre never stops moving, and comes to a peak no closer than a step of the rate.
    """

    population: int = 20
    sigma: float = 0.2
    optimizer: Optimizer = Adam(0.1)
    weight_decay: float = 0.005
    sigma_decay: float = 1.0
    sigma_floor: float = 0.0
    rate_decay: float = 1.0
    name: str = "openai-es"

    def __post_init__(self) -> None:
        in_pairs(self.population)
        within(0, np.inf, weight_decay=self.weight_decay)
        positive(rate_decay=self.rate_decay)
        within(0, 1, rate_decay=self.rate_decay)
        check_shrinking(self)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningOpenAIES:
        return RunningOpenAIES(self, weights, rng)


class RunningOpenAIES:
    """The centre of the search, its optimizer, its share of the rate, the step size, and the steps out to be scored."""

    def __init__(self, settings: OpenAIES, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._centre, self._sigma, self._factor = weights.copy(), settings.sigma, 1.0
        self._optimizer = settings.optimizer.start(self._centre)
        self._steps: Array = np.empty((0, len(weights)))

    @property
    def answer(self) -> Array:
        return self._centre.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._steps = opposite_steps(self._rng, self._settings.population, len(self._centre))
        return [ind_init(each) for each in self._centre + self._sigma * self._steps]

    def update(self, population: list[Individual]) -> None:
        ranks = centred_ranks(scores(population))
        ascent = ranks @ self._steps / (len(population) * self._sigma)
        descent = self._settings.weight_decay * self._centre - ascent
        self._settings.optimizer.update(self._centre, descent, self._optimizer, self._factor)
        self._factor *= self._settings.rate_decay
        self._sigma = shrunk(self._sigma, self._settings)

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma, "centre_norm": float(np.linalg.norm(self._centre))}

    def state(self) -> dict[str, Any]:
        return {
            "centre": self._centre,
            "sigma": self._sigma,
            "factor": self._factor,
            "optimizer": self._optimizer,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._centre, self._optimizer = state["centre"], state["optimizer"]
        self._sigma, self._factor = float(state["sigma"]), float(state["factor"])
