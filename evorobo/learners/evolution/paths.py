"""Where the search has been going: the evolution paths of CMA-ES, and the step size that follows from them."""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np

from evorobo.learners.evolution.cma_constants import Constants
from evorobo.nets.activations import Array


class Paths:
    """Cumulative step-size adaptation and the path of the rank-one update, on `n` weights (Hansen 2016)."""

    def __init__(self, constants: Constants, n: int, sigma: float, floor: float) -> None:
        self._constants, self._floor = constants, floor
        self.sigma, self.generations = max(sigma, floor), 0
        self.p_sigma, self.p_c = np.zeros(n), np.zeros(n)

    def follow(self, step: Array, white: Array) -> float:
        """Go on by `step (p,)`, the weighted mean of the best steps, and by the same without its covariance, `white`.

        Returns what the covariance matrix loses when the rank-one update is stalled: c_1 c_c (2 - c_c), or 0.
        """
        c, n = self._constants, len(step)
        self.generations += 1
        self.p_sigma = (1 - c.c_sigma) * self.p_sigma + sqrt(c.c_sigma * (2 - c.c_sigma) * c.mu_eff) * white  # eq. 43
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
