"""MAP-Elites: a map of behaviors with the best genome in each cell (Mouret & Clune 2015)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Example, Limits, NonNegativeFloat, PositiveFloat
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, sample_around, sampling_flops
from evorobo.learners.evolution.strategies.champion import Champion
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.learners.evolution.strategies.grid import Grid
from evorobo.registry import register_component


@register_component("strategy", "MAPElites")
@dataclass(frozen=True)
class MAPElites:
    """Quality diversity search: fill a grid of behaviors with the best genome of each cell.

    A child is x + sigma_1 N(0, I) + sigma_2 N(0, 1) (y - x) of two random elites x and y. An elite keeps its first
    score; use more episodes if scores are noisy. The solution is the member with the highest score, which is scored
    again in every generation. The map is written to the trial's `archive.npz` (see `Archive`); the log has its
    `coverage` and `qd_score`.

    Parameters
    ----------
    grid : Grid
        The map: measures and cells.
    population_size : int, default 40
        Number of children in a generation, at least 2.
    iso_sigma : float, default 0.1
        Standard deviation of the mutation of each gene (sigma_1), above 0.
    line_sigma : float, default 0.2
        Standard deviation of the step along the line between two elites (sigma_2), at least 0.
    init_std : float, default 0.5
        Standard deviation of the first generation around the starting genome, above 0.
    name : str, default "map-elites"
        Name in results and figures.

    References
    ----------
    Mouret, J.-B. and Clune, J. (2015). Illuminating search spaces by mapping elites. arXiv 1504.04909.
    Vassiliades, V. and Mouret, J.-B. (2018). Discovering the elite hypervolume by leveraging interspecies correlation.
    GECCO, eq. 1.

    Examples
    --------
    >>> from evorobo import Grid, MAPElites
    >>> MAPElites(Grid(("x", "y"), (20, 20))).measures
    ('x', 'y')
    """

    grid: Annotated[Grid, Example('Grid(("x", "y"))')]
    population_size: Annotated[int, Limits(ge=2)] = 40
    iso_sigma: PositiveFloat = 0.1
    line_sigma: NonNegativeFloat = 0.2
    init_std: PositiveFloat = 0.5
    name: str = "map-elites"

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures of the grid."""
        return self.grid.measures

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningMAPElites:
        return RunningMAPElites(self, weights, rng)


class RunningMAPElites:
    """The grid with its elites, and the best member so far."""

    def __init__(self, settings: MAPElites, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights
        self._archive, self._champion = settings.grid.start(len(weights)), Champion(weights)
        self.names, self.cells = settings.grid.measures, settings.grid.shape
        self.update_flops = 0

    @property
    def solution(self) -> Array:
        return self._champion.weights.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng, elites = self._settings, self._rng, self._archive.elites.weights
        n, p = settings.population_size, len(self._first)
        self.update_flops = 5 * n * p if len(elites) else sampling_flops(n - 1, p)  # a step along a line has 3 more
        if len(elites):
            x, y = elites[rng.integers(len(elites), size=(2, settings.population_size))]
            line_steps = settings.line_sigma * rng.standard_normal((len(x), 1))
            rows = x + settings.iso_sigma * rng.standard_normal(x.shape) + line_steps * (y - x)
        else:
            rows = sample_around(self._first, settings.population_size, settings.init_std, rng)
        return self._champion.add([ind_init(row) for row in rows], ind_init)

    def update(self, population: list[Individual]) -> None:
        others = self._champion.remove(population)
        self._archive.add(Collection.from_population(others, range(len(self._settings.measures))))

    def info(self) -> dict[str, float]:
        return self._archive.info()

    @property
    def collection(self) -> Collection:
        return self._archive.elites

    def state(self) -> dict[str, Any]:
        return {"elites": self._archive.state(), "champion": self._champion.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self._archive.restore(state["elites"])
        self._champion.restore(state["champion"])
