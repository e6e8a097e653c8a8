"""A check for leakage: test rows that stand right beside training rows of the same recording."""

from __future__ import annotations

import numpy as np

from evorobo.tasks.data.parts import Parts

MAX_LEAKAGE = 0.5
"""From this fraction of test rows beside a training row a caveat is given. Splits by whole laps stay far below."""


def adjacent_fraction(parts: Parts) -> float:
    """Return the fraction of test rows that come right before or after a training row."""
    return float(np.mean(np.isin(parts.test - 1, parts.train) | np.isin(parts.test + 1, parts.train)))


def leakage_caveat(parts: Parts) -> str:
    """Return a sentence about a split that separates neighboring rows of a recording; empty for other splits."""
    fraction = adjacent_fraction(parts)
    if fraction < MAX_LEAKAGE:
        return ""
    return (
        f"{fraction:.0%} of the test rows come right before or after a training row in time and resemble it, so the "
        "scores are too good; split by whole laps, blocks or stretches."
    )
