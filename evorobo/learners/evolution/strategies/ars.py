"""Augmented random search: along the best pairs of opposite steps, as far as scores differ (Mania et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.antithetic import in_pairs, opposite_steps
from evorobo.learners.evolution.strategies.base import at_least, positive, scores
from evorobo.registry import register_component


@register_component("strategy", "ARS")
@dataclass(frozen=True)
class ARS:
    """`population` members, two for each direction of the paper's N; `best` is its b, `step` alpha, `noise` nu.

    Mania, Guy & Recht 2018, algorithm 2: of the N directions d_k those b count whose better half scores highest, and

        centre += step / (b sd) sum((r_k+ - r_k-) d_k)

    with sd the deviation of the 2 b scores used. This is V1; with observations that are normalised by what the
    population has seen, `ControlTask(..., normalize=True)`, it is V2. The paper's policies are linear: `hidden=()`.
    """

    population: int = 16
    best: int = 4
    step: float = 0.02
    noise: float = 0.03
    name: str = "ars"

    def __post_init__(self) -> None:
        in_pairs(self.population)
        at_least(1, best=self.best)
        positive(step=self.step, noise=self.noise)
        if self.best > self.population // 2:
            raise SettingsError(f"of {self.population // 2} directions there are no {self.best} best.")

    def start(self, weights: Array, rng: np.random.Generator) -> RunningARS:
        return RunningARS(self, weights, rng)


class RunningARS:
    """The centre, and the directions of the generation that is out to be scored."""

    def __init__(self, settings: ARS, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._centre = weights.copy()
        self._directions: Array = np.empty((0, len(weights)))

    @property
    def answer(self) -> Array:
        return self._centre.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        self._directions = opposite_steps(self._rng, self._settings.population, len(self._centre))
        return [ind_init(each) for each in self._centre + self._settings.noise * self._directions]

    def update(self, population: list[Individual]) -> None:
        settings = self._settings
        one, other = np.split(scores(population), 2)
        used = np.argsort(-np.maximum(one, other), kind="stable")[: settings.best]
        one, other = one[used], other[used]
        deviation = float(np.concatenate([one, other]).std())
        if deviation > 0:  # where all score alike there is nowhere to go
            rate = settings.step / (settings.best * deviation)
            self._centre = self._centre + rate * ((one - other) @ self._directions[used])

    def info(self) -> dict[str, float]:
        return {"step_size": self._settings.noise, "centre_norm": float(np.linalg.norm(self._centre))}

    def state(self) -> dict[str, Any]:
        return {"centre": self._centre}

    def restore(self, state: dict[str, Any]) -> None:
        self._centre = state["centre"]
