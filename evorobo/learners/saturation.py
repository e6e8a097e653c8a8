"""Motors whose commands are near their limits, where the network has hardly any slope: columns of the log, messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import LearningError

COLUMN = "saturated"
"""The column of the mean of all motors; those of single motors have their index and name behind it."""


def saturated_columns(shares: Mapping[str, float]) -> dict[str, float]:
    """The columns for shares of saturated commands by motor, whose names are as in "1_turn"."""
    mean = float(np.mean(list(shares.values()))) if shares else 0.0
    return {COLUMN: mean, **{f"{COLUMN}_{motor}": share for motor, share in shares.items()}}


def motor_columns(columns: Iterable[str]) -> dict[str, str]:
    """Of the columns of a log, those of single motors, each with the motor's label."""
    prefix = f"{COLUMN}_"
    return {column: motor_label(column.removeprefix(prefix)) for column in columns if column.startswith(prefix)}


def motor_label(motor: str) -> str:
    """The motor "1_turn" in words: "motor 1 (turn)"."""
    index, _, name = motor.partition("_")
    return f"motor {index} ({name})" if name else f"motor {index}"


def require_slope(norms: Array, shares: Mapping[str, float]) -> None:
    """Raise `LearningError` where the gradients are exactly zero and motors are saturated in all steps."""
    stuck = [motor_label(motor) for motor, share in shares.items() if share == 1.0]
    if stuck and not norms.any():
        verb = "are" if len(stuck) > 1 else "is"
        raise LearningError(
            f"no slope left: {' and '.join(stuck)} {verb} saturated in 100 % of the steps, so the gradient is exactly "
            "zero; begin at smaller weights, or take a method that goes by scores."
        )
