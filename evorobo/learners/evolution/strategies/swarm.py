"""Particle swarm: members fly on, pulled to their own best place and to a neighbour's (Kennedy & Eberhart 1995)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive, check_within
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import fitness_values, sample_around
from evorobo.registry import register_component


@register_component("strategy", "ParticleSwarm")
@dataclass(frozen=True)
class ParticleSwarm:
    """`population_size` particles on a ring, the first `init_std` wide about the starting genome.

    The standard of Bratton & Kennedy 2007, eq. 4, each particle listening to itself and to its two neighbours:

        v = inertia v + pull r1 (own best - x) + pull r2 (best of the neighbours' - x)        x += v

    with r1, r2 uniform for each gene, inertia 0.72984 and pull 2.05 times that.

    With `reevaluate` the best places are scored again beside the particles, under the same chances; without, at half the
    price, their scores are what they once were, which is right where scores have no noise. The answer is the best
    place.
    """

    population_size: int = 30
    inertia: float = 0.72984
    acceleration: float = 1.49617
    init_std: float = 0.5
    reevaluate: bool = True
    name: str = "pso"

    def __post_init__(self) -> None:
        check_at_least(3, population_size=self.population_size)
        check_within(0, 1, inertia=self.inertia)
        check_positive(acceleration=self.acceleration, init_std=self.init_std)

    def start(self, weights: Array, rng: np.random.Generator) -> RunningParticleSwarm:
        return RunningParticleSwarm(self, weights, rng)


class RunningParticleSwarm:
    """Places, velocities and best places `(n, p)`, and the scores of the latter `(n,)`, -inf before the first."""

    def __init__(self, settings: ParticleSwarm, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights
        self._places: Array = np.empty((0, len(weights)))
        self._best, self._velocities = self._places, self._places
        self._scores: Array = np.empty(0)

    @property
    def solution(self) -> Array:
        return np.array(self._best[self._scores.argmax()] if len(self._best) else self._first)

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng = self._settings, self._rng
        if not len(self._best):
            self._places = sample_around(self._first, settings.population_size, settings.init_std, rng)
            aims = sample_around(self._first, settings.population_size, settings.init_std, rng)
            self._velocities = (aims - self._places) / 2
            return [ind_init(each) for each in self._places]
        ring = np.stack([np.roll(self._scores, 1), self._scores, np.roll(self._scores, -1)]).argmax(0) - 1
        lead = self._best[(np.arange(len(ring)) + ring) % len(ring)]
        r1, r2 = settings.acceleration * rng.random((2, *self._places.shape))
        self._velocities = (
            settings.inertia * self._velocities + r1 * (self._best - self._places) + r2 * (lead - self._places)
        )
        self._places = self._places + self._velocities
        rows = np.concatenate([self._places, self._best]) if settings.reevaluate else self._places
        return [ind_init(each) for each in rows]

    def update(self, population: list[Individual]) -> None:
        n, told = self._settings.population_size, fitness_values(population)
        places = np.array(population[:n], dtype=np.float64)
        if not len(self._best):
            self._best, self._scores = places, told
            return
        standing = told[n:] if self._settings.reevaluate else self._scores
        better = told[:n] > standing
        self._best = np.where(better[:, None], places, self._best)
        self._scores = np.where(better, told[:n], standing)

    def info(self) -> dict[str, float]:
        return {"step_size": float(np.abs(self._velocities).mean())}

    def state(self) -> dict[str, Any]:
        return {
            "places": self._places,
            "velocities": self._velocities,
            "best": self._best,
            "scores": self._scores,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._places, self._velocities = state["places"], state["velocities"]
        self._best, self._scores = state["best"], state["scores"]
