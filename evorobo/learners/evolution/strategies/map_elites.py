"""MAP-Elites: fill a map of behaviours, each cell with the best that behaves so (Mouret & Clune 2015)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive, check_within
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import sample_around
from evorobo.learners.evolution.strategies.champion import Champion
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.learners.evolution.strategies.grid import Grid
from evorobo.registry import register_component


@register_component("strategy", "MAPElites")
@dataclass(frozen=True)
class MAPElites:
    """`MAPElites(Grid(("x", "y"), (20, 20)))`: `population_size` children of elites in each generation.

    A child is x + `iso_sigma` N(0, I) + `line_sigma` N(0, 1) (y - x) of two elites x and y drawn by chance, which is the variation
    along lines between elites of Vassiliades & Mouret 2018, eq. 1; `line_sigma=0` leaves Gaussian mutation alone. The first
    generation lies around the starting genome, `init_std` wide.

    An elite keeps the score with which it came; where scores have much noise, take more episodes. The answer is the
    champion, the one with the highest score, which is scored again in every generation. The map is kept as the trial's
    `archive.npz` (see `Archive`), `coverage` and `qd_score` are in its log.
    """

    grid: Grid
    population_size: int = 40
    iso_sigma: float = 0.1
    line_sigma: float = 0.2
    init_std: float = 0.5
    name: str = "map-elites"

    def __post_init__(self) -> None:
        check_at_least(2, population_size=self.population_size)
        check_positive(iso_sigma=self.iso_sigma, init_std=self.init_std)
        check_within(0, np.inf, line_sigma=self.line_sigma)

    @property
    def measures(self) -> tuple[str, ...]:
        return self.grid.measures

    def start(self, weights: Array, rng: np.random.Generator) -> RunningMAPElites:
        return RunningMAPElites(self, weights, rng)


class RunningMAPElites:
    """The elites and the champion."""

    def __init__(self, settings: MAPElites, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights
        self._archive, self._champion = settings.grid.start(len(weights)), Champion(weights)
        self.names, self.cells = settings.grid.measures, settings.grid.shape

    @property
    def solution(self) -> Array:
        return self._champion.weights.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng, elites = self._settings, self._rng, self._archive.elites.weights
        if len(elites):
            x, y = elites[rng.integers(len(elites), size=(2, settings.population_size))]
            along = settings.line_sigma * rng.standard_normal((len(x), 1))
            rows = x + settings.iso_sigma * rng.standard_normal(x.shape) + along * (y - x)
        else:
            rows = sample_around(self._first, settings.population_size, settings.init_std, rng)
        return self._champion.add([ind_init(each) for each in rows], ind_init)

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
