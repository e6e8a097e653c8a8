"""The bridge to DEAP: the only module that imports it. Individuals, operators, and DEAP's loop of one generation."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from deap import base, tools
from deap.algorithms import eaGenerateUpdate as eaGenerateUpdate
from deap.tools import (
    HallOfFame as HallOfFame,
    cxBlend as cxBlend,
    cxSimulatedBinary as cxSimulatedBinary,
    cxSimulatedBinaryBounded as cxSimulatedBinaryBounded,
    cxUniform as cxUniform,
    mutGaussian as mutGaussian,
    mutPolynomialBounded as mutPolynomialBounded,
    selTournament as selTournament,
    selTournamentDCD as selTournamentDCD,
)

from evorobo.arrays import Array


class Fitness(base.Fitness):
    """One score; higher is better."""

    weights = (1.0,)


class Objectives(base.Fitness):
    """Several objectives; each is better the higher it is."""

    def __init__(self, values: tuple[float, ...] = ()) -> None:
        self.weights = (1.0,) * len(values)
        super().__init__(values)


class Individual(np.ndarray):
    """A genome: weights `(p,)` with a DEAP `fitness`. It can be pickled and is faster than `creator.create`.

    `measures (k,)` describe its behavior once it is scored, for strategies that use measures. `number` is its row in
    the genealogy, if one is recorded; `parents` holds the numbers of its parents.
    """

    fitness: Fitness
    measures: Array = np.empty(0)
    number: int = -1
    parents: tuple[int, ...] = ()

    def __new__(cls, weights: Array) -> Individual:
        individual = np.array(weights, dtype=np.float64).view(cls)
        individual.fitness = Fitness()
        return individual

    @classmethod
    def scored(cls, weights: Array, score: float) -> Individual:
        """An individual whose fitness is `score`."""
        individual = cls(weights)
        individual.fitness.values = (float(score),)
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


def make_toolbox(strategy: Any, score_population: Callable[[Any, list[Individual]], Any]) -> base.Toolbox:
    """The toolbox of `eaGenerateUpdate`. In place of `map`, `score_population(_, population)` scores all at once."""
    toolbox = base.Toolbox()
    toolbox.register("generate", strategy.generate, Individual)
    toolbox.register("update", strategy.update)
    toolbox.register("map", score_population)
    toolbox.register("evaluate", score_population)  # DEAP hands it to `map`, which does not call it
    return toolbox


def make_statistics() -> tools.Statistics:
    """Mean, standard deviation and maximum of a generation's scores, as DEAP records them."""
    statistics = tools.Statistics(lambda individual: individual.fitness.values[0])
    statistics.register("score_mean", np.mean)
    statistics.register("score_sd", np.std)
    statistics.register("score_max", np.max)
    return statistics


def hypervolume(front: list[Individual], reference: Array) -> float:
    """The volume between a front and a reference point; both are minimized."""
    from deap.benchmarks import tools  # imports scipy.spatial, half a second that each worker would pay

    return float(tools.hypervolume(front, reference))


@contextmanager
def seeded_globals(rng: np.random.Generator) -> Iterator[None]:
    """Seed `random` and `numpy.random` from `rng` inside the block, and restore their states afterwards."""
    before, before_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - DEAP draws from the globals
    random.seed(rng.bytes(16))
    np.random.seed(rng.integers(2**32, size=8, dtype=np.uint32))  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(before_numpy)  # noqa: NPY002
