"""Differential evolution: steps are differences between members of the population (Storn & Price 1997)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Limits, PositiveFloat, Probability
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, sample_around, sampling_flops
from evorobo.learners.evolution.strategies.incumbents import Incumbents
from evorobo.registry import register_component


@register_component("strategy", "DifferentialEvolution")
@dataclass(frozen=True)
class DifferentialEvolution:
    """Differential evolution, DE/rand/1/bin, for few weights.

    Each member x_i has a challenger u with u_j = x_a + F (x_b - x_c) at genes chosen with probability CR, at least one,
    and x_i's genes elsewhere; a, b and c are three random other members. The challenger replaces the member if it
    scores at least as high. The solution is the best member.

    Parameters
    ----------
    population_size : int, default 40
        Number of members, at least 4.
    differential_weight : float, default 0.5
        Factor of the difference between two members (F), above 0.
    crossover_prob : float, default 0.9
        Probability that a gene comes from the mutated vector (CR), 0 to 1.
    init_std : float, default 0.5
        Standard deviation of the first generation around the starting genome, above 0.
    reevaluate : bool, default True
        Whether members are scored again beside their challengers, with the same seeds. False saves half of the
        evaluations and is correct if scores have no noise.
    name : str, default "de"
        Name in results and figures.

    References
    ----------
    Storn, R. and Price, K. (1997). Differential evolution: a simple and efficient heuristic for global optimization
    over continuous spaces. Journal of Global Optimization 11, section 2.

    Examples
    --------
    >>> from evorobo import DifferentialEvolution, Evolution
    >>> Evolution(DifferentialEvolution(population_size=20)).name
    'de'
    """

    population_size: Annotated[int, Limits(ge=4)] = 40
    differential_weight: PositiveFloat = 0.5
    crossover_prob: Probability = 0.9
    init_std: PositiveFloat = 0.5
    reevaluate: bool = True
    name: str = "de"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningDifferentialEvolution:
        return RunningDifferentialEvolution(self, weights, rng)


class RunningDifferentialEvolution:
    """The members with their scores."""

    def __init__(self, settings: DifferentialEvolution, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights
        self._incumbents = Incumbents(weights, np.greater_equal, settings.reevaluate)
        self.update_flops = 0

    @property
    def solution(self) -> Array:
        return self._incumbents.best

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, p = self._settings, len(self._first)
        if len(self._incumbents):
            self.update_flops = 3 * settings.population_size * p  # x_a + F (x_b - x_c)
            rows = self._incumbents.with_challengers(self._challengers())
        else:
            self.update_flops = sampling_flops(settings.population_size - 1, p)
            rows = sample_around(self._first, settings.population_size, settings.init_std, self._rng)
        return [ind_init(row) for row in rows]

    def _challengers(self) -> Array:
        x, rng, settings = self._incumbents.members, self._rng, self._settings
        n, p = x.shape
        order = rng.random((n, n))
        np.fill_diagonal(order, np.inf)  # a, b and c are not the member itself
        a, b, c = np.argsort(order, axis=1, kind="stable")[:, :3].T
        crossed = rng.random((n, p)) < settings.crossover_prob
        crossed[np.arange(n), rng.integers(p, size=n)] = True
        return np.where(crossed, x[a] + settings.differential_weight * (x[b] - x[c]), x)

    def update(self, population: list[Individual]) -> None:
        self._incumbents.update(population)

    def info(self) -> dict[str, float]:
        return {}

    def state(self) -> dict[str, Any]:
        return self._incumbents.state()

    def restore(self, state: dict[str, Any]) -> None:
        self._incumbents.restore(state)
