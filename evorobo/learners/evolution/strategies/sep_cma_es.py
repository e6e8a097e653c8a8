"""Separable CMA-ES: a step size for each weight, in time proportional to their number (Ros & Hansen 2008)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Limits, NonNegativeFloat, PositiveFloat
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    default_population_size,
)
from evorobo.learners.evolution.strategies.cma_common import CMAConstants, EvolutionPaths, RunningCMA
from evorobo.registry import register_component


@register_component("strategy", "SepCMAES")
@dataclass(frozen=True)
class SepCMAES:
    """CMA-ES with a diagonal covariance matrix, for thousands of weights.

    The covariance has p numbers instead of p (p + 1) / 2, so it is learned (p + 2) / 3 times faster. The strategy is
    slow where weights must change together. The solution is the mean of the distribution.

    Parameters
    ----------
    sigma : float, default 0.5
        First step size, above 0.
    population_size : int or None, default None
        Members of a generation, at least 4; None is 4 + 3 ln p.
    active : bool, default True
        Whether the worse half of a generation is used too, with negative weights.
    sigma_floor : float, default 0.0
        The smallest step size, at least 0; useful for scores with noise or plateaus.
    name : str, default "sep-cma-es"
        Name in results and figures.

    References
    ----------
    Ros, R. and Hansen, N. (2008). A simple modification in CMA-ES achieving linear time and space complexity. PPSN X,
    section 3.

    Examples
    --------
    >>> from evorobo import Evolution, SepCMAES
    >>> Evolution(SepCMAES(sigma=0.3)).name
    'sep-cma-es'
    """

    sigma: PositiveFloat = 0.5
    population_size: Annotated[int, Limits(ge=4)] | None = None
    active: bool = True
    sigma_floor: NonNegativeFloat = 0.0
    name: str = "sep-cma-es"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningCMA:
        n = len(weights)
        population_size = self.population_size or default_population_size(n)
        constants = CMAConstants.compute(n, population_size, self.active, learning_rate_factor=(n + 2) / 3)
        paths = EvolutionPaths(constants, n, self.sigma, self.sigma_floor)
        return RunningCMA(weights, constants, paths, DiagonalCovariance(n), rng)


class DiagonalCovariance:
    """The diagonal of C: a variance for each of `n` weights."""

    def __init__(self, n: int) -> None:
        self._variances = np.ones(n)

    def sample(self, z: Array, sigma: float) -> Array:
        return sigma * np.sqrt(self._variances) * z

    def whiten(self, step: Array) -> Array:
        return step / np.sqrt(self._variances)

    def square_lengths(self, y: Array) -> Array:
        return (np.square(y) / self._variances).sum(1)

    def update(self, decay: float, c: CMAConstants, p_c: Array, weights: Array, y: Array) -> None:
        variances = decay * self._variances + c.c_1 * np.square(p_c) + c.c_mu * (weights @ np.square(y))
        self._variances = np.maximum(variances, 1e-14 * variances.max())

    def generation_flops(self, n: int, n_measured: int) -> int:
        p = len(self._variances)  # sampling n + 2, whitening 2, lengths 3 n_measured, variances 3 n + 6
        return (4 * n + 3 * n_measured + 10) * p

    @property
    def condition(self) -> float:
        return float(self._variances.max() / self._variances.min())

    def state(self) -> dict[str, Any]:
        return {"variances": self._variances}

    def restore(self, state: dict[str, Any]) -> None:
        self._variances = state["variances"]
