"""Initializers of weights: a scale for each layer that neither shrinks signals to nothing nor lets them explode."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evorobo.arrays import Array
from evorobo.registry import register_component
from evorobo.settings import lookup_component, qualified_key

Initializer = Callable[[np.random.Generator, int, int], Array]
"""`initializer(rng, n_inputs, n_outputs)` returns a matrix `(n_inputs, n_outputs)`."""


def initializer(key: str) -> Initializer:
    """The initializer with that key. Raises `SettingsError` for an unknown key, with the nearest known one."""
    found: Initializer = lookup_component("initializer", key)
    return found


def initializer_key(key: str) -> str:
    """The key as layers keep it: that of a user's initializer begins with the file that registers it.

    Raises `SettingsError` for an unknown key.
    """
    initializer(key)
    return qualified_key("initializer", key)


@register_component("initializer", "glorot")
def glorot(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """Uniform within +-sqrt(6 / (inputs + outputs)) (Glorot & Bengio 2010, eq. 16)."""
    limit = np.sqrt(6 / (n_inputs + n_outputs))
    return rng.uniform(-limit, limit, (n_inputs, n_outputs))


@register_component("initializer", "he")
def he(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """Normal with variance 2 / inputs (He et al. 2015, eq. 10)."""
    return rng.normal(0, np.sqrt(2 / n_inputs), (n_inputs, n_outputs))


@register_component("initializer", "lecun")
def lecun(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """Normal with variance 1 / inputs (LeCun et al. 1998, section 4.6)."""
    return rng.normal(0, np.sqrt(1 / n_inputs), (n_inputs, n_outputs))


@register_component("initializer", "normal")
def normal(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """Normal with variance 1, as is usual in neuroevolution."""
    return rng.normal(0, 1, (n_inputs, n_outputs))


@register_component("initializer", "zeros")
def zeros(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """All zero: right for linear policies under direct search, useless for hidden layers under backprop."""
    return np.zeros((n_inputs, n_outputs))
