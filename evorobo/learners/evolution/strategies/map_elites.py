"""MAP-Elites: fill a map of behaviours, each cell with the best that behaves so (Mouret & Clune 2015)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import around, at_least, positive, within
from evorobo.learners.evolution.strategies.champion import Champion
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.learners.evolution.strategies.grid import Grid
from evorobo.registry import register_component


@register_component("strategy", "MAPElites")
@dataclass(frozen=True)
class MAPElites:
    """`MAPElites(Grid(("x", "y"), (20, 20)))`: `population` children of elites in each generation.

    A child is x + `iso` N(0, I) + `line` N(0, 1) (y - x) of two elites x and y drawn by chance, which is the variation
    along lines between elites of Vassiliades & Mouret 2018, eq. 1; `line=0` leaves Gaussian mutation alone. The first
    generation lies around the starting genome, `spread` wide.

    An elite keeps the score with which it came; where scores have much noise, take more episodes. The answer is the
    champion, the one with the highest score, which is scored again in every generation. The map is kept as the trial's
    `archive.npz` (see `Archive`), `coverage` and `qd_score` are in its log.
    """

    grid: Grid
    population: int = 40
    iso: float = 0.1
    line: float = 0.2
    spread: float = 0.5
    name: str = "map-elites"

    def __post_init__(self) -> None:
        at_least(2, population=self.population)
        positive(iso=self.iso, spread=self.spread)
        within(0, np.inf, line=self.line)

    @property
    def measures(self) -> tuple[str, ...]:
        return self.grid.measures

    def start(self, weights: Array, rng: np.random.Generator) -> RunningMAPElites:
        return RunningMAPElites(self, weights, rng)


class RunningMAPElites:
    """The elites and the champion."""

    def __init__(self, settings: MAPElites, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights
        self._elites, self._champion = settings.grid.start(len(weights)), Champion(weights)
        self.names, self.cells = settings.grid.measures, settings.grid.shape

    @property
    def answer(self) -> Array:
        return self._champion.weights.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng, elites = self._settings, self._rng, self._elites.kept.weights
        if len(elites):
            x, y = elites[rng.integers(len(elites), size=(2, settings.population))]
            along = settings.line * rng.standard_normal((len(x), 1))
            rows = x + settings.iso * rng.standard_normal(x.shape) + along * (y - x)
        else:
            rows = around(self._first, settings.population, settings.spread, rng)
        return self._champion.joins([ind_init(each) for each in rows], ind_init)

    def update(self, population: list[Individual]) -> None:
        others = self._champion.met(population)
        self._elites.add(Collection.of(others, range(len(self._settings.measures))))

    def info(self) -> dict[str, float]:
        return self._elites.info()

    @property
    def collection(self) -> Collection:
        return self._elites.kept

    def state(self) -> dict[str, Any]:
        return {"elites": self._elites.state(), "champion": self._champion.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self._elites.restore(state["elites"])
        self._champion.restore(state["champion"])
