"""Random search: draw, keep the best, learn nothing; what every strategy must beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import around, at_least, best, positive
from evorobo.registry import register_component


@register_component("strategy", "RandomSearch")
@dataclass(frozen=True)
class RandomSearch:
    """Each generation is the champion and `population` - 1 new draws, normal, `spread` about the starting genome.

    The champion is scored again beside its challengers, under the same chances, so that no lucky score rules for
    ever. The answer is the champion. (Brooks 1958; "random weight guessing" in the pole balancing literature.)
    """

    population: int = 20
    spread: float = 0.5
    name: str = "random-search"

    def __post_init__(self) -> None:
        at_least(2, population=self.population)
        positive(spread=self.spread)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningRandomSearch:
        return RunningRandomSearch(self, weights, rng)


class RunningRandomSearch:
    """The champion, and where the draws are centred."""

    def __init__(self, settings: RandomSearch, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._centre, self._champion = weights, weights.copy()

    @property
    def answer(self) -> Array:
        return self._champion.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        rows = around(self._centre, self._settings.population, self._settings.spread, self._rng)
        rows[0] = self._champion
        return [ind_init(each) for each in rows]

    def update(self, population: list[Individual]) -> None:
        self._champion = np.array(best(population, 1)[0], dtype=np.float64)

    def info(self) -> dict[str, float]:
        return {}

    def state(self) -> dict[str, Any]:
        return {"champion": self._champion}

    def restore(self, state: dict[str, Any]) -> None:
        self._champion = state["champion"]
