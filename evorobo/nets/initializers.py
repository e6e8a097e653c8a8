"""How weights begin: a scale for each layer that keeps signals neither dying nor exploding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import unknown

Initializer = Callable[[np.random.Generator, int, int], Array]


def glorot(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """Uniform within sqrt(6 / (in + out)) (Glorot & Bengio 2010, eq. 16)."""
    limit = np.sqrt(6 / (n_inputs + n_outputs))
    return rng.uniform(-limit, limit, (n_inputs, n_outputs))


def he(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """Normal with variance 2 / in (He et al. 2015, eq. 10)."""
    return rng.normal(0, np.sqrt(2 / n_inputs), (n_inputs, n_outputs))


def lecun(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """Normal with variance 1 / in (LeCun et al. 1998, section 4.6)."""
    return rng.normal(0, np.sqrt(1 / n_inputs), (n_inputs, n_outputs))


def normal(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """Normal with variance 1: the old habit of neuroevolution."""
    return rng.normal(0, 1, (n_inputs, n_outputs))


def zeros(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """All zero: right for the linear policies of direct search, a dead end for hidden layers under backprop."""
    return np.zeros((n_inputs, n_outputs))


INITIALIZERS: dict[str, Initializer] = {
    "glorot": glorot,
    "he": he,
    "lecun": lecun,
    "normal": normal,
    "zeros": zeros,
}


def initializer(name: str) -> Initializer:
    """The initialiser of that name, or an error with the nearest one."""
    if name not in INITIALIZERS:
        raise unknown("initializer", name, INITIALIZERS)
    return INITIALIZERS[name]
