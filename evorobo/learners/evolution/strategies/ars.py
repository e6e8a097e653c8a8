"""Augmented random search: along the best pairs of opposite steps, as far as scores differ (Mania et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.antithetic import antithetic_steps, check_even
from evorobo.learners.evolution.strategies.base import fitness_values
from evorobo.registry import register_component


@register_component("strategy", "ARS")
@dataclass(frozen=True)
class ARS:
    """`population_size` members, two for each direction of the paper's N; `n_top` is its b, `learning_rate` alpha, `noise_std` nu.

    Mania, Guy & Recht 2018, algorithm 2: of the N directions d_k those b count whose better half scores highest, and

        centre += step / (b sd) sum((r_k+ - r_k-) d_k)

    with sd the deviation of the 2 b scores used. This is V1; with observations that are normalised by what the
    population has seen, `ControlTask(..., normalize=True)`, it is V2. The paper's policies are linear: `hidden=()`.
    """

    population_size: int = 16
    n_top: int = 4
    learning_rate: float = 0.02
    noise_std: float = 0.03
    name: str = "ars"

    def __post_init__(self) -> None:
        check_even(self.population_size)
        check_at_least(1, n_top=self.n_top)
        check_positive(learning_rate=self.learning_rate, noise_std=self.noise_std)
        if self.n_top > self.population_size // 2:
            raise SettingsError(f"of {self.population_size // 2} directions there are no {self.n_top} best.")

    def start(self, weights: Array, rng: np.random.Generator) -> RunningARS:
        return RunningARS(self, weights, rng)


class RunningARS:
    """The centre, and the directions of the generation that is out to be scored."""

    def __init__(self, settings: ARS, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._center = weights.copy()
        self._directions: Array = np.empty((0, len(weights)))

    @property
    def solution(self) -> Array:
        return self._center.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._directions = antithetic_steps(self._rng, self._settings.population_size, len(self._center))
        return [ind_init(each) for each in self._center + self._settings.noise_std * self._directions]

    def update(self, population: list[Individual]) -> None:
        settings = self._settings
        one, other = np.split(fitness_values(population), 2)
        used = np.argsort(-np.maximum(one, other), kind="stable")[: settings.n_top]
        one, other = one[used], other[used]
        deviation = float(np.concatenate([one, other]).std())
        if deviation > 0:  # where all score alike there is nowhere to go
            rate = settings.learning_rate / (settings.n_top * deviation)
            self._center = self._center + rate * ((one - other) @ self._directions[used])

    def info(self) -> dict[str, float]:
        return {"step_size": self._settings.noise_std, "centre_norm": float(np.linalg.norm(self._center))}

    def state(self) -> dict[str, Any]:
        return {"center": self._center}

    def restore(self, state: dict[str, Any]) -> None:
        self._center = state["center"]
