"""A hall of fame: any strategy, with the best genomes that it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import PositiveInt
from evorobo.learners.evolution import deap_bridge
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    UsesMeasures,
    fitness_values,
    generation_flops,
)
from evorobo.learners.evolution.strategies.cma_es import CMAES
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.registry import register_component


@register_component("strategy", "HallOfFame")
@dataclass(frozen=True)
class HallOfFame:
    """Record the best genomes of any strategy, which searches as it does alone.

    The genomes with the highest scores, all different, are written to the trial's `archive.npz` (see `Archive`), best
    first. Their scores are training scores and thus too optimistic. Score them again before you use them:
    `[task.test(archive[rank]) for rank in range(len(archive))]`.

    Parameters
    ----------
    strategy : StrategySettings, default CMAES()
        The strategy.
    size : int, default 10
        Number of genomes, at least 1.
    name : str, optional
        Name in results and figures; that of the strategy by default.

    Examples
    --------
    >>> from evorobo import CMAES, HallOfFame
    >>> HallOfFame(CMAES(), 10).name
    'cma-es'
    """

    strategy: StrategySettings = field(default_factory=CMAES)
    size: PositiveInt = 10
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.strategy.name)

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures that the strategy uses."""
        return self.strategy.measures if isinstance(self.strategy, UsesMeasures) else ()

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningHallOfFame:
        return RunningHallOfFame(self, weights, rng)


class RunningHallOfFame:
    """The running strategy, and DEAP's hall of fame."""

    names: tuple[str, ...] = ()
    cells: tuple[int, ...] = ()

    def __init__(self, settings: HallOfFame, weights: Array, rng: np.random.Generator) -> None:
        self._search, self._p = settings.strategy.start(weights, rng), len(weights)
        self.update_flops = 0
        self._hall = deap_bridge.HallOfFame(settings.size, similar=np.array_equal)

    @property
    def solution(self) -> Array:
        return self._search.solution

    @property
    def collection(self) -> Collection:
        weights = np.array(list(self._hall), dtype=np.float64).reshape(-1, self._p)
        return Collection(weights, fitness_values(list(self._hall)), np.empty((len(weights), 0)))

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        return self._search.generate(ind_init)

    def update(self, population: list[Individual]) -> None:
        self._hall.update(population)
        self._search.update(population)
        self.update_flops = generation_flops(self._search, population)

    def info(self) -> dict[str, float]:
        return self._search.info()

    def state(self) -> dict[str, Any]:
        best = self.collection
        return {"search": self._search.state(), "weights": best.weights, "scores": best.scores}

    def restore(self, state: dict[str, Any]) -> None:
        self._search.restore(state["search"])
        self._hall.clear()
        for weights, score in zip(
            state["weights"][::-1], state["scores"][::-1], strict=True
        ):  # DEAP inserts equal scores first
            self._hall.insert(Individual.scored(weights, score))
