"""NSGA-II: the score against other objectives, no one of them given up for another (Deb et al. 2002)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from deap import base, tools
from deap.benchmarks.tools import hypervolume

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive, check_within
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import sample_around
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.registry import register_component


@register_component("strategy", "NSGA2")
@dataclass(frozen=True)
class NSGA2:
    """The task's score, and with it measures to `minimize` and to `maximize`: `NSGA2(minimize=("energy",))`.

    Deb, Pratap, Agarwal & Meyarivan 2002, with DEAP's operators: of `population_size` parents and as many children the
    better half by rank and crowding distance are the next parents; of parents, binary tournaments by the same two
    choose who mates. Mating is simulated binary crossover of index `mating`, with probability `crossover` (Deb &
    Agrawal 1995), mutation polynomial of index `mutation` (Deb & Goyal 1996), each gene with probability
    `gene_mutation` (1 / p if None). Weights stay within `limit` to either side of 0. The first generation lies around
    the starting genome, `init_std` wide.

    With `reevaluate` parents are scored again beside their children, under the same chances; without, at half the price,
    their scores are what they once were, which is right where scores have no noise.

    The answer is the end of the front with the highest score. The whole front is kept as the trial's `archive.npz` (see
    `Archive`). With a `min_score` score the log has its `hypervolume`: the volume of what the front leaves behind, down to
    that score and to the bad ends of the measures' ranges, which are its units (Zitzler & Thiele 1998).
    """

    minimize: tuple[str, ...] = ("energy",)
    maximize: tuple[str, ...] = ()
    population_size: int = 40
    crossover: float = 0.9
    mating: float = 20.0
    mutation: float = 20.0
    gene_mutation: float | None = None
    limit: float = 3.0
    init_std: float = 0.5
    reevaluate: bool = True
    min_score: float | None = None
    name: str = "nsga-ii"

    def __post_init__(self) -> None:
        check_at_least(4, population_size=self.population_size)
        if self.population_size % 4:
            raise SettingsError(
                f"NSGA-II's tournaments take members by fours; {self.population_size} cannot be so divided."
            )
        check_within(0, 1, crossover=self.crossover)
        check_positive(mating=self.mating, mutation=self.mutation, limit=self.limit, init_std=self.init_std)
        if self.gene_mutation is not None:
            check_within(0, 1, gene_mutation=self.gene_mutation)
        if not self.measures:
            raise SettingsError('one objective alone has no front; name others, for example minimize=("energy",).')

    @property
    def measures(self) -> tuple[str, ...]:
        return (*self.minimize, *self.maximize)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningNSGA2:
        return RunningNSGA2(self, weights, rng)


class Objectives(base.Fitness):
    """Several numbers, each the higher the better."""

    def __init__(self, values: tuple[float, ...] = ()) -> None:
        self.weights = (1.0,) * len(values)
        super().__init__(values)


class RunningNSGA2:
    """The parents, with their objectives and crowding distances, and a DEAP toolbox that breeds children."""

    def __init__(self, settings: NSGA2, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights.copy()
        self.names, self.cells = settings.measures, ()
        self._signs = np.r_[-np.ones(len(settings.minimize)), np.ones(len(settings.maximize))]
        self._parents: list[Individual] = []
        self._front: list[Individual] = []
        self._toolbox = base.Toolbox()
        bounds = {"low": -settings.limit, "up": settings.limit}
        share = 1 / len(weights) if settings.gene_mutation is None else settings.gene_mutation
        self._toolbox.register("choose", tools.selTournamentDCD)
        self._toolbox.register("mate", tools.cxSimulatedBinaryBounded, eta=settings.mating, **bounds)
        self._toolbox.register("mutate", tools.mutPolynomialBounded, eta=settings.mutation, indpb=share, **bounds)
        self._toolbox.register("select", tools.selNSGA2)

    @property
    def solution(self) -> Array:
        if not self._front:
            return self._first.copy()
        return np.array(max(self._front, key=lambda member: member.fitness.wvalues[0]), dtype=np.float64)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings = self._settings
        if not self._parents:
            rows = sample_around(self._first, settings.population_size, settings.init_std, self._rng)
            return [ind_init(each) for each in rows.clip(-settings.limit, settings.limit)]
        children = [ind_init(each) for each in self._toolbox.choose(self._parents, settings.population_size)]
        for one, other in zip(children[::2], children[1::2], strict=True):
            if self._rng.random() < settings.crossover:
                self._toolbox.mate(one, other)
            self._toolbox.mutate(one)
            self._toolbox.mutate(other)
        return children + ([ind_init(each) for each in self._parents] if settings.reevaluate else [])

    def update(self, population: list[Individual]) -> None:
        told = Collection.from_population(population, range(len(self._signs)))
        objectives = np.column_stack([told.scores, self._signs * told.measures])
        members = [_member(*each) for each in zip(told.weights, objectives, strict=True)]
        if not self._settings.reevaluate:
            members = self._parents + members
        self._keep(self._toolbox.select(members, self._settings.population_size))

    def _keep(self, parents: list[Individual]) -> None:
        self._parents = parents
        self._front = tools.sortNondominated(parents, len(parents), first_front_only=True)[0]

    def info(self) -> dict[str, float]:
        told = {"front": float(len(self._front))}
        if self._settings.min_score is not None and self._front:
            reference = np.r_[self._settings.min_score, np.where(self._signs < 0, -1.0, 0.0)]
            told["hypervolume"] = float(hypervolume(self._front, -reference))  # it minimizes
        return told

    @property
    def collection(self) -> Collection:
        objectives = _objectives(self._front)
        return Collection(np.array(self._front, dtype=np.float64), objectives[:, 0], self._signs * objectives[:, 1:])

    def state(self) -> dict[str, Any]:
        genes = np.array(self._parents, dtype=np.float64)
        crowding = [member.fitness.crowding_dist for member in self._parents]
        return {"genes": genes, "objectives": _objectives(self._parents), "crowding": np.array(crowding)}

    def restore(self, state: dict[str, Any]) -> None:
        members = [_member(*each) for each in zip(state["genes"], state["objectives"], strict=True)]
        for member, distance in zip(members, state["crowding"], strict=True):
            member.fitness.crowding_dist = float(distance)
        if members:
            self._keep(members)


def _member(genes: Array, objectives: Array) -> Individual:
    member = Individual(genes)
    member.fitness = Objectives(tuple(float(value) for value in objectives))
    return member


def _objectives(members: list[Individual]) -> Array:
    return np.array([member.fitness.wvalues for member in members], dtype=float)
