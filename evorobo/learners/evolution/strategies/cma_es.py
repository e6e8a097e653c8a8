"""CMA-ES: a normal distribution that adapts its step size and its covariance (Hansen & Ostermeier 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Limits, NonNegativeFloat, PositiveFloat
from evorobo.flops import eigh_flops, product_flops
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    default_population_size,
)
from evorobo.learners.evolution.strategies.cma_common import CMAConstants, EvolutionPaths, RunningCMA
from evorobo.registry import register_component


@register_component("strategy", "CMAES")
@dataclass(frozen=True)
class CMAES:
    """Covariance matrix adaptation evolution strategy, for up to about 3,000 weights.

    The solution is the mean of the distribution. The covariance matrix is decomposed only when it has changed enough:
    once in 1 / (10 p (c_1 + c_mu)) generations for p weights. A generation then takes time proportional to p squared.
    For more weights use `SepCMAES`, `SNES` or `OpenAIES`.

    Parameters
    ----------
    sigma : float, default 0.5
        First step size, above 0.
    population_size : int or None, default None
        Members of a generation, at least 4; None is 4 + 3 ln p.
    active : bool, default True
        Whether the worse half of a generation is used too, with negative weights (active CMA-ES).
    sigma_floor : float, default 0.0
        The smallest step size, at least 0; useful for scores with noise or plateaus.
    name : str, default "cma-es"
        Name in results and figures.

    References
    ----------
    Hansen, N. and Ostermeier, A. (2001). Completely derandomized self-adaptation in evolution strategies.
    Evolutionary Computation 9.
    Jastrebski, G. and Arnold, D. (2006). Improving evolution strategies through active covariance matrix adaptation.
    CEC.
    Hansen, N. (2016). The CMA evolution strategy: a tutorial. arXiv 1604.00772, eq. 39 to 58.

    Examples
    --------
    >>> from evorobo import CMAES, Evolution
    >>> Evolution(CMAES(sigma=0.3, population_size=20)).name
    'cma-es'
    """

    sigma: PositiveFloat = 0.5
    population_size: Annotated[int, Limits(ge=4)] | None = None
    active: bool = True
    sigma_floor: NonNegativeFloat = 0.0
    name: str = "cma-es"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningCMA:
        n = len(weights)
        constants = CMAConstants.compute(n, self.population_size or default_population_size(n), self.active)
        paths = EvolutionPaths(constants, n, self.sigma, self.sigma_floor)
        return RunningCMA(weights, constants, paths, FullCovariance(constants, n), rng)


class FullCovariance:
    """C = B D^2 B'. Updates of several generations are collected as rows until C is decomposed again."""

    _pending_weights: Array
    _pending_rows: list[Array]

    def __init__(self, constants: CMAConstants, n: int) -> None:
        self._interval = 1 / (10 * n * (constants.c_1 + constants.c_mu))
        self._matrix, self._axes, self._lengths = np.eye(n), np.eye(n), np.ones(n)
        self._clear_pending()
        self._decomposition_flops = 0  # of the last update

    def sample(self, z: Array, sigma: float) -> Array:
        # by the symmetric root of C, which does not depend on the signs and the order of the eigenvectors (eq. 39)
        return sigma * ((z @ self._axes * self._lengths) @ self._axes.T)

    def whiten(self, step: Array) -> Array:
        return (step @ self._axes / self._lengths) @ self._axes.T

    def square_lengths(self, y: Array) -> Array:
        return np.square(y @ self._axes / self._lengths).sum(1)

    def update(self, decay: float, c: CMAConstants, p_c: Array, weights: Array, y: Array) -> None:
        self._decay *= decay
        self._pending_weights = np.concatenate([decay * self._pending_weights, [c.c_1], c.c_mu * weights])
        self._pending_rows.append(np.concatenate([p_c[None], y]))
        self._n_pending += 1
        self._decomposition_flops = 0
        if self._n_pending >= self._interval:
            self._decompose()

    def generation_flops(self, n: int, n_measured: int) -> int:
        p = len(self._matrix)
        sampling = 2 * product_flops(n, p, p) + 2 * n * p
        whitening = 2 * product_flops(1, p, p) + p
        lengths = product_flops(n_measured, p, p) + 3 * n_measured * p
        return sampling + whitening + lengths + self._decomposition_flops

    def _decompose(self) -> None:
        """Apply the rank-one and rank-mu updates of all pending generations (eq. 47) in one product; compute B, D."""
        rows = np.concatenate(self._pending_rows)
        n_rows, p = rows.shape
        self._decomposition_flops = n_rows * p + product_flops(p, n_rows, p) + 2 * p * p + eigh_flops(p) + p
        self._matrix *= self._decay
        self._matrix += (rows.T * self._pending_weights) @ rows
        squares, self._axes = np.linalg.eigh(self._matrix)
        self._lengths = np.sqrt(np.maximum(squares, 1e-14 * squares[-1]))
        self._clear_pending()

    def _clear_pending(self) -> None:
        self._decay, self._n_pending = 1.0, 0
        self._pending_weights, self._pending_rows = np.empty(0), []

    @property
    def condition(self) -> float:
        return float((self._lengths.max() / self._lengths.min()) ** 2)

    def state(self) -> dict[str, Any]:
        rows = np.concatenate(self._pending_rows) if self._pending_rows else np.empty((0, len(self._matrix)))
        return {
            "matrix": self._matrix,
            "axes": self._axes,
            "lengths": self._lengths,
            "decay": self._decay,
            "n_pending": self._n_pending,
            "pending_weights": self._pending_weights,
            "pending_rows": rows,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._matrix, self._axes, self._lengths = state["matrix"], state["axes"], state["lengths"]
        self._decay, self._n_pending = float(state["decay"]), int(state["n_pending"])
        self._pending_weights = state["pending_weights"]
        self._pending_rows = [state["pending_rows"]] if self._n_pending else []
