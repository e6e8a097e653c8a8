"""Differential evolution: steps are differences between members of the population (Storn & Price 1997)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive, check_within
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import fitness_values, sample_around
from evorobo.registry import register_component


@register_component("strategy", "DifferentialEvolution")
@dataclass(frozen=True)
class DifferentialEvolution:
    """DE/rand/1/bin of `population_size` members, the first generation `init_std` wide about the starting genome.

    Storn & Price 1997, section 2: each member x_i is challenged by u with u_j = x_a + weight (x_b - x_c) at genes
    chosen with probability `crossover_prob`, at least one, and x_i's elsewhere; a, b, c are three others, chosen at random.
    The challenger takes its place if it scores at least as high. `differential_weight` is the paper's F, `crossover_prob` its CR.

    With `reevaluate` members are scored again beside their challengers, under the same chances; without, at half the
    price, their scores are what they once were, which is right where scores have no noise. The answer is the best
    member.
    """

    population_size: int = 40
    differential_weight: float = 0.5
    crossover_prob: float = 0.9
    init_std: float = 0.5
    reevaluate: bool = True
    name: str = "de"

    def __post_init__(self) -> None:
        check_at_least(4, population_size=self.population_size)
        check_positive(differential_weight=self.differential_weight, init_std=self.init_std)
        check_within(0, 1, crossover_prob=self.crossover_prob)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningDifferentialEvolution:
        return RunningDifferentialEvolution(self, weights, rng)


class RunningDifferentialEvolution:
    """The members as rows `(n, p)` and their scores `(n,)`, none before the first generation has been scored."""

    def __init__(self, settings: DifferentialEvolution, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights
        self._members: Array = np.empty((0, len(weights)))
        self._scores: Array = np.empty(0)

    @property
    def solution(self) -> Array:
        return np.array(self._members[self._scores.argmax()] if len(self._members) else self._first)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings = self._settings
        if not len(self._members):
            rows = sample_around(self._first, settings.population_size, settings.init_std, self._rng)
        else:
            rows = self._challengers()
            if settings.reevaluate:
                rows = np.concatenate([rows, self._members])
        return [ind_init(each) for each in rows]

    def _challengers(self) -> Array:
        x, rng = self._members, self._rng
        n, p = x.shape
        lots = rng.random((n, n))
        np.fill_diagonal(lots, np.inf)  # nobody is mutated by itself
        a, b, c = np.argsort(lots, axis=1)[:, :3].T
        crossed = rng.random((n, p)) < self._settings.crossover_prob
        crossed[np.arange(n), rng.integers(p, size=n)] = True
        return np.where(crossed, x[a] + self._settings.differential_weight * (x[b] - x[c]), x)

    def update(self, population: list[Individual]) -> None:
        n, told = self._settings.population_size, fitness_values(population)
        rows = np.array(population[:n], dtype=np.float64)
        if not len(self._members):
            self._members, self._scores = rows, told
            return
        standing = told[n:] if self._settings.reevaluate else self._scores
        won = told[:n] >= standing
        self._members = np.where(won[:, None], rows, self._members)
        self._scores = np.where(won, told[:n], standing)

    def info(self) -> dict[str, float]:
        return {}

    def state(self) -> dict[str, Any]:
        return {"members": self._members, "scores": self._scores}

    def restore(self, state: dict[str, Any]) -> None:
        self._members, self._scores = state["members"], state["scores"]
