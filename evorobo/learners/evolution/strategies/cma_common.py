"""Where the search has been going: the evolution paths of CMA-ES, and the step size that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import Any

import numpy as np

from evorobo.arrays import Array


@dataclass(frozen=True, eq=False)
class CMAConstants:
    """Table 1 of Hansen 2016, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772), in its symbols.

    `weights (lambda,)` go with the members from best to worst: the positive ones sum to 1, the others are negative in
    active CMA-ES and 0 without. `parents` is mu, how many are positive.
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
        """For `n` weights; `faster` is how many times quicker than a full matrix what is learned can be learned."""
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
            bad = raw[mu:]
            against = bad.sum() ** 2 / np.square(bad).sum() if bad.any() else 0.0
            mass = min(1 + c_1 / c_mu, 1 + 2 * against / (mu_eff + 2), max(0.0, 1 - c_1 - c_mu) / (n * c_mu))  # 50-52
            weights[mu:] = mass * bad / max(-bad.sum(), 1e-300)  # eq. 53
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

    def __init__(self, constants: CMAConstants, n: int, sigma: float, floor: float) -> None:
        self._constants, self._floor = constants, floor
        self.sigma, self.generations = max(sigma, floor), 0
        self.p_sigma, self.p_c = np.zeros(n), np.zeros(n)

    def update(self, step: Array, whitened_step: Array) -> float:
        """Go on by `step (p,)`, the weighted mean of the best steps, and by the same without its covariance, `white`.

        Returns what the covariance matrix loses when the rank-one update is stalled: c_1 c_c (2 - c_c), or 0.
        """
        c, n = self._constants, len(step)
        self.generations += 1
        self.p_sigma = (1 - c.c_sigma) * self.p_sigma + sqrt(
            c.c_sigma * (2 - c.c_sigma) * c.mu_eff
        ) * whitened_step  # eq. 43
        length = float(np.linalg.norm(self.p_sigma))
        self.sigma = max(self._floor, self.sigma * exp(c.c_sigma / c.d_sigma * (length / c.chi - 1)))  # eq. 44
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
