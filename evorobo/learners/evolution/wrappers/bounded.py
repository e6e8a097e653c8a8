"""Bounds: any strategy, with weights reflected at a limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import PositiveFloat
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, UsesMeasures, generation_flops
from evorobo.learners.evolution.strategies.cma_es import CMAES
from evorobo.registry import register_component


@register_component("strategy", "Bounded")
@dataclass(frozen=True)
class Bounded:
    """Keep the weights of any strategy within a limit.

    The strategy itself is unbounded. Weights beyond the limit are reflected before they are scored, also those of the
    starting genome and of the solution. The score thus stays continuous, and no weight sticks to the limit.

    Parameters
    ----------
    strategy : StrategySettings, default CMAES()
        The strategy.
    limit : float, default 3.0
        The largest absolute weight, above 0.
    name : str, optional
        Name in results and figures; that of the strategy by default.

    Examples
    --------
    >>> from evorobo import CMAES, Bounded
    >>> Bounded(CMAES(), 3.0).name
    'cma-es'
    """

    strategy: StrategySettings = field(default_factory=CMAES)
    limit: PositiveFloat = 3.0
    name: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.strategy, UsesMeasures):
            raise SettingsError(
                f"{type(self.strategy).__name__} uses measures, which Bounded does not pass on; put Bounded inside, "
                "for example Mapped(grid, Bounded(CMAES()))."
            )
        if not self.name:
            object.__setattr__(self, "name", self.strategy.name)

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningBounded:
        return RunningBounded(self, weights, rng)


class RunningBounded:
    """The running strategy, and the generation as it proposed it."""

    def __init__(self, settings: Bounded, weights: Array, rng: np.random.Generator) -> None:
        self._search, self._limit = settings.strategy.start(weights, rng), settings.limit
        self._proposed: list[Individual] = []
        self.update_flops = 0

    @property
    def solution(self) -> Array:
        return reflect(self._search.solution, self._limit)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._proposed = self._search.generate(Individual)
        return [ind_init(reflect(np.asarray(row), self._limit)) for row in self._proposed]

    def update(self, population: list[Individual]) -> None:
        for proposed, scored in zip(self._proposed, population, strict=True):
            proposed.fitness.values = scored.fitness.values
        self._search.update(self._proposed)
        self.update_flops = generation_flops(self._search, population) + 5 * int(np.size(population))  # reflections

    def info(self) -> dict[str, float]:
        return self._search.info()

    def state(self) -> dict[str, Any]:
        return self._search.state()

    def restore(self, state: dict[str, Any]) -> None:
        self._search.restore(state)


def reflect(weights: Array, limit: float) -> Array:
    """Return `weights`, reflected at `-limit` and `limit` as often as needed to lie between them."""
    reflected = np.abs((weights - limit) % (4 * limit) - 2 * limit) - limit
    return np.where(np.abs(weights) <= limit, weights, reflected)
