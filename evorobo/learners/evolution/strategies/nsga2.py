"""NSGA-II: the score and other objectives, without weighting one against another (Deb et al. 2002)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_implements, check_positive
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import (
    Individual,
    Objectives,
    hypervolume,
    selNSGA2,
    selTournamentDCD,
    sortNondominated,
)
from evorobo.learners.evolution.operators.crossover import Crossover, SimulatedBinary, cross_pair
from evorobo.learners.evolution.operators.mutation import Mutation, Polynomial, mutate
from evorobo.learners.evolution.strategies.base import StrategySettings, sample_around
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.registry import register_component
from evorobo.settings import from_plain, to_plain


@register_component("strategy", "NSGA2")
@dataclass(frozen=True)
class NSGA2:
    """Non-dominated sorting genetic algorithm: a front of trade-offs between the score and other objectives.

    Of the parents and as many children, the better half by rank and crowding distance are the next parents. Binary
    tournaments by the same two criteria select who mates. The solution is the member of the front with the highest
    score. The whole front is written to the trial's `archive.npz` (see `Archive`).

    Parameters
    ----------
    minimize : tuple of str, default ("energy",)
        Measures of the task to minimize besides maximizing the score.
    maximize : tuple of str, default ()
        Measures of the task to maximize.
    population_size : int, default 40
        Number of parents, at least 4 and a multiple of 4.
    crossover : Crossover, default SimulatedBinary()
        How the genes of two children are mixed.
    mutation : Mutation, default Polynomial()
        How the genes of a child are changed.
    limit : float, default 3.0
        The largest absolute weight, above 0.
    init_std : float, default 0.5
        Standard deviation of the first generation around the starting genome, above 0.
    reevaluate : bool, default True
        Whether parents are scored again beside their children, with the same seeds. False saves half of the
        evaluations and is correct if scores have no noise.
    min_score : float or None, default None
        If given, the log has the `hypervolume` between the front and this score. Measures enter in units of their
        ranges, down to the worse end of each range.
    name : str, default "nsga-ii"
        Name in results and figures.

    References
    ----------
    Deb, K., Pratap, A., Agarwal, S. and Meyarivan, T. (2002). A fast and elitist multiobjective genetic algorithm:
    NSGA-II. IEEE Transactions on Evolutionary Computation 6.
    Zitzler, E. and Thiele, L. (1998). Multiobjective optimization using evolutionary algorithms. PPSN V (hypervolume).

    Examples
    --------
    >>> from evorobo import NSGA2
    >>> NSGA2(minimize=("energy",), maximize=("speed",)).measures
    ('energy', 'speed')
    """

    minimize: tuple[str, ...] = ("energy",)
    maximize: tuple[str, ...] = ()
    population_size: int = 40
    crossover: Crossover = SimulatedBinary()
    mutation: Mutation = Polynomial()
    limit: float = 3.0
    init_std: float = 0.5
    reevaluate: bool = True
    min_score: float | None = None
    name: str = "nsga-ii"

    def __post_init__(self) -> None:
        check_at_least(4, population_size=self.population_size)
        if self.population_size % 4:
            raise SettingsError(f"NSGA-II needs a population_size that is a multiple of 4, not {self.population_size}.")
        check_positive(limit=self.limit, init_std=self.init_std)
        check_implements(Crossover, "SimulatedBinary()", crossover=self.crossover)
        check_implements(Mutation, "Polynomial()", mutation=self.mutation)
        self.mutation.check(self.limit)
        if not self.measures:
            raise SettingsError('NSGA-II needs a second objective; name a measure, for example minimize=("energy",).')

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures that are minimized, then of those that are maximized."""
        return (*self.minimize, *self.maximize)

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningNSGA2:
        return RunningNSGA2(self, weights, rng)


class RunningNSGA2:
    """State of NSGA-II: the parents with objectives and crowding distances, and their front."""

    def __init__(self, settings: NSGA2, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights.copy()
        self.names, self.cells = settings.measures, ()
        self._signs = np.r_[-np.ones(len(settings.minimize)), np.ones(len(settings.maximize))]
        self._mutation = settings.mutation
        self._parents: list[Individual] = []
        self._front: list[Individual] = []

    @property
    def solution(self) -> Array:
        if not self._front:
            return self._first.copy()
        return np.array(max(self._front, key=lambda member: member.fitness.wvalues[0]), dtype=np.float64)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng, limit = self._settings, self._rng, self._settings.limit
        if not self._parents:
            rows = sample_around(self._first, settings.population_size, settings.init_std, rng)
            return [ind_init(row) for row in rows.clip(-limit, limit)]
        children = [ind_init(parent) for parent in selTournamentDCD(self._parents, settings.population_size)]
        for one, other in zip(children[::2], children[1::2], strict=True):
            cross_pair(one, other, settings.crossover, limit, rng)
            mutate(one, self._mutation, limit, rng)
            mutate(other, self._mutation, limit, rng)
        return children + ([ind_init(parent) for parent in self._parents] if settings.reevaluate else [])

    def update(self, population: list[Individual]) -> None:
        scored = Collection.from_population(population, range(len(self._signs)))
        objectives = np.column_stack([scored.scores, self._signs * scored.measures])
        members = [_with_objectives(*row) for row in zip(scored.weights, objectives, strict=True)]
        if not self._settings.reevaluate:
            members = self._parents + members
        if self._parents:
            self._mutation = self._mutation.next_generation()
        self._set_parents(selNSGA2(members, self._settings.population_size))

    def _set_parents(self, parents: list[Individual]) -> None:
        self._parents = parents
        self._front = sortNondominated(parents, len(parents), first_front_only=True)[0]

    def info(self) -> dict[str, float]:
        info = {"front": float(len(self._front)), **self._mutation.info()}
        if self._settings.min_score is not None and self._front:
            reference = np.r_[self._settings.min_score, np.where(self._signs < 0, -1.0, 0.0)]
            info["hypervolume"] = float(hypervolume(self._front, -reference))  # DEAP minimizes
        return info

    @property
    def collection(self) -> Collection:
        objectives = _objectives(self._front)
        return Collection(np.array(self._front, dtype=np.float64), objectives[:, 0], self._signs * objectives[:, 1:])

    def state(self) -> dict[str, Any]:
        return {
            "genes": np.array(self._parents, dtype=np.float64),
            "objectives": _objectives(self._parents),
            "crowding": np.array([member.fitness.crowding_dist for member in self._parents]),
            "mutation": to_plain(self._mutation),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._mutation = from_plain(state["mutation"])
        members = [_with_objectives(*row) for row in zip(state["genes"], state["objectives"], strict=True)]
        for member, distance in zip(members, state["crowding"], strict=True):
            member.fitness.crowding_dist = float(distance)
        if members:
            self._set_parents(members)


def _with_objectives(genes: Array, objectives: Array) -> Individual:
    """An individual with several objectives `(k,)` instead of one score."""
    member = Individual(genes)
    member.fitness = Objectives(tuple(float(value) for value in objectives))
    return member


def _objectives(members: list[Individual]) -> Array:
    """The objectives of each member `(n, k)`."""
    return np.array([member.fitness.wvalues for member in members], dtype=float)
