"""Novelty search: whoever does what nobody has done lives on, whatever it scores (Lehman & Stanley 2011)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_within
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, UsesMeasures
from evorobo.learners.evolution.strategies.champion import Champion
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.learners.evolution.strategies.fitness_shaping import centered_ranks
from evorobo.learners.evolution.strategies.genetic import GA
from evorobo.registry import register_component


@register_component("strategy", "NoveltySearch")
@dataclass(frozen=True)
class NoveltySearch:
    """`NoveltySearch(("x", "y"))` has `strategy` climb novelty in these `measures` instead of the score.

    Novelty is the mean distance to the `n_neighbors` nearest among the generation and the archive (Lehman & Stanley
    2011, eq. 1), measures counted in units of their ranges. After each generation `n_added` of its members, drawn by
    chance, enter the archive: no threshold of novelty has to be found (Gomes, Mariano & Christensen 2015 compare the
    two). Of the archive no more than `max_archive_size` are kept, also by chance.

    With a `novelty_weight` below 1 the strategy climbs a mean of two ranks, that in novelty counting `novelty_weight` and that in score
    the rest (0.5 is the mix of Conti et al. 2018, NSR-ES).

    The answer is the champion, the one with the highest score, which is scored again in every generation. The archive
    is kept as the trial's `archive.npz` (see `Archive`).
    """

    measures: tuple[str, ...]
    strategy: StrategySettings = field(default_factory=GA)
    n_neighbors: int = 15
    n_added: int = 6
    max_archive_size: int = 5000
    novelty_weight: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        check_at_least(1, n_neighbors=self.n_neighbors, n_added=self.n_added, max_archive_size=self.max_archive_size)
        check_within(0, 1, novelty_weight=self.novelty_weight)
        if not self.measures:
            raise SettingsError('novelty in what? Name measures, for example ("x", "y").')
        if isinstance(self.strategy, UsesMeasures):
            raise SettingsError(f"{self.strategy.name} has aims of its own; novelty needs a strategy that climbs.")
        if not self.name:
            object.__setattr__(self, "name", f"novelty-{self.strategy.name}")

    def start(self, weights: Array, rng: np.random.Generator) -> RunningNoveltySearch:
        return RunningNoveltySearch(self, weights, rng)


class RunningNoveltySearch:
    """The strategy that climbs, the archive of what was done before, and the champion."""

    def __init__(self, settings: NoveltySearch, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self.names, self.cells = settings.measures, ()
        self._search = settings.strategy.start(weights, rng)
        self._champion = Champion(weights)
        self._archive = Collection.empty(len(weights), len(settings.measures))
        self._novelty = 0.0

    @property
    def solution(self) -> Array:
        return self._champion.weights.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        return self._champion.add(self._search.generate(ind_init), ind_init)

    def update(self, population: list[Individual]) -> None:
        settings = self._settings
        others = self._champion.remove(population)
        told = Collection.from_population(others, range(len(settings.measures)))
        worth = compute_novelty(told.measures, self._archive.measures, settings.n_neighbors)
        self._novelty = float(worth.mean())
        if settings.novelty_weight < 1:
            worth = settings.novelty_weight * centered_ranks(worth) + (1 - settings.novelty_weight) * centered_ranks(
                told.scores
            )
        self._search.update([_valued(*each) for each in zip(others, worth, strict=True)])
        fresh = told.take(self._rng.choice(len(told), min(settings.n_added, len(told)), replace=False))
        kept = self._archive + fresh
        if len(kept) > settings.max_archive_size:
            kept = kept.take(np.sort(self._rng.choice(len(kept), settings.max_archive_size, replace=False)))
        self._archive = kept

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
    """How far each of `measures (n, k)` is from its nearest others there and in `archive (m, k)`, on average `(n,)`.

    With fewer others than `n_neighbors` all of them count; alone in the world one is not novel.
    """
    n = len(measures)
    everybody = np.concatenate([measures, archive])
    squares = np.square(measures[:, None] - everybody).sum(2)
    squares[np.arange(n), np.arange(n)] = np.inf
    n_neighbors = min(n_neighbors, len(everybody) - 1)
    if not n_neighbors:
        return np.zeros(n)
    return np.sqrt(np.partition(squares, n_neighbors - 1, axis=1)[:, :n_neighbors]).mean(1)


def _valued(individual: Individual, worth: float) -> Individual:
    """The same genome, fit by other lights; the scored one stays what it is."""
    other = Individual(individual)
    other.fitness.values = (float(worth),)
    return other
