"""PGPE, policy gradients with parameter-based exploration: antithetic pairs, a step size for each weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Limits, NonNegativeFloat, PositiveFloat, Probability
from evorobo.flops import update_flops
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.antithetic import antithetic_steps, default_even_population_size
from evorobo.learners.evolution.strategies.base import StrategySettings, fitness_values, sampling_flops
from evorobo.learners.evolution.strategies.fitness_shaping import centered_ranks
from evorobo.nets.clip_up import ClipUp
from evorobo.nets.optimizers import Optimizer
from evorobo.registry import register_component


@register_component("strategy", "PGPE")
@dataclass(frozen=True)
class PGPE:
    """Policy gradients with parameter-based exploration, for large networks.

    With deviations d from the center mu and the centered ranks r+ and r- of a pair::

        g_mu = mean((r+ - r-) / 2 d)        g_sigma = mean((r+ + r-) / 2 (d^2 - sigma^2) / sigma)

    An optimizer ascends g_mu from the center, which is the solution. ClipUp has a nearly constant step length; with
    `SGD` the steps of the center shrink as sigma does.

    Parameters
    ----------
    population_size : int or None, default None
        Members of a generation, at least 2 and even: antithetic pairs. None is 4 + 3 ln p for p weights, made even.
    sigma : float, default 0.2
        First step size of all weights, above 0.
    optimizer : Optimizer, default ClipUp(0.1)
        Optimizer of the center, with its learning rate.
    sigma_learning_rate : float, default 0.1
        Learning rate of the step sizes, at least 0.
    max_sigma_change : float, default 0.2
        Largest relative change of a step size in a generation, 0 to 1.
    sigma_floor : float, default 0.0
        The smallest step size, at least 0.
    name : str, default "pgpe"
        Name in results and figures.

    References
    ----------
    Sehnke, F. et al. (2010). Parameter-exploring policy gradients. Neural Networks 23, section 3.2.
    Toklu, N. E., Liskowski, P. and Srivastava, R. K. (2020). ClipUp: a simple and powerful optimizer for
    distribution-based policy evolution. PPSN XVI, algorithm 1.

    Examples
    --------
    >>> from evorobo import PGPE, ClipUp, Evolution
    >>> Evolution(PGPE(optimizer=ClipUp(0.05))).name
    'pgpe'
    """

    population_size: Annotated[int, Limits(ge=2, multiple_of=2)] | None = None
    sigma: PositiveFloat = 0.2
    optimizer: Optimizer = ClipUp(0.1)
    sigma_learning_rate: NonNegativeFloat = 0.1
    max_sigma_change: Probability = 0.2
    sigma_floor: NonNegativeFloat = 0.0
    name: str = "pgpe"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningPGPE:
        return RunningPGPE(self, weights, rng)


class RunningPGPE:
    """Center, state of its optimizer, a step size for each weight, and the steps of the generation."""

    def __init__(self, settings: PGPE, weights: Array, rng: np.random.Generator) -> None:
        n = len(weights)
        self._settings, self._rng = settings, rng
        self._population_size = settings.population_size or default_even_population_size(n)
        self._center, self._sigma = weights.copy(), np.full(n, settings.sigma)
        self._optimizer = settings.optimizer.start(self._center)
        self._steps: Array = np.empty((0, n))
        pairs = self._population_size // 2
        gradients = 8 * pairs * n + 5 * n  # 3 pairs n + n for the center, 5 pairs n + 4 n for the step sizes
        sampling = sampling_flops(self._population_size, n)
        self.update_flops = round(sampling + gradients + update_flops(settings.optimizer, n))

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._steps = antithetic_steps(self._rng, self._population_size, len(self._center))
        return [ind_init(row) for row in self._center + self._sigma * self._steps]

    def update(self, population: list[Individual]) -> None:
        settings, pairs = self._settings, self._population_size // 2
        plus, minus = np.split(centered_ranks(fitness_values(population)), 2)
        steps, sigma = self._steps[:pairs], self._sigma
        ascent = ((plus - minus) / 2) @ (sigma * steps) / pairs
        settings.optimizer.update(self._center, -ascent, self._optimizer)
        sigma_gradient = ((plus + minus) / 2) @ (sigma * (np.square(steps) - 1)) / pairs
        max_change = settings.max_sigma_change * sigma
        self._sigma = np.maximum(
            sigma + np.clip(settings.sigma_learning_rate * sigma_gradient, -max_change, max_change),
            settings.sigma_floor,
        )

    def info(self) -> dict[str, float]:
        return {"step_size": float(self._sigma.mean()), "centre_norm": float(np.linalg.norm(self._center))}

    def state(self) -> dict[str, Any]:
        return {"center": self._center, "sigma": self._sigma, "optimizer": self._optimizer}

    def restore(self, state: dict[str, Any]) -> None:
        self._center, self._sigma, self._optimizer = state["center"], state["sigma"], state["optimizer"]
