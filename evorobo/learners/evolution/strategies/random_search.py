"""Random search: draw, keep the best, learn nothing; what every strategy must beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import sample_around, select_best
from evorobo.registry import register_component


@register_component("strategy", "RandomSearch")
@dataclass(frozen=True)
class RandomSearch:
    """Each generation is the champion and `population_size` - 1 new draws, normal, `init_std` about the starting genome.

    The champion is scored again beside its challengers, under the same chances, so that no lucky score rules for
    ever. The answer is the champion. (Brooks 1958; "random weight guessing" in the pole balancing literature.)
    """

    population_size: int = 20
    init_std: float = 0.5
    name: str = "random-search"

    def __post_init__(self) -> None:
        check_at_least(2, population_size=self.population_size)
        check_positive(init_std=self.init_std)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningRandomSearch:
        return RunningRandomSearch(self, weights, rng)


class RunningRandomSearch:
    """The champion, and where the draws are centred."""

    def __init__(self, settings: RandomSearch, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._center, self._champion = weights, weights.copy()

    @property
    def solution(self) -> Array:
        return self._champion.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        rows = sample_around(self._center, self._settings.population_size, self._settings.init_std, self._rng)
        rows[0] = self._champion
        return [ind_init(each) for each in rows]

    def update(self, population: list[Individual]) -> None:
        self._champion = np.array(select_best(population, 1)[0], dtype=np.float64)

    def info(self) -> dict[str, float]:
        return {}

    def state(self) -> dict[str, Any]:
        return {"champion": self._champion}

    def restore(self, state: dict[str, Any]) -> None:
        self._champion = state["champion"]
