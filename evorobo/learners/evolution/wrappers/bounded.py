"""Bounds: any strategy, whose genomes turn back where a weight would leave its limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_positive
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, UsesMeasures
from evorobo.learners.evolution.strategies.cma_es import CMAES
from evorobo.registry import register_component


@register_component("strategy", "Bounded")
@dataclass(frozen=True)
class Bounded:
    """`Bounded(CMAES(), 3.0)` searches as the `strategy` does, and weights stay within `limit` to either side of 0.

    The strategy itself knows of no bounds. What it proposes is scored, and its answer given, as folded at the limits: a
    weight that would come to lie beyond, of the starting genome too, goes as far back inside. So the landscape stays
    continuous, and no weight sticks to a bound as it would if it were cut off.
    """

    strategy: StrategySettings = field(default_factory=CMAES)
    limit: float = 3.0
    name: str = ""

    def __post_init__(self) -> None:
        check_positive(limit=self.limit)
        if isinstance(self.strategy, UsesMeasures):
            raise SettingsError(
                f"{type(self.strategy).__name__} goes by what members do, and Bounded tells it only of scores; write "
                "what watches outside: for example Mapped(grid, Bounded(CMAES()))."
            )
        if not self.name:
            object.__setattr__(self, "name", self.strategy.name)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningBounded:
        return RunningBounded(self, weights, rng)


class RunningBounded:
    """The strategy at work, and the generation that is out to be scored as it proposed it."""

    def __init__(self, settings: Bounded, weights: Array, rng: np.random.Generator) -> None:
        self._search, self._limit = settings.strategy.start(weights, rng), settings.limit
        self._proposed: list[Individual] = []

    @property
    def solution(self) -> Array:
        return reflect(self._search.solution, self._limit)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._proposed = self._search.generate(Individual)
        return [ind_init(reflect(np.asarray(each), self._limit)) for each in self._proposed]

    def update(self, population: list[Individual]) -> None:
        for proposed, scored in zip(self._proposed, population, strict=True):
            proposed.fitness.values = scored.fitness.values
        self._search.update(self._proposed)

    def info(self) -> dict[str, float]:
        return self._search.info()

    def state(self) -> dict[str, Any]:
        return self._search.state()

    def restore(self, state: dict[str, Any]) -> None:
        self._search.restore(state)


def reflect(weights: Array, limit: float) -> Array:
    """`weights` within `limit` to either side of 0; what lies beyond is reflected there, as often as need be."""
    back = np.abs((weights - limit) % (4 * limit) - 2 * limit) - limit
    return np.where(np.abs(weights) <= limit, weights, back)
