"""Evolution strategies that inherit their step size: (mu, lambda) and (mu + lambda) (Beyer & Schwefel 2002)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import Limits, NonNegativeFloat, PositiveFloat, PositiveInt
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    default_population_size,
    fitness_values,
    sampling_flops,
)
from evorobo.registry import register_component


@register_component("strategy", "SelfAdaptiveES")
@dataclass(frozen=True)
class SelfAdaptiveES:
    """Self-adaptive evolution strategy, (mu, lambda) or (mu + lambda), in which step sizes are inherited and mutated.

    With means <x> and <sigma> of the mu parents of p weights, a child is x' = <x> + sigma' N(0, I) with
    sigma' = <sigma> exp(N(0, 1) / sqrt(2 p)). With `per_gene`, sigma_i' = <sigma_i> exp(N(0, 1) / sqrt(2 p) +
    N_i(0, 1) / sqrt(2 sqrt(p))). The solution is the mean of the parents.

    Parameters
    ----------
    sigma : float, default 0.5
        First step size, above 0.
    population_size : int or None, default None
        Number of children (lambda), at least 2; None is 4 + 3 ln p.
    n_parents : int or None, default None
        Number of parents (mu), at least 1; None is a quarter of lambda. Without `plus` it is less than lambda.
    plus : bool, default False
        Whether parents compete with their children. They are then scored again in every generation, lambda + mu
        evaluations in all.
    per_gene : bool, default False
        Whether each weight has its own step size.
    sigma_floor : float, default 0.0
        The smallest step size, at least 0.
    name : str, optional
        Name in results and figures; `"comma-es"` or `"plus-es"` by default.

    References
    ----------
    Beyer, H.-G. and Schwefel, H.-P. (2002). Evolution strategies: a comprehensive introduction. Natural Computing 1,
    section 3.2.

    Examples
    --------
    >>> from evorobo import SelfAdaptiveES
    >>> SelfAdaptiveES(population_size=28, n_parents=4, plus=True).name
    'plus-es'
    """

    sigma: PositiveFloat = 0.5
    population_size: Annotated[int, Limits(ge=2)] | None = None
    n_parents: PositiveInt | None = None
    plus: bool = False
    per_gene: bool = False
    sigma_floor: NonNegativeFloat = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        if self.population_size and self.n_parents:
            check_parents(self, self.n_parents, self.population_size)
        if not self.name:
            object.__setattr__(self, "name", "plus-es" if self.plus else "comma-es")

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningSelfAdaptiveES:
        return RunningSelfAdaptiveES(self, weights, rng)


class RunningSelfAdaptiveES:
    """Parents `(mu, p)`, their step sizes `(mu, 1)` or `(mu, p)`, and the step sizes of the children."""

    def __init__(self, settings: SelfAdaptiveES, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._lambda = settings.population_size or default_population_size(len(weights))
        self._mu = settings.n_parents or max(1, self._lambda // 4)
        check_parents(settings, self._mu, self._lambda)
        self._genes = weights[None]
        self._sigmas = np.full((1, len(weights) if settings.per_gene else 1), settings.sigma)
        self._child_sigmas = np.empty((0, self._sigmas.shape[1]))
        self.update_flops = 0

    @property
    def solution(self) -> Array:
        return self._genes.mean(0)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        (m, n), k = self._genes.shape, self._sigmas.shape[1]
        log_factors_and_sigmas = self._lambda * (1 + 2 * k + (2 * k if self._settings.per_gene else 0))
        self.update_flops = m * (n + k) + log_factors_and_sigmas + sampling_flops(self._lambda, n)  # first both means
        log_factors = self._rng.standard_normal((self._lambda, 1)) / np.sqrt(2 * n)
        if self._settings.per_gene:
            log_factors = log_factors + self._rng.standard_normal((self._lambda, k)) / np.sqrt(2 * np.sqrt(n))
        self._child_sigmas = np.maximum(self._sigmas.mean(0) * np.exp(log_factors), self._settings.sigma_floor)
        genes = self._genes.mean(0) + self._child_sigmas * self._rng.standard_normal((self._lambda, n))
        if self._settings.plus:
            genes = np.concatenate([genes, self._genes])
            self._child_sigmas = np.concatenate([self._child_sigmas, self._sigmas])
        return [ind_init(row) for row in genes]

    def update(self, population: list[Individual]) -> None:
        chosen = np.argsort(-fitness_values(population), kind="stable")[: self._mu]
        self._genes = np.stack([np.asarray(population[index]) for index in chosen])
        self._sigmas = self._child_sigmas[chosen]

    def info(self) -> dict[str, float]:
        return {"step_size": float(self._sigmas.mean())}

    def state(self) -> dict[str, Any]:
        return {"genes": self._genes, "sigmas": self._sigmas}

    def restore(self, state: dict[str, Any]) -> None:
        self._genes, self._sigmas = state["genes"], state["sigmas"]


def check_parents(settings: SelfAdaptiveES, n_parents: int, n_children: int) -> None:
    """Raise `SettingsError` if all children would become parents, so that nothing is selected."""
    if not settings.plus and n_parents >= n_children:
        raise SettingsError(
            f"n_parents must be less than population_size, {n_children}, not {n_parents}; or take plus=True."
        )
