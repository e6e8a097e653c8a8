"""Random search: sample around the starting genome, keep the best; the baseline of every strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Limits, PositiveFloat
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    sample_around,
    sampling_flops,
    select_best,
)
from evorobo.registry import register_component


@register_component("strategy", "RandomSearch")
@dataclass(frozen=True)
class RandomSearch:
    """Random search around the starting genome, a baseline without learning.

    Each generation is the best member so far and `population_size` - 1 new normal samples. The best member is scored
    again with the same random seeds as the others, so that one lucky score does not last. It is the solution.

    Parameters
    ----------
    population_size : int, default 20
        Members of a generation, at least 2.
    init_std : float, default 0.5
        Standard deviation of the samples around the starting genome, above 0.
    name : str, default "random-search"
        Name in results and figures.

    References
    ----------
    Brooks, S. H. (1958). A discussion of random methods for seeking maxima. Operations Research 6.

    Examples
    --------
    >>> from evorobo import Evolution, RandomSearch
    >>> Evolution(RandomSearch(init_std=1.0)).name
    'random-search'
    """

    population_size: Annotated[int, Limits(ge=2)] = 20
    init_std: PositiveFloat = 0.5
    name: str = "random-search"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningRandomSearch:
        return RunningRandomSearch(self, weights, rng)


class RunningRandomSearch:
    """The starting genome, and the best member so far."""

    def __init__(self, settings: RandomSearch, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._center, self._best = weights, weights.copy()
        self.update_flops = sampling_flops(settings.population_size - 1, len(weights))

    @property
    def solution(self) -> Array:
        return self._best.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        rows = sample_around(self._center, self._settings.population_size, self._settings.init_std, self._rng)
        rows[0] = self._best
        return [ind_init(row) for row in rows]

    def update(self, population: list[Individual]) -> None:
        self._best = np.array(select_best(population, 1)[0], dtype=np.float64)

    def info(self) -> dict[str, float]:
        return {}

    def state(self) -> dict[str, Any]:
        return {"best": self._best}

    def restore(self, state: dict[str, Any]) -> None:
        self._best = state["best"]
