"""CMA-ES: a normal distribution that learns the shape of the landscape (Hansen & Ostermeier 2001; Hansen 2016)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive, check_within
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import default_population_size, sort_by_fitness
from evorobo.learners.evolution.strategies.cma_common import CMAConstants, EvolutionPaths
from evorobo.registry import register_component


@register_component("strategy", "CMAES")
@dataclass(frozen=True)
class CMAES:
    """`sigma` is the first step size, `population_size` the members of a generation (4 + 3 ln p if None).

    With `active` the worst half of a generation is learned from as well, by negative weights (Jastrebski & Arnold
    2006; Hansen 2016, eq. 46 to 53). `sigma_floor` is the least that the step size may come to, for scores with noise
    or plateaus.

    The covariance matrix is decomposed only when it has changed by a tenth of what its learning rates allow for one
    weight, 1 / (10 p (c_1 + c_mu)) generations: in time that grows with p squared, so that 3,000 weights are practical.
    Beyond that take SepCMAES, SNES or OpenAIES.
    """

    sigma: float = 0.5
    population_size: int | None = None
    active: bool = True
    sigma_floor: float = 0.0
    name: str = "cma-es"

    def __post_init__(self) -> None:
        check_positive(sigma=self.sigma)
        check_at_least(4, population_size=self.population_size)
        check_within(0, np.inf, sigma_floor=self.sigma_floor)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningCMAES:
        return RunningCMAES(self, weights, rng)


class RunningCMAES:
    """Mean, paths and covariance C = B D^2 B'; what C has yet to learn waits in rows until it is decomposed."""

    _shares: Array
    _waiting: list[Array]

    def __init__(self, settings: CMAES, weights: Array, rng: np.random.Generator) -> None:
        n = len(weights)
        self._rng, self._mean = rng, weights.copy()
        self._population_size = settings.population_size or default_population_size(n)
        self._constants = CMAConstants.compute(n, self._population_size, settings.active)
        self._paths = EvolutionPaths(self._constants, n, settings.sigma, settings.sigma_floor)
        self._gap = 1 / (10 * n * (self._constants.c_1 + self._constants.c_mu))
        self._covariance, self._axes, self._lengths = np.eye(n), np.eye(n), np.ones(n)
        self._forget_waiting()

    @property
    def solution(self) -> Array:
        return self._mean.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        drawn = self._rng.standard_normal((self._population_size, len(self._mean)))
        steps = (drawn * self._lengths) @ self._axes.T  # eq. 39
        return [ind_init(each) for each in self._mean + self._paths.sigma * steps]

    def update(self, population: list[Individual]) -> None:
        c, n = self._constants, len(self._mean)
        steps = (sort_by_fitness(population) - self._mean) / self._paths.sigma
        step = c.recombination_weights[: c.mu] @ steps[: c.mu]  # eq. 41
        self._mean = self._mean + self._paths.sigma * step  # eq. 42
        white = (step @ self._axes / self._lengths) @ self._axes.T
        lost = self._paths.update(step, white)
        weights = c.recombination_weights.copy()
        if weights[-1] < 0:
            bad = np.square(steps[c.mu :] @ self._axes / self._lengths).sum(1)
            weights[c.mu :] *= n / np.maximum(bad, 1e-30)  # eq. 46
        decay = 1 + lost - c.c_1 - c.c_mu * float(c.recombination_weights.sum())  # eq. 47
        self._decay *= decay
        self._shares = np.concatenate([decay * self._shares, [c.c_1], c.c_mu * weights])
        self._waiting.append(np.concatenate([self._paths.p_c[None], steps]))
        self._waited += 1
        if self._waited >= self._gap:
            self._decompose()

    def _decompose(self) -> None:
        """The rank-one and rank-mu updates of all generations that wait (eq. 47), in one product, then B and D."""
        rows = np.concatenate(self._waiting)
        self._covariance *= self._decay
        self._covariance += (rows.T * self._shares) @ rows
        squares, self._axes = np.linalg.eigh(self._covariance)
        self._lengths = np.sqrt(np.maximum(squares, 1e-14 * squares[-1]))
        self._forget_waiting()

    def _forget_waiting(self) -> None:
        self._decay, self._waited = 1.0, 0
        self._shares, self._waiting = np.empty(0), []

    def info(self) -> dict[str, float]:
        condition = (self._lengths.max() / self._lengths.min()) ** 2
        return {"step_size": self._paths.sigma, "condition": float(condition)}

    def state(self) -> dict[str, Any]:
        return {
            "mean": self._mean,
            "paths": self._paths.state(),
            "covariance": self._covariance,
            "axes": self._axes,
            "lengths": self._lengths,
            "decay": self._decay,
            "shares": self._shares,
            "waited": self._waited,
            "waiting": np.concatenate(self._waiting) if self._waiting else np.empty((0, len(self._mean))),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._paths.restore(state["paths"])
        self._mean, self._covariance = state["mean"], state["covariance"]
        self._axes, self._lengths = state["axes"], state["lengths"]
        self._decay, self._shares, self._waited = float(state["decay"]), state["shares"], int(state["waited"])
        self._waiting = [state["waiting"]] if self._waited else []
