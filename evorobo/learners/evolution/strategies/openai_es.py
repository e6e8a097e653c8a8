"""OpenAI-ES: the gradient of the score, estimated from antithetic pairs of steps (Salimans et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Decay, Limits, NonNegativeFloat, PositiveFloat
from evorobo.flops import product_flops, update_flops
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.antithetic import antithetic_steps
from evorobo.learners.evolution.strategies.base import StrategySettings, fitness_values, sampling_flops
from evorobo.learners.evolution.strategies.fitness_shaping import centered_ranks
from evorobo.learners.evolution.strategies.step_size import decay_sigma
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.registry import register_component


@register_component("strategy", "OpenAIES")
@dataclass(frozen=True)
class OpenAIES:
    """OpenAI's evolution strategy: a gradient estimate with a fixed step size, for large networks.

    With steps eps_i of n members and centered ranks of their scores, g = sum(rank_i eps_i) / (n sigma). An optimizer
    ascends g from the center, which is the solution. Ranks do not get smaller near an optimum. Without
    `learning_rate_decay` the center therefore never comes closer to it than one step of the optimizer.

    Parameters
    ----------
    population_size : int, default 20
        Members of a generation, at least 2 and even: antithetic pairs.
    sigma : float, default 0.2
        Step size, above 0.
    optimizer : Optimizer, default Adam(0.1)
        Optimizer of the center, with its learning rate.
    weight_decay : float, default 0.005
        Strength of an L2 penalty on the center, added to the gradient, at least 0.
    sigma_decay : float, default 1.0
        Factor of `sigma` from each generation to the next, above 0 and at most 1.
    sigma_floor : float, default 0.0
        The smallest step size, at least 0.
    learning_rate_decay : float, default 1.0
        Factor of the learning rate from each generation to the next, above 0 and at most 1.
    name : str, default "openai-es"
        Name in results and figures.

    References
    ----------
    Salimans, T., Ho, J., Chen, X., Sidor, S. and Sutskever, I. (2017). Evolution strategies as a scalable alternative
    to reinforcement learning. arXiv 1703.03864, algorithm 1, section 2.1.

    Examples
    --------
    >>> from evorobo import Adam, Evolution, OpenAIES
    >>> Evolution(OpenAIES(optimizer=Adam(0.05))).name
    'openai-es'
    """

    population_size: Annotated[int, Limits(ge=2, multiple_of=2)] = 20
    sigma: PositiveFloat = 0.2
    optimizer: Optimizer = Adam(0.1)
    weight_decay: NonNegativeFloat = 0.005
    sigma_decay: Decay = 1.0
    sigma_floor: NonNegativeFloat = 0.0
    learning_rate_decay: Decay = 1.0
    name: str = "openai-es"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningOpenAIES:
        return RunningOpenAIES(self, weights, rng)


class RunningOpenAIES:
    """Center, state of its optimizer, factor of the learning rate, step size, and the steps of the generation."""

    def __init__(self, settings: OpenAIES, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._center, self._sigma, self._factor = weights.copy(), settings.sigma, 1.0
        self._optimizer = settings.optimizer.start(self._center)
        self._steps: Array = np.empty((0, len(weights)))
        n, p = settings.population_size, len(weights)
        gradient = product_flops(1, n, p) + 3 * p  # its mean, and the weight decay
        self.update_flops = round(sampling_flops(n, p) + gradient + update_flops(settings.optimizer, p))

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._steps = antithetic_steps(self._rng, self._settings.population_size, len(self._center))
        return [ind_init(row) for row in self._center + self._sigma * self._steps]

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
