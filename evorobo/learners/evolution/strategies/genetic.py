"""A genetic algorithm of DEAP's operators, generational or steady-state: tournaments, crossover, mutation, an elite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from deap import base, tools

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive, check_within
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import fitness_values, sample_around, select_best
from evorobo.learners.evolution.strategies.step_size import check_sigma_decay, decay_sigma
from evorobo.registry import register_component


@register_component("strategy", "GA")
@dataclass(frozen=True)
class GA:
    """`population_size` members; pairs are crossed with probability `crossover`, members mutated with `mutation`.

    Selection is by tournaments of `tournament_size` members (Goldberg & Deb 1991), crossover BLX-alpha (Eshelman &
    Schaffer 1993) with `blend` as alpha, or with `uniform` an exchange of each gene with that probability (Syswerda
    1989). Mutation changes each gene with probability `gene_mutation`: it adds N(0, `sigma`^2), or with `polynomial`
    it is Deb & Agrawal's (1999) of that index, within `limit`. Weights stay within `limit` to either side of 0. With
    `sigma_decay` below 1 sigma shrinks by that factor in each generation, down to `sigma_floor`.

    The `n_elites` best live on unchanged and are scored again in every generation. The first generation lies around the
    starting genome, `init_std` wide. The answer is the best of the last generation.

    With `children` the algorithm is steady-state (Whitley 1989): a generation is the elite, scored again, and so many
    children, who take the places of the worst where they score higher. The answer is the best of those just scored.
    """

    population_size: int = 40
    tournament_size: int = 3
    crossover: float = 0.5
    blend: float = 0.3
    mutation: float = 0.8
    gene_mutation: float = 0.2
    sigma: float = 0.3
    n_elites: int = 2
    init_std: float = 0.5
    uniform: float | None = None
    polynomial: float | None = None
    limit: float | None = None
    children: int | None = None
    sigma_decay: float = 1.0
    sigma_floor: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        check_at_least(2, population_size=self.population_size)
        check_at_least(1, tournament_size=self.tournament_size)
        check_at_least(0, n_elites=self.n_elites)
        check_positive(init_std=self.init_std)
        check_sigma_decay(self)
        if self.n_elites >= self.population_size:
            raise SettingsError(
                f"an elite of {self.n_elites} leaves no room in a population of {self.population_size}."
            )
        check_within(0, 1, crossover=self.crossover, mutation=self.mutation, gene_mutation=self.gene_mutation)
        check_within(0, np.inf, blend=self.blend)
        check_at_least(1, children=self.children)
        if self.uniform is not None:
            check_within(0, 1, uniform=self.uniform)
        if self.limit is not None:
            check_positive(limit=self.limit)
        if self.polynomial is not None:
            check_positive(polynomial=self.polynomial)
            if self.limit is None:
                raise SettingsError("polynomial mutation needs a limit that weights stay within; for example, limit=3.")
        if not self.name:
            object.__setattr__(self, "name", "steady-ga" if self.children else "ga")

    @property
    def bounds(self) -> tuple[float, float]:
        limit = np.inf if self.limit is None else self.limit
        return -limit, limit

    def start(self, weights: Array, rng: np.random.Generator) -> RunningGA:
        return RunningGA(self, weights, rng)


class RunningGA:
    """The members that have been scored, and the step size of Gaussian mutation."""

    def __init__(self, settings: GA, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._solution, self._sigma = weights.copy(), settings.sigma
        self._members: list[Individual] = []

    @property
    def solution(self) -> Array:
        return self._solution.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings = self._settings
        if not self._members:
            rows = sample_around(self._solution, settings.population_size, settings.init_std, self._rng)
            return [ind_init(each) for each in rows.clip(*settings.bounds)]
        toolbox = operators(settings, self._sigma)
        kept = [_born(ind_init, each) for each in select_best(self._members, settings.n_elites)]
        count = settings.children or settings.population_size - settings.n_elites
        children = [_born(ind_init, each) for each in toolbox.select(self._members, count + count % 2)]
        for one, other in zip(children[::2], children[1::2], strict=True):
            if self._rng.random() < settings.crossover:
                toolbox.mate(one, other)
                one.parents = other.parents = one.parents + other.parents
        children = children[:count]
        for child in children:
            if self._rng.random() < settings.mutation:
                toolbox.mutate(child)
        return kept + children

    def update(self, population: list[Individual]) -> None:
        self._solution = np.array(select_best(population, 1)[0], dtype=np.float64)
        if self._settings.children and self._members:
            others = select_best(self._members, len(self._members))[self._settings.n_elites :]
            population = select_best(population + others, self._settings.population_size)
        if self._members:
            self._sigma = decay_sigma(self._sigma, self._settings)
        self._members = population

    def info(self) -> dict[str, float]:
        return {} if self._settings.polynomial else {"step_size": self._sigma}

    def state(self) -> dict[str, Any]:
        genes = np.array(self._members, dtype=np.float64)
        told = {
            "scores": fitness_values(self._members),
            "numbers": np.array([each.number for each in self._members], int),
        }
        return {"solution": self._solution, "sigma": self._sigma, "genes": genes, **told}

    def restore(self, state: dict[str, Any]) -> None:
        self._solution, self._sigma, self._members = state["solution"], float(state["sigma"]), []
        for genes, score, number in zip(state["genes"], state["scores"], state["numbers"], strict=True):
            individual = Individual(genes)
            individual.number = int(number)
            individual.fitness.values = (float(score),)
            self._members.append(individual)


def _born(ind_init: Callable[[Array], Individual], parent: Individual) -> Individual:
    """A copy that knows whose it is."""
    child = ind_init(parent)
    child.parents = (parent.number,)
    return child


def operators(settings: GA, sigma: float) -> base.Toolbox:
    """DEAP's operators as the settings want them, at this step size: `select`, `mate`, `mutate`."""
    toolbox = base.Toolbox()
    toolbox.register("select", tools.selTournament, tournsize=settings.tournament_size)
    if settings.uniform is None:
        toolbox.register("mate", tools.cxBlend, alpha=settings.blend)
    else:
        toolbox.register("mate", tools.cxUniform, indpb=settings.uniform)
    low, up = settings.bounds
    if settings.polynomial is None:
        toolbox.register("mutate", tools.mutGaussian, mu=0.0, sigma=sigma, indpb=settings.gene_mutation)
    else:
        polynomial = {"eta": settings.polynomial, "low": low, "up": up}
        toolbox.register("mutate", tools.mutPolynomialBounded, indpb=settings.gene_mutation, **polynomial)
    if settings.limit is not None:
        toolbox.decorate("mate", within_bounds(low, up))
        toolbox.decorate("mutate", within_bounds(low, up))
    return toolbox


def within_bounds(low: float, up: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator for DEAP's operators: what they return is clipped, in place."""

    def decorate(operator: Callable[..., Any]) -> Callable[..., Any]:
        def bounded(*parents: Individual, **settings: Any) -> tuple[Individual, ...]:
            children: tuple[Individual, ...] = operator(*parents, **settings)
            for child in children:
                np.clip(child, low, up, out=child)
            return children

        return bounded

    return decorate
