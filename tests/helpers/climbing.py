"""Test functions to maximize, and loops that run a strategy on them."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.stats import special_ortho_group

from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals

N = 10
START = np.linspace(-1, 2, N)


def sphere(x):
    return -np.square(x).sum(-1)


def ellipsoid(x, decades=3):
    """An ellipsoid with axis lengths from 1 to 10^`decades`; by default that of Hansen's benchmarks."""
    n = x.shape[-1]
    return -(10 ** (2 * decades * np.arange(n) / (n - 1)) * np.square(x)).sum(-1)


def bowl(x):
    return ellipsoid(x, decades=1)


def rosenbrock(x):
    """Rosenbrock's curved valley; the maximum is at 1 for all coordinates."""
    return -(100 * np.square(x[..., 1:] - np.square(x[..., :-1])) + np.square(1 - x[..., :-1])).sum(-1)


def rotated_ellipsoid(x):
    return ellipsoid(x @ rotation(x.shape[-1]).T)


@cache
def rotation(n):
    return special_ortho_group.rvs(n, random_state=3)


def give(population, values):
    for individual, value in zip(population, values, strict=True):
        individual.fitness.values = (float(value),)


def generation(running, score, rng):
    """Run one generation and return the scored population."""
    with seeded_globals(rng):
        population = running.generate(Individual)
        give(population, score(np.array(population)))
        running.update(population)
    return population


def climbed(strategy, score, evaluations, seed, start=START):
    """The score of the solution after that many evaluations."""
    rng = np.random.default_rng(seed)
    running = strategy.start(np.array(start), rng)
    while evaluations > 0:
        evaluations -= len(generation(running, score, rng))
    return score(running.solution)


def needed(strategy, score, seed, target, start=START, most=100_000):
    """Evaluations until a member scores above `target`, counted in whole generations; infinitely many beyond `most`."""
    rng, spent = np.random.default_rng(seed), 0
    running = strategy.start(np.array(start), rng)
    while spent < most:
        population = generation(running, score, rng)
        spent += len(population)
        if max(individual.fitness.values[0] for individual in population) > target:
            return spent
    return np.inf
