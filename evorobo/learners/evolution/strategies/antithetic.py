"""Antithetic pairs: whoever steps one way has a twin who steps the other way, and half of the chance cancels out."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.learners.evolution.strategies.base import at_least, usual_population


def opposite_steps(rng: np.random.Generator, population: int, p: int) -> Array:
    """Standard normal steps `(population, p)`, the second half of them the first half turned round."""
    half = rng.standard_normal((population // 2, p))
    return np.concatenate([half, -half])


def in_pairs(population: int | None) -> None:
    """Raise `SettingsError` for a population that does not come in pairs."""
    at_least(2, population=population)
    if population and population % 2:
        raise SettingsError(f"antithetic pairs need an even population, not {population}.")


def usual_pairs(p: int) -> int:
    """The usual population, or the next even number."""
    return usual_population(p) + usual_population(p) % 2
