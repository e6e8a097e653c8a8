"""The interfaces of a strategy: its settings, and its running state with DEAP's `generate` and `update`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual


class Strategy(Protocol):
    """A running strategy on genomes `(p,)`; higher fitness is better. All state must be in `state()`."""

    @property
    def solution(self) -> Array:
        """The genome `(p,)` that it proposes now: usually its center, because single scores are noisy."""

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        """Return the individuals of the next generation, each made by `ind_init(weights)`."""

    def update(self, population: list[Individual]) -> None:
        """Learn from the individuals of `generate`, in the same order, once they have a fitness."""

    def info(self) -> dict[str, float]:
        """Return what is logged in each generation, for example the step size."""

    def state(self) -> dict[str, Any]:
        """Return arrays and plain values, in nested dicts, from which `restore` continues identically."""

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what `state` returned."""


@runtime_checkable
class StrategySettings(Protocol):
    """The frozen settings of a strategy."""

    @property
    def name(self) -> str: ...

    def start(self, weights: Array, rng: np.random.Generator) -> Strategy:
        """Start a search from a genome.

        Parameters
        ----------
        weights : numpy.ndarray of shape (n_params,)
            The starting genome.
        rng : numpy.random.Generator
            Source of all randomness.

        Returns
        -------
        Strategy
            The running strategy, with `generate`, `update` and `solution`.
        """
        ...


@runtime_checkable
class CountsFlops(Protocol):
    """A running strategy that counts its own arithmetic, by formula; `evorobo.flops` says what counts."""

    @property
    def update_flops(self) -> int:
        """Operations of `generate` and `update` in the last generation."""


def generation_flops(strategy: object, population: list[Individual]) -> int:
    """The operations of a strategy in the last generation; 2 for each gene of `population` if it counts none."""
    return strategy.update_flops if isinstance(strategy, CountsFlops) else sampling_flops(*np.shape(population))


def sampling_flops(n: int, p: int) -> int:
    """The operations of n normal samples of p weights: each is a product of a step and its size, and a sum."""
    return 2 * n * p


@runtime_checkable
class UsesMeasures(Protocol):
    """Settings of a strategy that uses what members do, besides their score.

    In `update`, individuals have `measures (k,)` of these names, in units of their ranges (0 to 1).
    """

    @property
    def measures(self) -> tuple[str, ...]: ...


def fitness_values(population: list[Individual]) -> Array:
    """The fitness of each member `(n,)`."""
    return np.array([individual.fitness.values[0] for individual in population])


def select_best(population: list[Individual], count: int) -> list[Individual]:
    """The `count` fittest members, best first; of equal members the earlier comes first."""
    return [population[index] for index in np.argsort(-fitness_values(population), kind="stable")[:count]]


def sort_by_fitness(population: list[Individual]) -> Array:
    """The genomes as rows `(n, p)`, best first."""
    rows = np.array(population, dtype=np.float64)
    return rows[np.argsort(-fitness_values(population), kind="stable")]


def sample_around(weights: Array, population_size: int, init_std: float, rng: np.random.Generator) -> Array:
    """A first generation `(n, p)`: `weights (p,)` themselves, then normal samples around them."""
    return np.concatenate([weights[None], weights + rng.normal(0, init_std, (population_size - 1, len(weights)))])


class GaussianSearch(Protocol):
    """Settings that strategies with a first step size and a default population size share."""

    @property
    def sigma(self) -> float: ...
    @property
    def population_size(self) -> int | None: ...
    @property
    def sigma_floor(self) -> float: ...


def default_population_size(p: int) -> int:
    """4 + 3 ln p (Hansen & Ostermeier 2001, table 1)."""
    return 4 + int(3 * np.log(p))
