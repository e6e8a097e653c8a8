"""Antithetic pairs: each random step is scored in both directions, which reduces the variance of estimates."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.strategies.base import default_population_size


def antithetic_steps(rng: np.random.Generator, population_size: int, p: int) -> Array:
    """Standard normal steps `(population_size, p)`; the second half is the first half with opposite sign."""
    half = rng.standard_normal((population_size // 2, p))
    return np.concatenate([half, -half])


def default_even_population_size(p: int) -> int:
    """The default population size, or the next even number."""
    return default_population_size(p) + default_population_size(p) % 2
