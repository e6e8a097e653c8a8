"""A map of behavior beside any strategy: how diverse are the genomes that it finds?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Example
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, UsesMeasures, generation_flops
from evorobo.learners.evolution.strategies.cma_es import CMAES
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.learners.evolution.strategies.grid import Grid
from evorobo.registry import register_component


@register_component("strategy", "Mapped")
@dataclass(frozen=True)
class Mapped:
    """Record a map of behavior beside any strategy, which searches as it does alone.

    All genomes that it scores are added to the grid. The log has `coverage` and `qd_score`, and the map is written to
    the trial's `archive.npz` (see `Archive`), for a comparison with `MAPElites`.

    Parameters
    ----------
    grid : Grid
        The map: measures and cells.
    strategy : StrategySettings, default CMAES()
        The strategy.
    name : str, optional
        Name in results and figures; that of the strategy by default.

    Examples
    --------
    >>> from evorobo import CMAES, Grid, Mapped
    >>> Mapped(Grid(("x", "y")), CMAES()).measures
    ('x', 'y')
    """

    grid: Annotated[Grid, Example('Grid(("x", "y"))')]
    strategy: StrategySettings = field(default_factory=CMAES)
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.strategy.name)

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures that the strategy uses, then those of the grid."""
        own = self.strategy.measures if isinstance(self.strategy, UsesMeasures) else ()
        return tuple(dict.fromkeys((*own, *self.grid.measures)))

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningMapped:
        return RunningMapped(self, weights, rng)


class RunningMapped:
    """The running strategy, and the grid with its elites."""

    def __init__(self, settings: Mapped, weights: Array, rng: np.random.Generator) -> None:
        self._search = settings.strategy.start(weights, rng)
        self._archive = settings.grid.start(len(weights))
        self.update_flops = 0
        self.names, self.cells = settings.grid.measures, settings.grid.shape
        self._columns = [settings.measures.index(name) for name in settings.grid.measures]

    @property
    def solution(self) -> Array:
        return self._search.solution

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        return self._search.generate(ind_init)

    def update(self, population: list[Individual]) -> None:
        self._archive.add(Collection.from_population(population, self._columns))
        self._search.update(population)
        self.update_flops = generation_flops(self._search, population)

    def info(self) -> dict[str, float]:
        return {**self._search.info(), **self._archive.info()}

    @property
    def collection(self) -> Collection:
        return self._archive.elites

    def state(self) -> dict[str, Any]:
        return {"search": self._search.state(), "elites": self._archive.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self._search.restore(state["search"])
        self._archive.restore(state["elites"])
