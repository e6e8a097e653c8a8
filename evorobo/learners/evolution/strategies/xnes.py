"""xNES, exponential natural evolution strategies: the whole covariance by the natural gradient (Glasmachers 2010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Limits, NonNegativeFloat, PositiveFloat
from evorobo.flops import eigh_flops, product_flops, qr_flops
from evorobo.learners.evolution.strategies.base import StrategySettings
from evorobo.learners.evolution.strategies.nes_common import RunningNES
from evorobo.registry import register_component


@register_component("strategy", "XNES")
@dataclass(frozen=True)
class XNES:
    """Exponential natural evolution strategy, for up to about a thousand weights that must change together.

    It samples mu + sigma B s. With steps s_k and their utilities u_k::

        G_delta = sum(u_k s_k)    G_M = sum(u_k (s_k s_k' - I))    G_sigma = tr(G_M) / p    G_B = G_M - G_sigma I
        mu += eta_mu sigma B G_delta    sigma *= exp(eta_sigma / 2 G_sigma)    B = B exp(eta_B / 2 G_B)

    The rank of the sum in G_M is at most the number n of members, so the matrix exponential takes time proportional to
    p n^2 for p weights. The solution is the center mu.

    Parameters
    ----------
    sigma : float, default 0.5
        First step size, above 0.
    population_size : int or None, default None
        Members of a generation, at least 2; None is 4 + 3 ln p.
    learning_rate : float, default 1.0
        Learning rate of the center (eta_mu), above 0.
    shape_learning_rate : float or None, default None
        Learning rate of step size and shape (eta_sigma = eta_B), above 0; None is 3 (3 + ln p) / (5 p sqrt p).
    sigma_floor : float, default 0.0
        The smallest step size, at least 0.
    name : str, default "xnes"
        Name in results and figures.

    References
    ----------
    Glasmachers, T., Schaul, T., Sun, Y., Wierstra, D. and Schmidhuber, J. (2010). Exponential natural evolution
    strategies. GECCO.
    Wierstra, D. et al. (2014). Natural evolution strategies. JMLR 15, algorithm 5, table 1.

    Examples
    --------
    >>> from evorobo import XNES, Evolution
    >>> Evolution(XNES(sigma=0.3)).name
    'xnes'
    """

    sigma: PositiveFloat = 0.5
    population_size: Annotated[int, Limits(ge=2)] | None = None
    learning_rate: PositiveFloat = 1.0
    shape_learning_rate: PositiveFloat | None = None
    sigma_floor: NonNegativeFloat = 0.0
    name: str = "xnes"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningNES:
        return RunningNES(self, weights, FullDistribution(self, len(weights)), rng)


class FullDistribution:
    """Step size and shape B `(p, p)` (Wierstra et al. 2014, algorithm 5)."""

    def __init__(self, settings: XNES, p: int) -> None:
        self._settings = settings
        self._eta = settings.shape_learning_rate or 3 * (3 + np.log(p)) / (5 * p * np.sqrt(p))
        self._sigma, self._shape = settings.sigma, np.eye(p)

    def transform(self, steps: Array) -> Array:
        offsets: Array = self._sigma * (steps @ self._shape.T)
        return offsets

    def update(self, utilities: Array, steps: Array) -> Array:
        center_step: Array = self._settings.learning_rate * self._sigma * (self._shape @ (utilities @ steps))
        utility_sum = float(utilities.sum())  # zero except for rounding
        g_sigma = float(utilities @ np.square(steps).sum(1)) / steps.shape[1] - utility_sum
        # G_B = S' u S - (g_sigma + utility_sum) I. Its exponential is computed in the span of the steps and outside it.
        q, r = np.linalg.qr(steps.T)
        values, vectors = np.linalg.eigh((r * utilities) @ r.T)
        directions = q @ vectors
        change = (self._shape @ directions) * np.expm1(self._eta / 2 * values)
        self._shape = (self._shape + change @ directions.T) * np.exp(-(self._eta / 2) * (g_sigma + utility_sum))
        self._sigma = max(self._settings.sigma_floor, float(self._sigma * np.exp(self._eta / 2 * g_sigma)))
        return center_step

    def generation_flops(self, n: int) -> int:
        p = len(self._shape)
        k = min(n, p)  # the rank of the sum in G_M
        center = product_flops(1, n, p) + product_flops(1, p, p) + p
        eigenvectors = qr_flops(p, n) + n * k + product_flops(k, n, k) + eigh_flops(k) + product_flops(p, k, k)
        shape = product_flops(p, p, k) + k * p + product_flops(p, k, p) + 2 * p * p
        return product_flops(n, p, p) + n * p + center + 2 * n * p + eigenvectors + shape

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma}

    def state(self) -> dict[str, Any]:
        return {"sigma": self._sigma, "shape": self._shape}

    def restore(self, state: dict[str, Any]) -> None:
        self._sigma, self._shape = float(state["sigma"]), state["shape"]
