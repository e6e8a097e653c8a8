"""Scores of unlike tasks on one scale: 0 at one named reference, 1 at another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from evorobo.errors import SettingsError, unknown
from evorobo.nets.activations import Array


def normalised(scores: ArrayLike, references: Mapping[str, float], zero: str = "random", one: str = "solved") -> Array:
    """`scores`, shifted and stretched so that the reference called `zero` scores 0 and the one called `one` 1.

    Where lower is better the references say so themselves: afterwards higher is better. Raises `SettingsError` for a
    reference that is not there, and for two of equal score.
    """
    for name in (zero, one):
        if name not in references:
            raise unknown("reference", name, references)
    low, high = references[zero], references[one]
    if not np.isfinite([low, high]).all() or low == high:
        raise SettingsError(f"{zero} ({low:g}) and {one} ({high:g}) span no scale; choose two references that differ.")
    return (np.asarray(scores, float) - low) / (high - low)
