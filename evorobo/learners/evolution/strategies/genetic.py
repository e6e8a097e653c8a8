"""A genetic algorithm of DEAP's operators, generational or steady-state: tournaments, crossover, mutation, an elite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Limits, PositiveFloat
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.operators.crossover import Blend, Crossover, cross_pair
from evorobo.learners.evolution.operators.mutation import Gaussian, Mutation, mutate, variation_flops
from evorobo.learners.evolution.operators.replacement import Generational, Replacement
from evorobo.learners.evolution.operators.selection import Selection, Tournament
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    fitness_values,
    sample_around,
    sampling_flops,
    select_best,
)
from evorobo.registry import register_component
from evorobo.settings import from_plain, to_plain


@register_component("strategy", "GA")
@dataclass(frozen=True)
class GA:
    """Genetic algorithm with selection, crossover, mutation and replacement of your choice.

    The first generation is sampled around the starting genome. The solution is the best member of the last generation.

    Parameters
    ----------
    population_size : int, default 40
        Number of members, at least 2.
    crossover : Crossover, default Blend()
        How the genes of two children are mixed: `Blend`, `Uniform` or `SimulatedBinary`.
    mutation : Mutation, default Gaussian()
        How the genes of a child are changed: `Gaussian` or `Polynomial`.
    selection : Selection, default Tournament()
        How parents are selected.
    replacement : Replacement, default Generational()
        How many children a generation has and whom they replace: `Generational` or `SteadyState`.
    init_std : float, default 0.5
        Standard deviation of the first generation around the starting genome, above 0.
    limit : float or None, default None
        The largest absolute weight, above 0; None leaves weights unbounded.
    name : str, optional
        Name in results and figures; `"ga"` or `"steady-ga"` by default.

    References
    ----------
    Fortin, F.-A. et al. (2012). DEAP: evolutionary algorithms made easy. JMLR 13.

    Examples
    --------
    >>> from evorobo import GA, Polynomial, SteadyState, Uniform
    >>> GA(crossover=Uniform(0.5), mutation=Polynomial(eta=20, prob=0.8), replacement=SteadyState(4), limit=3.0).name
    'steady-ga'
    """

    population_size: Annotated[int, Limits(ge=2)] = 40
    crossover: Crossover = Blend()
    mutation: Mutation = Gaussian()
    selection: Selection = Tournament()
    replacement: Replacement = Generational()
    init_std: PositiveFloat = 0.5
    limit: PositiveFloat | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self.mutation.check(self.limit or np.inf)
        self.replacement.check(self.population_size)
        if not self.name:
            object.__setattr__(self, "name", f"{self.replacement.prefix}ga")

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningGA:
        return RunningGA(self, weights, rng)


class RunningGA:
    """State of a genetic algorithm: the scored members, and the mutation with its present step size."""

    def __init__(self, settings: GA, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._solution, self._mutation = weights.copy(), settings.mutation
        self._members: list[Individual] = []
        self.update_flops = 0

    @property
    def solution(self) -> Array:
        return self._solution.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng, limit = self._settings, self._rng, self._settings.limit or np.inf
        n, p = settings.population_size, len(self._solution)
        if not self._members:
            self.update_flops = sampling_flops(n - 1, p)
            rows = sample_around(self._solution, settings.population_size, settings.init_std, rng)
            return [ind_init(row) for row in rows.clip(-limit, limit)]
        elite = [_copy(ind_init, member) for member in select_best(self._members, settings.replacement.n_elites)]
        count = settings.replacement.count_children(n)
        self.update_flops = variation_flops(count, p, settings.crossover, self._mutation)
        parents = settings.selection.select(self._members, count + count % 2)
        children = [_copy(ind_init, parent) for parent in parents]
        for one, other in zip(children[::2], children[1::2], strict=True):
            if cross_pair(one, other, settings.crossover, limit, rng):
                one.parents = other.parents = one.parents + other.parents
        for child in children[:count]:
            mutate(child, self._mutation, limit, rng)
        return elite + children[:count]

    def update(self, population: list[Individual]) -> None:
        self._solution = np.array(select_best(population, 1)[0], dtype=np.float64)
        if self._members:
            settings = self._settings
            population = settings.replacement.replace(population, self._members, settings.population_size)
            self._mutation = self._mutation.next_generation()
        self._members = population

    def info(self) -> dict[str, float]:
        return self._mutation.info()

    def state(self) -> dict[str, Any]:
        return {
            "solution": self._solution,
            "mutation": to_plain(self._mutation),
            "genes": np.array(self._members, dtype=np.float64),
            "scores": fitness_values(self._members),
            "numbers": np.array([member.number for member in self._members], int),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._solution, self._mutation = state["solution"], from_plain(state["mutation"])
        self._members = [Individual.scored(*row) for row in zip(state["genes"], state["scores"], strict=True)]
        for member, number in zip(self._members, state["numbers"], strict=True):
            member.number = int(number)


def _copy(ind_init: Callable[[Array], Individual], parent: Individual) -> Individual:
    """A copy of a member that records its parent's number."""
    child = ind_init(parent)
    child.parents = (parent.number,)
    return child
