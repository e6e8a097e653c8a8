"""A generational genetic algorithm from DEAP's operators: tournaments, blended parents, Gaussian mutation, an elite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from deap import base, tools

from evorobo.errors import SettingsError
from evorobo.learners.evolution.individual import Individual
from evorobo.learners.evolution.strategy import at_least, best, positive, scores, within
from evorobo.nets.activations import Array


@dataclass(frozen=True)
class GA:
    """`population` members; pairs are crossed with probability `crossover`, members mutated with `mutation`.

    Selection is by tournaments of `tournament` members (Goldberg & Deb 1991), crossover BLX-alpha (Eshelman &
    Schaffer 1993) with `blend` as alpha, mutation adds N(0, `sigma`^2) to each gene with probability `gene_mutation`.
    The `elite` best live on unchanged and are scored again in every generation. The first generation lies around the
    starting genome, `spread` wide. The answer is the best of the last generation.
    """

    population: int = 40
    tournament: int = 3
    crossover: float = 0.5
    blend: float = 0.3
    mutation: float = 0.8
    gene_mutation: float = 0.2
    sigma: float = 0.3
    elite: int = 2
    spread: float = 0.5
    name: str = "ga"

    def __post_init__(self) -> None:
        at_least(2, population=self.population)
        at_least(1, tournament=self.tournament)
        at_least(0, elite=self.elite)
        positive(sigma=self.sigma, spread=self.spread)
        if self.elite >= self.population:
            raise SettingsError(f"an elite of {self.elite} leaves no room in a population of {self.population}.")
        within(0, 1, crossover=self.crossover, mutation=self.mutation, gene_mutation=self.gene_mutation)
        within(0, np.inf, blend=self.blend)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningGA:
        return RunningGA(self, weights, rng)


class RunningGA:
    """The last scored generation, and a DEAP toolbox that breeds the next."""

    def __init__(self, settings: GA, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._first = weights
        self._parents: list[Individual] = []
        self._toolbox = base.Toolbox()
        self._toolbox.register("select", tools.selTournament, tournsize=settings.tournament)
        self._toolbox.register("mate", tools.cxBlend, alpha=settings.blend)
        self._toolbox.register("mutate", tools.mutGaussian, mu=0.0, sigma=settings.sigma, indpb=settings.gene_mutation)

    @property
    def answer(self) -> Array:
        return np.asarray(best(self._parents, 1)[0]) if self._parents else self._first

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        size, elite = self._settings.population, self._settings.elite
        if not self._parents:
            steps = self._rng.normal(0, self._settings.spread, (size - 1, len(self._first)))
            return [ind_init(self._first), *(ind_init(self._first + step) for step in steps)]
        kept = [ind_init(each) for each in best(self._parents, elite)]
        children = [ind_init(each) for each in self._toolbox.select(self._parents, size - elite)]
        for one, other in zip(children[::2], children[1::2], strict=False):
            if self._rng.random() < self._settings.crossover:
                self._toolbox.mate(one, other)
        for child in children:
            if self._rng.random() < self._settings.mutation:
                self._toolbox.mutate(child)
        return kept + children

    def update(self, population: list[Individual]) -> None:
        self._parents = population

    def info(self) -> dict[str, float]:
        return {}

    def state(self) -> dict[str, Any]:
        if not self._parents:
            return {}
        return {"genes": np.stack([np.asarray(each) for each in self._parents]), "scores": scores(self._parents)}

    def restore(self, state: dict[str, Any]) -> None:
        self._parents = []
        for genes, score in zip(state.get("genes", ()), state.get("scores", ()), strict=True):
            individual = Individual(genes)
            individual.fitness.values = (float(score),)
            self._parents.append(individual)
