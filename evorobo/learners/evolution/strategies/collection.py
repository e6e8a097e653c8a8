"""Many genomes with what they earned and did: a front, an archive, a map, as a strategy has it at hand."""

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
        """An empty one, for genomes of `p` weights and `k` measures."""
        return cls(np.empty((0, p)), np.empty(0), np.empty((0, k)))

    @classmethod
    def from_population(cls, population: list[Individual], columns: Sequence[int]) -> Collection:
        """A scored population, with these columns of its measures."""
        measures = np.array([individual.measures for individual in population])
        return cls(np.array(population, dtype=np.float64), fitness_values(population), measures[:, list(columns)])

    def __len__(self) -> int:
        return len(self.scores)

    def __add__(self, other: Collection) -> Collection:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Collection(*(np.concatenate(pair) for pair in pairs))

    def take(self, rows: np.ndarray) -> Collection:
        """These rows, by number."""
        return Collection(*(each[rows] for each in vars(self).values()))

    def state(self) -> dict[str, Any]:
        """What a Collection is made of."""
        return dict(vars(self))


@runtime_checkable
class HasCollection(Protocol):
    """A strategy at work that has more to hand in than its answer: a `collection`, in which measures have `names`;
    where it is a map, of so many `cells`, else of none."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def cells(self) -> tuple[int, ...]: ...
    @property
    def collection(self) -> Collection: ...
