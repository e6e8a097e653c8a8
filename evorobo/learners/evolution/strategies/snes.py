"""SNES, separable natural evolution strategies: a step size for each weight, by the natural gradient (Schaul 2011)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Limits, NonNegativeFloat, PositiveFloat
from evorobo.learners.evolution.strategies.base import StrategySettings
from evorobo.learners.evolution.strategies.nes_common import RunningNES
from evorobo.registry import register_component


@register_component("strategy", "SNES")
@dataclass(frozen=True)
class SNES:
    """Separable natural evolution strategy, for thousands of weights.

    With steps s_k and their utilities u_k, the center moves by eta_mu sigma sum(u_k s_k), and each sigma is multiplied
    by exp(eta_sigma / 2 sum(u_k (s_k^2 - 1))). The solution is the center.

    Parameters
    ----------
    sigma : float, default 0.5
        First step size of all weights, above 0.
    population_size : int or None, default None
        Members of a generation, at least 2; None is 4 + 3 ln p for p weights.
    learning_rate : float, default 1.0
        Learning rate of the center (eta_mu), above 0.
    sigma_learning_rate : float or None, default None
        Learning rate of the step sizes (eta_sigma), above 0; None is (3 + ln p) / (5 sqrt p).
    sigma_floor : float, default 0.0
        The smallest step size, at least 0.
    name : str, default "snes"
        Name in results and figures.

    References
    ----------
    Schaul, T., Glasmachers, T. and Schmidhuber, J. (2011). High dimensions and heavy tails for natural evolution
    strategies. GECCO.
    Wierstra, D. et al. (2014). Natural evolution strategies. JMLR 15, algorithm 6, table 1.

    Examples
    --------
    >>> from evorobo import SNES, Evolution
    >>> Evolution(SNES(sigma=0.3)).name
    'snes'
    """

    sigma: PositiveFloat = 0.5
    population_size: Annotated[int, Limits(ge=2)] | None = None
    learning_rate: PositiveFloat = 1.0
    sigma_learning_rate: PositiveFloat | None = None
    sigma_floor: NonNegativeFloat = 0.0
    name: str = "snes"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningNES:
        return RunningNES(self, weights, DiagonalDistribution(self, len(weights)), rng)


class DiagonalDistribution:
    """A step size for each of p weights (Wierstra et al. 2014, algorithm 6)."""

    def __init__(self, settings: SNES, p: int) -> None:
        self._settings = settings
        self._eta_sigma = settings.sigma_learning_rate or (3 + np.log(p)) / (5 * np.sqrt(p))
        self._sigma = np.full(p, settings.sigma)

    def transform(self, steps: Array) -> Array:
        return self._sigma * steps

    def update(self, utilities: Array, steps: Array) -> Array:
        center_step: Array = self._settings.learning_rate * self._sigma * (utilities @ steps)
        gradient = utilities @ (np.square(steps) - 1)
        self._sigma = np.maximum(self._sigma * np.exp(self._eta_sigma / 2 * gradient), self._settings.sigma_floor)
        return center_step

    def generation_flops(self, n: int) -> int:
        return (7 * n + 5) * len(self._sigma)  # offsets n, step of the center 2 n + 2, step sizes 4 n + 3

    def info(self) -> dict[str, float]:
        return {"step_size": float(self._sigma.mean())}

    def state(self) -> dict[str, Any]:
        return {"sigma": self._sigma}

    def restore(self, state: dict[str, Any]) -> None:
        self._sigma = state["sigma"]
