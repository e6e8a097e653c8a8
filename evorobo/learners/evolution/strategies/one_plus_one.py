"""(1+1)-CMA-ES: one parent, one child, and a covariance matrix that learns from each success (Igel et al. 2006)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, sqrt
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_positive, check_within
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import fitness_values
from evorobo.registry import register_component


@register_component("strategy", "OnePlusOneCMAES")
@dataclass(frozen=True)
class OnePlusOneCMAES:
    """`sigma` is the first step size; the child lives if it scores at least as high as its parent.

    Igel, Suttorp & Hansen 2006, section 3, with the constants of its table 1 and the Cholesky factor A of C = A A'
    updated in time that grows with p squared (its theorem 1, here with the inverse of A beside it).

    With `reevaluate` the parent is scored again beside each child, under the same chances; without, at half the price, its
    score is what it once was, which is right where scores have no noise.
    """

    sigma: float = 0.5
    reevaluate: bool = True
    sigma_floor: float = 0.0
    name: str = "one-plus-one"

    def __post_init__(self) -> None:
        check_positive(sigma=self.sigma)
        check_within(0, np.inf, sigma_floor=self.sigma_floor)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningOnePlusOneCMAES:
        return RunningOnePlusOneCMAES(self, weights, rng)


class RunningOnePlusOneCMAES:
    """The parent with its score, step size and success rate, the factor of the covariance, and the step that is out."""

    def __init__(self, settings: OnePlusOneCMAES, weights: Array, rng: np.random.Generator) -> None:
        n = len(weights)
        self._settings, self._rng = settings, rng
        self._parent, self._score = weights.copy(), -np.inf
        self._sigma, self._success = settings.sigma, TARGET
        self._path, self._factor, self._inverse = np.zeros(n), np.eye(n), np.eye(n)
        self._step = np.zeros(n)

    @property
    def solution(self) -> Array:
        return self._parent.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._step = self._factor @ self._rng.standard_normal(len(self._parent))
        child = ind_init(self._parent + self._sigma * self._step)
        return [child, ind_init(self._parent)] if self._settings.reevaluate or self._score == -np.inf else [child]

    def update(self, population: list[Individual]) -> None:
        n, (child, *rescored) = len(self._parent), fitness_values(population)
        self._score = float(rescored[0]) if rescored else self._score
        success = bool(child >= self._score)
        self._success = (1 - RATE) * self._success + RATE * success
        growth = (self._success - TARGET) / (1 - TARGET) / (1 + n / 2)
        self._sigma = max(self._settings.sigma_floor, self._sigma * exp(growth))
        if success:
            self._parent, self._score = np.array(population[0], dtype=np.float64), float(child)
            self._learn(n)

    def _learn(self, n: int) -> None:
        c_c, c_cov = 2 / (n + 2), 2 / (n * n + 6)
        self._path = (1 - c_c) * self._path
        if self._success < THRESHOLD:
            self._path += sqrt(c_c * (2 - c_c)) * self._step
            keep = 1 - c_cov
        else:  # steps are too short still: what the path lacks, the old matrix keeps
            keep = 1 - c_cov + c_cov * c_c * (2 - c_c)
        white = self._inverse @ self._path
        square = float(white @ white)
        if square < 1e-300:
            return
        stretch = sqrt(1 + c_cov / keep * square)
        self._factor += np.outer((stretch - 1) / square * self._path, white)
        self._factor *= sqrt(keep)
        self._inverse -= np.outer((1 - 1 / stretch) / square * white, white @ self._inverse)
        self._inverse /= sqrt(keep)

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma, "success": self._success}

    def state(self) -> dict[str, Any]:
        return {
            "parent": self._parent,
            "score": self._score,
            "sigma": self._sigma,
            "success": self._success,
            "path": self._path,
            "factor": self._factor,
            "inverse": self._inverse,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._parent, self._score = state["parent"], float(state["score"])
        self._sigma, self._success = float(state["sigma"]), float(state["success"])
        self._path, self._factor, self._inverse = state["path"], state["factor"], state["inverse"]


TARGET, RATE, THRESHOLD = 2 / 11, 1 / 12, 0.44
"""Table 1: the success rate aimed at, how quickly it is averaged, and from where on the path stands still."""
