"""What CMA-ES and its separable variant share: constants, evolution paths and step size, and the update of the mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, sqrt
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import sort_by_fitness


@dataclass(frozen=True, eq=False)
class CMAConstants:
    """Table 1 of Hansen 2016, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772), in its symbols.

    `recombination_weights (lambda,)` belong to the members from best to worst. The first `mu` are positive and sum to
    1; the others are negative in active CMA-ES, else 0.
    """

    recombination_weights: Array
    mu: int
    mu_eff: float
    c_sigma: float
    d_sigma: float
    c_c: float
    c_1: float
    c_mu: float
    chi: float

    @classmethod
    def compute(cls, n: int, population_size: int, active: bool, learning_rate_factor: float = 1.0) -> CMAConstants:
        """The constants for `n` weights; `learning_rate_factor` multiplies the learning rates of the covariance."""
        raw = np.log((population_size + 1) / 2) - np.log(np.arange(1, population_size + 1))  # eq. 49
        mu = int((raw > 0).sum())
        mu_eff = float(raw[:mu].sum() ** 2 / np.square(raw[:mu]).sum())
        c_1 = min(1.0, learning_rate_factor * 2 / ((n + 1.3) ** 2 + mu_eff))  # eq. 57
        c_mu = min(
            1 - c_1, learning_rate_factor * 2 * (0.25 + mu_eff + 1 / mu_eff - 2) / ((n + 2) ** 2 + mu_eff)
        )  # eq. 58
        c_sigma = (mu_eff + 2) / (n + mu_eff + 5)  # eq. 55
        weights = np.concatenate([raw[:mu] / raw[:mu].sum(), np.zeros(population_size - mu)])
        if active and c_mu > 0:
            negative = raw[mu:]
            mu_eff_negative = negative.sum() ** 2 / np.square(negative).sum() if negative.any() else 0.0
            alpha = min(  # eq. 50 to 52
                1 + c_1 / c_mu, 1 + 2 * mu_eff_negative / (mu_eff + 2), max(0.0, 1 - c_1 - c_mu) / (n * c_mu)
            )
            weights[mu:] = alpha * negative / max(-negative.sum(), 1e-300)  # eq. 53
        return cls(
            weights,
            mu,
            mu_eff,
            c_sigma,
            1 + 2 * max(0.0, sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma,
            (4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n),  # eq. 56
            c_1,
            c_mu,
            sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
        )


class EvolutionPaths:
    """Cumulative step-size adaptation and the path of the rank-one update, on `n` weights (Hansen 2016)."""

    def __init__(self, constants: CMAConstants, n: int, sigma: float, sigma_floor: float) -> None:
        self._constants, self._sigma_floor = constants, sigma_floor
        self.sigma, self.generations = max(sigma, sigma_floor), 0
        self.p_sigma, self.p_c = np.zeros(n), np.zeros(n)

    def update(self, step: Array, whitened_step: Array) -> float:
        """Update both paths and sigma by `step (p,)`, the weighted mean of the best steps, and the whitened step.

        Returns what is added to the decay of the covariance if the rank-one update is stalled: c_1 c_c (2 - c_c), or 0.
        """
        c, n = self._constants, len(step)
        self.generations += 1
        self.p_sigma = (1 - c.c_sigma) * self.p_sigma + sqrt(
            c.c_sigma * (2 - c.c_sigma) * c.mu_eff
        ) * whitened_step  # eq. 43
        length = float(np.linalg.norm(self.p_sigma))
        self.sigma = max(self._sigma_floor, self.sigma * exp(c.c_sigma / c.d_sigma * (length / c.chi - 1)))  # eq. 44
        stalled = length / sqrt(1 - (1 - c.c_sigma) ** (2 * self.generations)) >= (1.4 + 2 / (n + 1)) * c.chi
        self.p_c = (1 - c.c_c) * self.p_c  # eq. 45
        if stalled:
            return c.c_1 * c.c_c * (2 - c.c_c)
        self.p_c += sqrt(c.c_c * (2 - c.c_c) * c.mu_eff) * step
        return 0.0

    def state(self) -> dict[str, Any]:
        return {
            "sigma": self.sigma,
            "generations": self.generations,
            "p_sigma": self.p_sigma,
            "p_c": self.p_c,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.sigma, self.generations = float(state["sigma"]), int(state["generations"])
        self.p_sigma, self.p_c = state["p_sigma"], state["p_c"]


class Covariance(Protocol):
    """The covariance matrix C of a search distribution, in some form."""

    def sample(self, z: Array, sigma: float) -> Array:
        """The offsets from the mean `(n, p)` that belong to standard normal `z (n, p)`."""

    def whiten(self, step: Array) -> Array:
        """C^(-1/2) times `step (p,)`."""

    def square_lengths(self, y: Array) -> Array:
        """The squared lengths `(n,)` of C^(-1/2) y for the rows of `y (n, p)`."""

    def update(self, decay: float, c: CMAConstants, p_c: Array, weights: Array, y: Array) -> None:
        """Set C to decay C + c_1 p_c p_c' + c_mu sum(weights_i y_i y_i') (eq. 47)."""

    def generation_flops(self, n: int, n_measured: int) -> int:
        """The operations of `sample` (n), `whiten`, `square_lengths` (`n_measured` rows) and the last `update`."""

    @property
    def condition(self) -> float:
        """The largest eigenvalue divided by the smallest."""

    def state(self) -> dict[str, Any]: ...
    def restore(self, state: dict[str, Any]) -> None: ...


class RunningCMA:
    """A running CMA-ES: the mean, the evolution paths, and the covariance matrix (equations of Hansen 2016)."""

    def __init__(
        self,
        weights: Array,
        constants: CMAConstants,
        paths: EvolutionPaths,
        covariance: Covariance,
        rng: np.random.Generator,
    ) -> None:
        self._mean, self._constants, self._paths = weights.copy(), constants, paths
        self._covariance, self._rng = covariance, rng

    @property
    def solution(self) -> Array:
        return self._mean.copy()

    @property
    def update_flops(self) -> int:
        """Offsets and steps: 3 n p. Mean: 2 (mu + 1) p. Paths: 8 p. The rest is what the covariance computes."""
        c, n, p = self._constants, len(self._constants.recombination_weights), len(self._mean)
        n_measured = n - c.mu if c.recombination_weights[-1] < 0 else 0
        return (3 * n + 2 * c.mu + 10) * p + self._covariance.generation_flops(n, n_measured)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        z = self._rng.standard_normal((len(self._constants.recombination_weights), len(self._mean)))
        return [ind_init(x) for x in self._mean + self._covariance.sample(z, self._paths.sigma)]

    def update(self, population: list[Individual]) -> None:
        c, n, covariance = self._constants, len(self._mean), self._covariance
        y = (sort_by_fitness(population) - self._mean) / self._paths.sigma
        step = c.recombination_weights[: c.mu] @ y[: c.mu]  # eq. 41
        self._mean = self._mean + self._paths.sigma * step  # eq. 42
        stalled_decay = self._paths.update(step, covariance.whiten(step))
        weights = c.recombination_weights.copy()
        if weights[-1] < 0:
            weights[c.mu :] *= n / np.maximum(covariance.square_lengths(y[c.mu :]), 1e-30)  # eq. 46
        decay = 1 + stalled_decay - c.c_1 - c.c_mu * float(c.recombination_weights.sum())
        covariance.update(decay, c, self._paths.p_c, weights, y)

    def info(self) -> dict[str, float]:
        return {"step_size": self._paths.sigma, "condition": self._covariance.condition}

    def state(self) -> dict[str, Any]:
        return {"mean": self._mean, "paths": self._paths.state(), "covariance": self._covariance.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self._mean = state["mean"]
        self._paths.restore(state["paths"])
        self._covariance.restore(state["covariance"])
