"""A genome as DEAP's algorithms want it: an array that carries its fitness."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from deap import base

from evorobo.arrays import Array


class Fitness(base.Fitness):
    """One score, the higher the better."""

    weights = (1.0,)


class Individual(np.ndarray):
    """Weights `(p,)` with a `fitness`; importable and picklable, and several times faster than `creator.create`.

    `measures (k,)` of what it did are there once it is scored, for strategies that ask for some (see `UsesMeasures`).
    Strategies that breed tell its `parents`, by the `number` that each has in a genealogy, if one is kept.
    """

    fitness: Fitness
    measures: Array = np.empty(0)
    number: int = -1
    parents: tuple[int, ...] = ()

    def __new__(cls, weights: Array) -> Individual:
        individual = np.array(weights, dtype=np.float64).view(cls)
        individual.fitness = Fitness()
        return individual

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Individual:
        copy = Individual(self)
        if self.fitness.valid:
            copy.fitness.values = self.fitness.values
        copy.measures = self.measures
        return copy

    def __reduce__(self) -> Any:
        return _rebuild, (np.asarray(self), self.fitness.values, self.measures)


def _rebuild(weights: Array, values: tuple[float, ...], measures: Array) -> Individual:
    individual = Individual(weights)
    if values:
        individual.fitness.values = values
    individual.measures = measures
    return individual


@contextmanager
def seeded_globals(rng: np.random.Generator) -> Iterator[None]:
    """Inside the block `random` and `numpy.random` follow from `rng`; afterwards they are as if nothing had been."""
    before, before_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the globals are the point
    random.seed(rng.bytes(16))
    np.random.seed(rng.integers(2**32, size=8, dtype=np.uint32))  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(before_numpy)  # noqa: NPY002
