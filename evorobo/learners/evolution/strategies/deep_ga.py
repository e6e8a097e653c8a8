"""The deep GA: truncation selection, Gaussian mutation, and an elite that is scored twice (Such et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import Decay, Limits, NonNegativeFloat, PositiveFloat, PositiveInt
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    fitness_values,
    sample_around,
    sampling_flops,
)
from evorobo.learners.evolution.strategies.step_size import decay_sigma
from evorobo.registry import register_component


@register_component("strategy", "DeepGA")
@dataclass(frozen=True)
class DeepGA:
    """Genetic algorithm with truncation selection and mutation alone, for large networks.

    A child is a random parent plus N(0, sigma^2) in each gene. The best members of a generation are candidates:
    they are scored again in the next generation, with its random seeds. The candidate with the highest mean of its
    two scores is the elite. It stays among the parents and is the solution. The paper has 1,000 members, 20
    parents, and sigma 0.002 to 0.005 for millions of weights.

    Parameters
    ----------
    population_size : int, default 60
        Members of a generation, at least 2.
    truncation_size : int, default 10
        Number of best members that become parents, at least 1 and less than `population_size`.
    n_candidates : int, default 5
        Number of best members that are scored again, at least 1 and less than `population_size`.
    sigma : float, default 0.1
        Standard deviation of mutation (the step size), above 0.
    init_std : float, default 0.5
        Standard deviation of the first generation around the starting genome, above 0.
    sigma_decay : float, default 1.0
        Factor of `sigma` from each generation to the next, above 0 and at most 1.
    sigma_floor : float, default 0.0
        The smallest step size, at least 0.
    name : str, default "deep-ga"
        Name in results and figures.

    References
    ----------
    Such, F. P. et al. (2017). Deep neuroevolution: genetic algorithms are a competitive alternative for training deep
    neural networks for reinforcement learning. arXiv 1712.06567, algorithm 1.

    Examples
    --------
    >>> from evorobo import DeepGA, Evolution
    >>> Evolution(DeepGA(population_size=100, truncation_size=20)).name
    'deep-ga'
    """

    population_size: Annotated[int, Limits(ge=2)] = 60
    truncation_size: PositiveInt = 10
    n_candidates: PositiveInt = 5
    sigma: PositiveFloat = 0.1
    init_std: PositiveFloat = 0.5
    sigma_decay: Decay = 1.0
    sigma_floor: NonNegativeFloat = 0.0
    name: str = "deep-ga"

    def __post_init__(self) -> None:
        for name in ("truncation_size", "n_candidates"):
            if (value := getattr(self, name)) >= self.population_size:
                raise SettingsError(f"{name} must be less than population_size, {self.population_size}, not {value}.")

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningDeepGA:
        return RunningDeepGA(self, weights, rng)


class RunningDeepGA:
    """Parents `(m, p)`, the elite first; candidates `(k, p)` with their first scores `(k,)`; the step size."""

    def __init__(self, settings: DeepGA, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._parents, self._sigma = weights[None], settings.sigma
        self._candidates: Array = np.empty((0, len(weights)))
        self._scores: Array = np.empty(0)
        self.update_flops = 0

    @property
    def solution(self) -> Array:
        return self._parents[0].copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng = self._settings, self._rng
        n_rescored = len(self._candidates) or 1  # the first generation has the starting genome
        self.update_flops = sampling_flops(settings.population_size - n_rescored, self._parents.shape[1])
        if not len(self._candidates):
            rows = sample_around(self._parents[0], settings.population_size, settings.init_std, rng)
        else:
            chosen = rng.integers(len(self._parents), size=settings.population_size - len(self._candidates))
            steps = self._sigma * rng.standard_normal((len(chosen), self._parents.shape[1]))
            rows = np.concatenate([self._candidates, self._parents[chosen] + steps])
        return [ind_init(row) for row in rows]

    def update(self, population: list[Individual]) -> None:
        settings, scores = self._settings, fitness_values(population)
        rows = np.array(population, dtype=np.float64)
        order = np.argsort(-scores, kind="stable")
        elite = rows[:0]
        if n_rescored := len(self._candidates):
            elite = rows[[np.argmax(self._scores + scores[:n_rescored])]]
            self._sigma = decay_sigma(self._sigma, settings)
        self._parents = np.concatenate([elite, rows[order[: settings.truncation_size]]])
        chosen = order[: settings.n_candidates]
        self._candidates, self._scores = rows[chosen], scores[chosen]

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma}

    def state(self) -> dict[str, Any]:
        return {
            "parents": self._parents,
            "candidates": self._candidates,
            "scores": self._scores,
            "sigma": self._sigma,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._parents, self._sigma = state["parents"], float(state["sigma"])
        self._candidates, self._scores = state["candidates"], state["scores"]
