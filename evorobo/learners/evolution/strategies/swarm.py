"""Particle swarm: particles are attracted by their own best position and by that of a neighbor (Kennedy 1995)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.fields import Limits, PositiveFloat, Probability
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, sample_around, sampling_flops
from evorobo.learners.evolution.strategies.incumbents import Incumbents
from evorobo.registry import register_component


@register_component("strategy", "ParticleSwarm")
@dataclass(frozen=True)
class ParticleSwarm:
    """Particle swarm optimization on a ring of neighbors, for few weights.

    A particle x with velocity v follows its own best position and the best of its two neighbors::

        v = inertia v + acceleration r1 (own best - x) + acceleration r2 (best of neighbors - x)        x += v

    The numbers r1 and r2 are uniform from 0 to 1, new for each gene. The solution is the best position.

    Parameters
    ----------
    population_size : int, default 30
        Number of particles, at least 3.
    inertia : float, default 0.72984
        Factor of the velocity, 0 to 1.
    acceleration : float, default 1.49617
        Strength of both attractions, above 0.
    init_std : float, default 0.5
        Standard deviation of the first positions around the starting genome, above 0.
    reevaluate : bool, default True
        Whether the best positions are scored again beside the particles, with the same seeds. False saves half of the
        evaluations and is correct if scores have no noise.
    name : str, default "pso"
        Name in results and figures.

    References
    ----------
    Kennedy, J. and Eberhart, R. (1995). Particle swarm optimization. ICNN.
    Bratton, D. and Kennedy, J. (2007). Defining a standard for particle swarm optimization. SIS, eq. 4.

    Examples
    --------
    >>> from evorobo import Evolution, ParticleSwarm
    >>> Evolution(ParticleSwarm(population_size=20)).name
    'pso'
    """

    population_size: Annotated[int, Limits(ge=3)] = 30
    inertia: Probability = 0.72984
    acceleration: PositiveFloat = 1.49617
    init_std: PositiveFloat = 0.5
    reevaluate: bool = True
    name: str = "pso"

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningParticleSwarm:
        return RunningParticleSwarm(self, weights, rng)


class RunningParticleSwarm:
    """Positions and velocities `(n, p)`, and the best positions with their scores."""

    def __init__(self, settings: ParticleSwarm, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights
        self._positions: Array = np.empty((0, len(weights)))
        self._velocities = self._positions
        self._best = Incumbents(weights, np.greater, settings.reevaluate)
        self.update_flops = 0

    @property
    def solution(self) -> Array:
        return self._best.best

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        settings, rng = self._settings, self._rng
        n, p = settings.population_size, len(self._first)
        if len(self._best):
            self.update_flops = 10 * n * p  # r1 and r2: 2, velocity: 7, position: 1
            scores, best = self._best.scores, self._best.members
            ring = np.stack([np.roll(scores, 1), scores, np.roll(scores, -1)]).argmax(0) - 1
            leaders = best[(np.arange(len(ring)) + ring) % len(ring)]
            r1, r2 = settings.acceleration * rng.random((2, *self._positions.shape))
            self._velocities = (
                settings.inertia * self._velocities + r1 * (best - self._positions) + r2 * (leaders - self._positions)
            )
            self._positions = self._positions + self._velocities
        else:
            self.update_flops = 2 * sampling_flops(n - 1, p) + 2 * n * p  # positions, targets, velocities
            self._positions = sample_around(self._first, settings.population_size, settings.init_std, rng)
            targets = sample_around(self._first, settings.population_size, settings.init_std, rng)
            self._velocities = (targets - self._positions) / 2
        return [ind_init(row) for row in self._best.with_challengers(self._positions)]

    def update(self, population: list[Individual]) -> None:
        self._best.update(population)

    def info(self) -> dict[str, float]:
        return {"step_size": float(np.abs(self._velocities).mean())}

    def state(self) -> dict[str, Any]:
        return {"positions": self._positions, "velocities": self._velocities, "best": self._best.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self._positions, self._velocities = state["positions"], state["velocities"]
        self._best.restore(state["best"])
