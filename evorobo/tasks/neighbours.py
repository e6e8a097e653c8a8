"""Rows in time look like their neighbours: how far a split lets a network see the test through them."""

from __future__ import annotations

import numpy as np

from evorobo.tasks.splits import Parts

MANY = 0.5
"""The share of test rows beside a training row from which a score is said to flatter; whole laps stay far below."""


def beside_training(parts: Parts) -> float:
    """The share of test rows that stand right before or after a training row."""
    return float(np.mean(np.isin(parts.test - 1, parts.train) | np.isin(parts.test + 1, parts.train)))


def caution(parts: Parts) -> str:
    """A word about a split that deals out rows of one recording; empty where it keeps them together."""
    share = beside_training(parts)
    if share < MANY:
        return ""
    return (
        f"{share:.0%} of the test rows stand right beside a training row in time and look much like it, so scores "
        "flatter; split by whole laps, blocks or stretches."
    )
