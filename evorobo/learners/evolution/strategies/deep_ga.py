"""The deep GA: truncation, Gaussian mutation and an elite chosen by a second look, nothing else (Such et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import fitness_values, sample_around
from evorobo.learners.evolution.strategies.step_size import check_sigma_decay, decay_sigma
from evorobo.registry import register_component


@register_component("strategy", "DeepGA")
@dataclass(frozen=True)
class DeepGA:
    """The `truncation` best of `population_size` members are the parents of the next generation, by mutation alone.

    Such et al. 2017, algorithm 1: a child is a parent plus N(0, `sigma`^2) in each gene. The `candidates` best are
    scored once more, in the next generation and under its chances; the elite is the candidate with the highest mean of
    the two scores. It stays among the parents whatever the others score, and is the answer. The paper has 1,000
    members, 20 parents, sigma 0.002 to 0.005 for millions of weights. With `sigma_decay` below 1 the step size shrinks
    by that factor in each generation, down to `sigma_floor`.
    """

    population_size: int = 60
    truncation_size: int = 10
    n_candidates: int = 5
    sigma: float = 0.1
    init_std: float = 0.5
    sigma_decay: float = 1.0
    sigma_floor: float = 0.0
    name: str = "deep-ga"

    def __post_init__(self) -> None:
        check_at_least(2, population_size=self.population_size)
        check_at_least(1, truncation_size=self.truncation_size, n_candidates=self.n_candidates)
        check_positive(init_std=self.init_std)
        check_sigma_decay(self)
        for name in ("truncation_size", "n_candidates"):
            if (value := getattr(self, name)) >= self.population_size:
                raise SettingsError(f"a population of {self.population_size} leaves no room for {name}={value}.")

    def start(self, weights: Array, rng: np.random.Generator) -> RunningDeepGA:
        return RunningDeepGA(self, weights, rng)


class RunningDeepGA:
    """Parents as rows, the elite first; candidates as rows, with the scores that made them candidates."""

    def __init__(self, settings: DeepGA, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._parents, self._sigma = weights[None], settings.sigma
        self._candidates: Array = np.empty((0, len(weights)))
        self._scores: Array = np.empty(0)

    @property
    def solution(self) -> Array:
        return self._parents[0].copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng = self._settings, self._rng
        if not len(self._candidates):
            rows = sample_around(self._parents[0], settings.population_size, settings.init_std, rng)
        else:
            chosen = rng.integers(len(self._parents), size=settings.population_size - len(self._candidates))
            steps = self._sigma * rng.standard_normal((len(chosen), self._parents.shape[1]))
            rows = np.concatenate([self._candidates, self._parents[chosen] + steps])
        return [ind_init(each) for each in rows]

    def update(self, population: list[Individual]) -> None:
        settings, told = self._settings, fitness_values(population)
        rows = np.array(population, dtype=np.float64)
        order = np.argsort(-told, kind="stable")
        elite = rows[:0]
        if second := len(self._candidates):
            elite = rows[[np.argmax(self._scores + told[:second])]]
            self._sigma = decay_sigma(self._sigma, settings)
        self._parents = np.concatenate([elite, rows[order[: settings.truncation_size]]])
        chosen = order[: settings.n_candidates]
        self._candidates, self._scores = rows[chosen], told[chosen]

    def info(self) -> dict[str, float]:
        return {"step_size": self._sigma}

    def state(self) -> dict[str, Any]:
        return {
            "parents": self._parents,
            "candidates": self._candidates,
            "scores": self._scores,
            "sigma": self._sigma,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._parents, self._sigma = state["parents"], float(state["sigma"])
        self._candidates, self._scores = state["candidates"], state["scores"]
