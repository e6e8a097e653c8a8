"""(1+1)-CMA-ES: one parent, one child, and a covariance matrix that learns from each success (Igel et al. 2006)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, sqrt
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import NonNegativeFloat, PositiveFloat
from evorobo.flops import product_flops
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, fitness_values, sampling_flops
from evorobo.registry import register_component


@register_component("strategy", "OnePlusOneCMAES")
@dataclass(frozen=True)
class OnePlusOneCMAES:
    """CMA-ES with one parent and one child; the child replaces its parent if it scores at least as high.

    The solution is the parent. The Cholesky factor of the covariance is updated in time proportional to the square of
    the number of weights.

    Parameters
    ----------
    sigma : float, default 0.5
        First step size, above 0.
    reevaluate : bool, default True
        Whether the parent is scored again beside each child, with the same seeds. False saves half of the evaluations
        and is correct if scores have no noise.
    sigma_floor : float, default 0.0
        The smallest step size, at least 0.
    name : str, default "one-plus-one"
        Name in results and figures.

    References
    ----------
    Igel, C., Suttorp, T. and Hansen, N. (2006). A computational efficient covariance matrix update and a (1+1)-CMA for
    evolution strategies. GECCO, section 3, table 1, theorem 1.

    Examples
    --------
    >>> from evorobo import Evolution, OnePlusOneCMAES
    >>> Evolution(OnePlusOneCMAES(reevaluate=False)).name
    'one-plus-one'
    """

    sigma: PositiveFloat = 0.5
    reevaluate: bool = True
    sigma_floor: NonNegativeFloat = 0.0
    name: str = "one-plus-one"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningOnePlusOneCMAES:
        return RunningOnePlusOneCMAES(self, weights, rng)


P_TARGET, C_P, P_THRESHOLD = 2 / 11, 1 / 12, 0.44
"""Table 1: target success rate, learning rate of the success rate, and the success rate that stalls the path."""


class RunningOnePlusOneCMAES:
    """Parent with its score, step size and success rate; C = A A' by the factor A and its inverse; the last step."""

    def __init__(self, settings: OnePlusOneCMAES, weights: Array, rng: np.random.Generator) -> None:
        n = len(weights)
        self._settings, self._rng = settings, rng
        self._parent, self._score = weights.copy(), -np.inf
        self._sigma, self._success_rate = settings.sigma, P_TARGET
        self._path, self._factor, self._inverse = np.zeros(n), np.eye(n), np.eye(n)
        self._step = np.zeros(n)
        self.update_flops = 0

    @property
    def solution(self) -> Array:
        return self._parent.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        n = len(self._parent)
        self.update_flops = product_flops(n, n, 1) + sampling_flops(1, n)
        self._step = self._factor @ self._rng.standard_normal(len(self._parent))
        child = ind_init(self._parent + self._sigma * self._step)
        return [child, ind_init(self._parent)] if self._settings.reevaluate or self._score == -np.inf else [child]

    def update(self, population: list[Individual]) -> None:
        n, (child_score, *parent_score) = len(self._parent), fitness_values(population)
        self._score = float(parent_score[0]) if parent_score else self._score
        success = bool(child_score >= self._score)
        self._success_rate = (1 - C_P) * self._success_rate + C_P * success
        growth = (self._success_rate - P_TARGET) / (1 - P_TARGET) / (1 + n / 2)
        self._sigma = max(self._settings.sigma_floor, self._sigma * exp(growth))
        if success:
            self._parent, self._score = np.array(population[0], dtype=np.float64), float(child_score)
            self._update_covariance(n)

    def _update_covariance(self, n: int) -> None:
        c_c, c_cov = 2 / (n + 2), 2 / (n * n + 6)
        self.update_flops += 2 * product_flops(n, n, 1) + 6 * n * n + 7 * n  # w and w A^-1, two outer products, vectors
        self._path = (1 - c_c) * self._path
        if self._success_rate < P_THRESHOLD:
            self._path += sqrt(c_c * (2 - c_c)) * self._step
            decay = 1 - c_cov
        else:  # the step size is still too small: the path is stalled, and the old matrix decays less in return
            decay = 1 - c_cov + c_cov * c_c * (2 - c_c)
        w = self._inverse @ self._path
        square = float(w @ w)
        if square < 1e-300:
            return
        root = sqrt(1 + c_cov / decay * square)
        self._factor += np.outer((root - 1) / square * self._path, w)
        self._factor *= sqrt(decay)
        self._inverse -= np.outer((1 - 1 / root) / square * w, w @ self._inverse)
        self._inverse /= sqrt(decay)

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma, "success": self._success_rate}

    def state(self) -> dict[str, Any]:
        return {
            "parent": self._parent,
            "score": self._score,
            "sigma": self._sigma,
            "success_rate": self._success_rate,
            "path": self._path,
            "factor": self._factor,
            "inverse": self._inverse,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._parent, self._score = state["parent"], float(state["score"])
        self._sigma, self._success_rate = float(state["sigma"]), float(state["success_rate"])
        self._path, self._factor, self._inverse = state["path"], state["factor"], state["inverse"]
