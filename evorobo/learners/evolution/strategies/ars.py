"""Augmented random search: a step along the best of random directions, by differences of scores (Mania 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import Limits, PositiveFloat, PositiveInt
from evorobo.flops import product_flops
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.antithetic import antithetic_steps
from evorobo.learners.evolution.strategies.base import StrategySettings, fitness_values, sampling_flops
from evorobo.registry import register_component


@register_component("strategy", "ARS")
@dataclass(frozen=True)
class ARS:
    """Augmented random search, for linear policies (`hidden=()`) and large networks.

    Of N random directions d_k, the b directions with the highest score of a pair are used::

        center += alpha / (b sd) sum((r_k+ - r_k-) d_k)

    Here sd is the standard deviation of the 2 b scores. This is version V1 of the paper; with observations normalized
    by what the population has seen, `ControlTask(..., normalize=True)`, it is V2. The solution is the center.

    Parameters
    ----------
    population_size : int, default 16
        Members of a generation, at least 2 and even: two for each of N directions.
    n_top : int, default 4
        Number of directions used (b), from 1 to N.
    learning_rate : float, default 0.02
        Learning rate of the center (alpha), above 0.
    noise_std : float, default 0.03
        Length of the random steps (nu), above 0.
    name : str, default "ars"
        Name in results and figures.

    References
    ----------
    Mania, H., Guy, A. and Recht, B. (2018). Simple random search of static linear policies is competitive for
    reinforcement learning. NeurIPS, algorithm 2.

    Examples
    --------
    >>> from evorobo import ARS, Evolution
    >>> Evolution(ARS(population_size=32, n_top=8)).name
    'ars'
    """

    population_size: Annotated[int, Limits(ge=2, multiple_of=2)] = 16
    n_top: PositiveInt = 4
    learning_rate: PositiveFloat = 0.02
    noise_std: PositiveFloat = 0.03
    name: str = "ars"

    def __post_init__(self) -> None:
        if self.n_top > self.population_size // 2:
            raise SettingsError(
                f"n_top must be at most the number of directions, {self.population_size // 2}, not {self.n_top}."
            )

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningARS:
        return RunningARS(self, weights, rng)


class RunningARS:
    """Center, and the directions of the generation."""

    def __init__(self, settings: ARS, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._center = weights.copy()
        self._directions: Array = np.empty((0, len(weights)))
        n, p = settings.population_size, len(weights)
        self.update_flops = sampling_flops(n, p) + product_flops(1, settings.n_top, p) + 2 * p

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._directions = antithetic_steps(self._rng, self._settings.population_size, len(self._center))
        return [ind_init(row) for row in self._center + self._settings.noise_std * self._directions]

    def update(self, population: list[Individual]) -> None:
        settings = self._settings
        plus, minus = np.split(fitness_values(population), 2)
        top = np.argsort(-np.maximum(plus, minus), kind="stable")[: settings.n_top]
        plus, minus = plus[top], minus[top]
        deviation = float(np.concatenate([plus, minus]).std())
        if deviation > 0:  # equal scores show no direction
            rate = settings.learning_rate / (settings.n_top * deviation)
            self._center = self._center + rate * ((plus - minus) @ self._directions[top])

    def info(self) -> dict[str, float]:
        return {"step_size": self._settings.noise_std, "centre_norm": float(np.linalg.norm(self._center))}

    def state(self) -> dict[str, Any]:
        return {"center": self._center}

    def restore(self, state: dict[str, Any]) -> None:
        self._center = state["center"]
