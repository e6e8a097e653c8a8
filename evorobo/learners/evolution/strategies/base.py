"""What a strategy is: DEAP's `generate` and `update`, and the answer it would bet on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual


class Strategy(Protocol):
    """A strategy at work, on genomes `(p,)`, higher fitness being better."""

    @property
    def solution(self) -> Array:
        """The genome it would hand in now: usually the centre of its search, scores of single members being noisy."""

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]: ...
    def update(self, population: list[Individual]) -> None: ...
    def info(self) -> dict[str, float]:
        """What to log: its step size, for example."""

    def state(self) -> dict[str, Any]: ...
    def restore(self, state: dict[str, Any]) -> None: ...


class StrategySettings(Protocol):
    """The frozen settings of a strategy; `start` puts it to work around `weights (p,)`."""

    @property
    def name(self) -> str: ...

    def start(self, weights: Array, rng: np.random.Generator) -> Strategy: ...


@runtime_checkable
class UsesMeasures(Protocol):
    """Settings of a strategy that goes by what members do, besides their score.

    When `update` gets them, individuals have `measures (k,)` of these names, in units of their ranges (0 to 1).
    """

    @property
    def measures(self) -> tuple[str, ...]: ...


def fitness_values(population: list[Individual]) -> Array:
    """The fitness of each member `(n,)`."""
    return np.array([individual.fitness.values[0] for individual in population])


def select_best(population: list[Individual], count: int) -> list[Individual]:
    """The `count` fittest, best first; of equals the earlier."""
    return [population[at] for at in np.argsort(-fitness_values(population), kind="stable")[:count]]


def sort_by_fitness(population: list[Individual]) -> Array:
    """The genomes as rows `(n, p)`, best first."""
    rows = np.array(population, dtype=np.float64)
    return rows[np.argsort(-fitness_values(population), kind="stable")]


def sample_around(weights: Array, population_size: int, init_std: float, rng: np.random.Generator) -> Array:
    """A first generation `(population, p)`: `weights (p,)` themselves, and the others `init_std` about them."""
    return np.concatenate([weights[None], weights + rng.normal(0, init_std, (population_size - 1, len(weights)))])


def default_population_size(p: int) -> int:
    """4 + 3 ln p (Hansen & Ostermeier 2001, table 1)."""
    return 4 + int(3 * np.log(p))
