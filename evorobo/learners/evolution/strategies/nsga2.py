"""NSGA-II: the score and other objectives, without weighting one against another (Deb et al. 2002)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import Limits, PositiveFloat
from evorobo.learners.evolution.deap_bridge import (
    Individual,
    Objectives,
    hypervolume,
    selTournamentDCD,
)
from evorobo.learners.evolution.operators.crossover import Crossover, SimulatedBinary, cross_pair
from evorobo.learners.evolution.operators.mutation import Mutation, Polynomial, mutate, variation_flops
from evorobo.learners.evolution.strategies.base import StrategySettings, sample_around, sampling_flops
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.learners.evolution.strategies.dominance import crowding_distances, front_numbers
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
    population_size: Annotated[int, Limits(ge=4, multiple_of=4)] = 40
    crossover: Crossover = SimulatedBinary()
    mutation: Mutation = Polynomial()
    limit: PositiveFloat = 3.0
    init_std: PositiveFloat = 0.5
    reevaluate: bool = True
    min_score: float | None = None
    name: str = "nsga-ii"

    def __post_init__(self) -> None:
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
    """State of NSGA-II: the parents `(n, p)`, their objectives `(n, k)`, all maximized, and crowding distances."""

    def __init__(self, settings: NSGA2, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights.copy()
        self.names, self.cells = settings.measures, ()
        self._signs = np.r_[-np.ones(len(settings.minimize)), np.ones(len(settings.maximize))]
        self._mutation = settings.mutation
        self.update_flops = 0
        self._set_parents(np.empty((0, len(weights))), np.empty((0, 1 + len(self._signs))), np.empty(0))

    def _set_parents(self, genes: Array, objectives: Array, crowding: Array) -> None:
        self._genes, self._objectives, self._crowding = genes, objectives, crowding
        self._front = np.flatnonzero(front_numbers(objectives) == 0)

    @property
    def solution(self) -> Array:
        if not len(self._front):
            return self._first.copy()
        return self._genes[self._front[self._objectives[self._front, 0].argmax()]].copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng, limit = self._settings, self._rng, self._settings.limit
        n, p = settings.population_size, len(self._first)
        if not len(self._genes):
            self.update_flops = sampling_flops(n - 1, p)
            rows = sample_around(self._first, settings.population_size, settings.init_std, rng)
            return [ind_init(row) for row in rows.clip(-limit, limit)]
        self.update_flops = variation_flops(n, p, settings.crossover, self._mutation)
        parents = [_with_objectives(*row) for row in zip(self._genes, self._objectives, self._crowding, strict=True)]
        children = [ind_init(parent) for parent in selTournamentDCD(parents, settings.population_size)]
        for one, other in zip(children[::2], children[1::2], strict=True):
            cross_pair(one, other, settings.crossover, limit, rng)
            mutate(one, self._mutation, limit, rng)
            mutate(other, self._mutation, limit, rng)
        return children + ([ind_init(parent) for parent in self._genes] if settings.reevaluate else [])

    def update(self, population: list[Individual]) -> None:
        scored = Collection.from_population(population, range(len(self._signs)))
        genes, objectives = scored.weights, np.column_stack([scored.scores, self._signs * scored.measures])
        if len(self._genes):
            self._mutation = self._mutation.next_generation()
            if not self._settings.reevaluate:
                genes, objectives = np.r_[self._genes, genes], np.r_[self._objectives, objectives]
        fronts = front_numbers(objectives)
        crowding = crowding_distances(objectives, fronts)
        # by front, then by crowding distance, then by position
        chosen = np.lexsort((-crowding, fronts))[: self._settings.population_size]
        self._set_parents(genes[chosen], objectives[chosen], crowding[chosen])

    def info(self) -> dict[str, float]:
        info = {"front": float(len(self._front)), **self._mutation.info()}
        if self._settings.min_score is not None and len(self._front):
            reference = np.r_[self._settings.min_score, np.where(self._signs < 0, -1.0, 0.0)]
            members = [_with_objectives(self._first, values) for values in self._objectives[self._front]]
            info["hypervolume"] = hypervolume(members, -reference)  # DEAP minimizes
        return info

    @property
    def collection(self) -> Collection:
        objectives = self._objectives[self._front]
        return Collection(self._genes[self._front], objectives[:, 0], self._signs * objectives[:, 1:])

    def state(self) -> dict[str, Any]:
        return {
            "genes": self._genes,
            "objectives": self._objectives,
            "crowding": self._crowding,
            "mutation": to_plain(self._mutation),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._mutation = from_plain(state["mutation"])
        self._set_parents(state["genes"], state["objectives"], state["crowding"])


def _with_objectives(genes: Array, objectives: Array, crowding: float = 0.0) -> Individual:
    """An individual with several objectives `(k,)` instead of one score."""
    member = Individual(genes)
    member.fitness = Objectives(tuple(objectives.tolist()))
    member.fitness.crowding_dist = float(crowding)
    return member
