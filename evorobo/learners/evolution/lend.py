"""Our Generator, lent to code that draws from the global ones (DEAP's issues #75 and #349)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def lend(rng: np.random.Generator) -> Iterator[None]:
    """Inside the block `random` and `numpy.random` follow from `rng`; afterwards they are as if nothing had been."""
    before, before_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the globals are the point
    random.seed(rng.bytes(16))
    np.random.seed(rng.integers(2**32, size=8, dtype=np.uint32))  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(before_numpy)  # noqa: NPY002
