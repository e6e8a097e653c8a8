"""Evolution strategies that inherit their step size: (mu, lambda) and (mu + lambda) (Beyer & Schwefel 2002)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive, check_within
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import default_population_size, fitness_values
from evorobo.registry import register_component


@register_component("strategy", "SelfAdaptiveES")
@dataclass(frozen=True)
class SelfAdaptiveES:
    """Each child is the mean of the mu parents plus a normal step; its step size is the parents' mean, mutated first.

    `population_size` is lambda (4 + 3 ln p if None), `n_parents` is mu (a quarter of lambda if None). With `plus` parents
    compete with their children, and are scored anew in every generation so that no lucky score lives on (lambda + mu
    evaluations). With `per_gene` each weight has a step size of its own. No step size falls below `sigma_floor`.

    Beyer & Schwefel 2002, section 3.2: sigma' = <sigma> exp(tau N(0, 1)), x' = <x> + sigma' N(0, I), with
    tau = 1 / sqrt(2 n); per gene sigma_i' = <sigma_i> exp(N(0, 1) / sqrt(2 n) + N_i(0, 1) / sqrt(2 sqrt(n))).
    """

    sigma: float = 0.5
    population_size: int | None = None
    n_parents: int | None = None
    plus: bool = False
    per_gene: bool = False
    sigma_floor: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        check_positive(sigma=self.sigma)
        check_within(0, np.inf, sigma_floor=self.sigma_floor)
        check_at_least(2, population_size=self.population_size)
        check_at_least(1, n_parents=self.n_parents)
        if self.population_size and self.n_parents:
            self.check(self.n_parents, self.population_size)
        if not self.name:
            object.__setattr__(self, "name", "plus-es" if self.plus else "comma-es")

    def check(self, n_parents: int, children: int) -> None:
        """Refuse what leaves nothing to select from."""
        if not self.plus and n_parents >= children:
            raise SettingsError(f"{n_parents} parents need more than {children} children to select from.")

    def start(self, weights: Array, rng: np.random.Generator) -> RunningSelfAdaptiveES:
        return RunningSelfAdaptiveES(self, weights, rng)


class RunningSelfAdaptiveES:
    """Parents as rows: `_genes (mu, p)`, `_sigmas (mu, 1)` or `(mu, p)`."""

    def __init__(self, settings: SelfAdaptiveES, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._lambda = settings.population_size or default_population_size(len(weights))
        self._mu = settings.n_parents or max(1, self._lambda // 4)
        settings.check(self._mu, self._lambda)
        self._genes = weights[None]
        self._sigmas = np.full((1, len(weights) if settings.per_gene else 1), settings.sigma)
        self._children = np.empty((0, self._sigmas.shape[1]))

    @property
    def solution(self) -> Array:
        return self._genes.mean(0)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        n, k = self._genes.shape[1], self._sigmas.shape[1]
        drawn = self._rng.standard_normal((self._lambda, 1)) / np.sqrt(2 * n)
        if self._settings.per_gene:
            drawn = drawn + self._rng.standard_normal((self._lambda, k)) / np.sqrt(2 * np.sqrt(n))
        self._children = np.maximum(self._sigmas.mean(0) * np.exp(drawn), self._settings.sigma_floor)
        genes = self._genes.mean(0) + self._children * self._rng.standard_normal((self._lambda, n))
        if self._settings.plus:
            genes = np.concatenate([genes, self._genes])
            self._children = np.concatenate([self._children, self._sigmas])
        return [ind_init(each) for each in genes]

    def update(self, population: list[Individual]) -> None:
        chosen = np.argsort(-fitness_values(population), kind="stable")[: self._mu]
        self._genes = np.stack([np.asarray(population[at]) for at in chosen])
        self._sigmas = self._children[chosen]

    def info(self) -> dict[str, float]:
        return {"step_size": float(self._sigmas.mean())}

    def state(self) -> dict[str, Any]:
        return {"genes": self._genes, "sigmas": self._sigmas}

    def restore(self, state: dict[str, Any]) -> None:
        self._genes, self._sigmas = state["genes"], state["sigmas"]
