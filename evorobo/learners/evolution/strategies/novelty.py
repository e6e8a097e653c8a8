"""Novelty search: selection by new behavior instead of the score (Lehman & Stanley 2011)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import Limits, PositiveInt, Probability
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, UsesMeasures, generation_flops
from evorobo.learners.evolution.strategies.champion import Champion
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.learners.evolution.strategies.fitness_shaping import centered_ranks
from evorobo.learners.evolution.strategies.genetic import GA
from evorobo.registry import register_component

MAX_DISTANCES = 2**22
"""How many differences of measures are in memory at a time."""


@register_component("strategy", "NoveltySearch")
@dataclass(frozen=True)
class NoveltySearch:
    """Novelty search: a strategy maximizes the novelty of behavior instead of the score.

    Novelty is the mean distance to the nearest neighbors in the generation and in an archive, in units of the measures'
    ranges. After each generation, random members are added to the archive. The solution is the member with the highest
    score, which is scored again in every generation. The archive is written to the trial's `archive.npz` (see
    `Archive`).

    Parameters
    ----------
    measures : tuple of str
        Names of the measures of behavior.
    strategy : StrategySettings, default GA()
        The strategy that maximizes novelty.
    n_neighbors : int, default 15
        Number of nearest neighbors, at least 1.
    n_added : int, default 6
        Number of members of a generation that are added to the archive, at least 1.
    max_archive_size : int, default 5000
        The largest archive, at least 1. Random members are removed from a larger one.
    novelty_weight : float, default 1.0
        Weight of the rank in novelty, 0 to 1; the rank in score has the rest. 0.5 is NSR-ES.
    name : str, optional
        Name in results and figures; by default that of the strategy after `"novelty-"`.

    References
    ----------
    Lehman, J. and Stanley, K. O. (2011). Abandoning objectives: evolution through the search for novelty alone.
    Evolutionary Computation 19, eq. 1.
    Gomes, J., Mariano, P. and Christensen, A. L. (2015). Devising effective novelty search algorithms. GECCO (random
    archive).
    Conti, E. et al. (2018). Improving exploration in evolution strategies for deep reinforcement learning via a
    population of novelty-seeking agents. NeurIPS (NSR-ES).

    Examples
    --------
    >>> from evorobo import CMAES, NoveltySearch
    >>> NoveltySearch(("x", "y"), CMAES()).name
    'novelty-cma-es'
    """

    measures: Annotated[tuple[str, ...], Limits(min_length=1)]
    strategy: StrategySettings = field(default_factory=GA)
    n_neighbors: PositiveInt = 15
    n_added: PositiveInt = 6
    max_archive_size: PositiveInt = 5000
    novelty_weight: Probability = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.strategy, UsesMeasures):
            raise SettingsError(
                f"{self.strategy.name} does not climb a score; novelty search needs a strategy that does, such as GA()."
            )
        if not self.name:
            object.__setattr__(self, "name", f"novelty-{self.strategy.name}")

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningNoveltySearch:
        return RunningNoveltySearch(self, weights, rng)


class RunningNoveltySearch:
    """The running strategy, the archive of past behavior, and the best member so far."""

    def __init__(self, settings: NoveltySearch, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self.names, self.cells = settings.measures, ()
        self._search = settings.strategy.start(weights, rng)
        self._champion = Champion(weights)
        self._archive = Collection.empty(len(weights), len(settings.measures))
        self._novelty = 0.0
        self.update_flops = 0

    @property
    def solution(self) -> Array:
        return self._champion.weights.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        return self._champion.add(self._search.generate(ind_init), ind_init)

    def update(self, population: list[Individual]) -> None:
        settings = self._settings
        others = self._champion.remove(population)
        members = Collection.from_population(others, range(len(settings.measures)))
        fitness = compute_novelty(members.measures, self._archive.measures, settings.n_neighbors)
        self._novelty = float(fitness.mean())
        if settings.novelty_weight < 1:
            w = settings.novelty_weight
            fitness = w * centered_ranks(fitness) + (1 - w) * centered_ranks(members.scores)
        self._search.update([Individual.scored(*row) for row in zip(others, fitness, strict=True)])
        n_distances = len(members) * (len(members) + len(self._archive))
        self.update_flops = 3 * n_distances * len(settings.measures) + generation_flops(self._search, others)
        added = self._rng.choice(len(members), min(settings.n_added, len(members)), replace=False)
        archive = self._archive + members.take(added)
        if len(archive) > settings.max_archive_size:
            remaining = self._rng.choice(len(archive), settings.max_archive_size, replace=False)
            archive = archive.take(np.sort(remaining))
        self._archive = archive

    def info(self) -> dict[str, float]:
        return {**self._search.info(), "novelty": self._novelty, "archive": float(len(self._archive))}

    @property
    def collection(self) -> Collection:
        return self._archive

    def state(self) -> dict[str, Any]:
        return {
            "search": self._search.state(),
            "champion": self._champion.state(),
            "archive": self._archive.state(),
            "novelty": self._novelty,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._search.restore(state["search"])
        self._champion.restore(state["champion"])
        self._archive = Collection(**state["archive"])
        self._novelty = float(state["novelty"])


def compute_novelty(measures: Array, archive: Array, n_neighbors: int) -> Array:
    """The mean distance `(n,)` of `measures (n, k)` to their nearest neighbors there and in `archive (m, k)`.

    With fewer others than `n_neighbors` all of them are used; without others the novelty is 0.
    """
    others = np.concatenate([measures, archive])
    novelty = np.zeros(len(measures))
    n_neighbors = min(n_neighbors, len(others) - 1)
    if not n_neighbors:
        return novelty
    chunk = max(1, MAX_DISTANCES // others.size)
    for start in range(0, len(measures), chunk):
        rows = np.arange(start, min(start + chunk, len(measures)))
        squares = np.square(measures[rows, None] - others).sum(2)
        squares[np.arange(len(rows)), rows] = np.inf
        nearest = np.sort(np.partition(squares, n_neighbors - 1, axis=1)[:, :n_neighbors], axis=1)
        novelty[rows] = np.sqrt(nearest).mean(1)
    return novelty
