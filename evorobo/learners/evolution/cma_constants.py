"""The numbers that full and separable CMA-ES go by, for a number of weights and a population (Hansen 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from evorobo.nets.activations import Array


@dataclass(frozen=True, eq=False)
class Constants:
    """Table 1 of Hansen 2016, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772), in its symbols.

    `weights (lambda,)` go with the members from best to worst: the positive ones sum to 1, the others are negative in
    active CMA-ES and 0 without. `parents` is mu, how many are positive.
    """

    weights: Array
    parents: int
    mu_eff: float
    c_sigma: float
    d_sigma: float
    c_c: float
    c_1: float
    c_mu: float
    chi: float

    @classmethod
    def of(cls, n: int, population: int, active: bool, faster: float = 1.0) -> Constants:
        """For `n` weights; `faster` is how many times quicker than a full matrix what is learned can be learned."""
        raw = np.log((population + 1) / 2) - np.log(np.arange(1, population + 1))  # eq. 49
        mu = int((raw > 0).sum())
        mu_eff = float(raw[:mu].sum() ** 2 / np.square(raw[:mu]).sum())
        c_1 = min(1.0, faster * 2 / ((n + 1.3) ** 2 + mu_eff))  # eq. 57
        c_mu = min(1 - c_1, faster * 2 * (0.25 + mu_eff + 1 / mu_eff - 2) / ((n + 2) ** 2 + mu_eff))  # eq. 58
        c_sigma = (mu_eff + 2) / (n + mu_eff + 5)  # eq. 55
        weights = np.concatenate([raw[:mu] / raw[:mu].sum(), np.zeros(population - mu)])
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
