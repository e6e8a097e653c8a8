"""Many genomes with their scores and measures: the front, archive or map of a strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import fitness_values


@dataclass(frozen=True, eq=False)
class Collection:
    """Genomes `weights (n, p)`, their `scores (n,)`, and `measures (n, k)` in units of their ranges."""

    weights: Array
    scores: Array
    measures: Array

    @classmethod
    def empty(cls, p: int, k: int) -> Collection:
        """Return an empty collection, for genomes of `p` weights and `k` measures."""
        return cls(np.empty((0, p)), np.empty(0), np.empty((0, k)))

    @classmethod
    def from_population(cls, population: list[Individual], columns: Sequence[int]) -> Collection:
        """Return a scored population, with these columns of its measures."""
        measures = np.array([individual.measures for individual in population])
        return cls(np.array(population, dtype=np.float64), fitness_values(population), measures[:, list(columns)])

    def __len__(self) -> int:
        return len(self.scores)

    def __add__(self, other: Collection) -> Collection:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Collection(*(np.concatenate(pair) for pair in pairs))

    def take(self, rows: np.ndarray) -> Collection:
        """Return the members with these indices."""
        return Collection(*(array[rows] for array in vars(self).values()))

    def state(self) -> dict[str, Any]:
        """Return the arrays by name, for a checkpoint."""
        return dict(vars(self))


@runtime_checkable
class HasCollection(Protocol):
    """A running strategy with a `collection` of genomes besides its solution.

    Its measures have `names`. A map has a number of `cells` along each measure; other collections have none.
    """

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def cells(self) -> tuple[int, ...]: ...
    @property
    def collection(self) -> Collection: ...
