"""Values that stand for a missing one, as the largest float for "no echo" (an error) or 9999 (a caution)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evorobo.arrays import Array

LIMITS = tuple(float(np.finfo(dtype).max) for dtype in (np.float16, np.float32, np.float64))
"""The largest floats of 16, 32 and 64 bits, which programs write for "no value"."""
MAX_MAGNITUDE = 1e150
"""Larger values overflow when they are normalized."""
HUGE, MAX_RATIO = 1e15, 1e9
"""A value of at least HUGE that exceeds all others by MAX_RATIO is no measurement."""
_ROUND = (999.0, 9999.0, 99999.0, 999999.0, -99.0, -999.0, -9999.0, -99999.0, -999999.0)
_INTEGERS = (32767.0, -32768.0, 65535.0, 2147483647.0, -2147483648.0, 4294967295.0)
CODES = (*_ROUND, *_INTEGERS, LIMITS[0])
"""Usual codes of missing values, and the limits of integers of 16 and 32 bits and of floats of 16 bits."""
MAX_NAMED = 3
MIN_GAP = 5.0
"""A code is suspicious if its distance from all other values exceeds their range this many times."""


def find_sentinels(values: Array) -> dict[int, float]:
    """Return the columns of `values (n_rows, k)` that hold a number too large for a measurement, with that number."""
    bounds = _bounds(values)
    suspects = np.flatnonzero((np.abs(bounds) >= HUGE).any(axis=0))
    found = {int(column): _huge(values[:, column], bounds[:, column].tolist()) for column in suspects}
    return {column: sentinel for column, sentinel in found.items() if sentinel is not None}


def find_codes(values: Array) -> dict[int, float]:
    """Return the columns of `values (n_rows, k)` with a usual code of missing values, as 9999, far from all others."""
    bounds = _bounds(values)
    suspects = np.flatnonzero(np.isin(bounds, CODES).any(axis=0))
    found = {int(column): _code(values[:, column], bounds[:, column].tolist()) for column in suspects}
    return {column: code for column, code in found.items() if code is not None}


def codes_caution(values: Array, names: Sequence[str]) -> str:
    """Return a sentence about the columns of `values (n_rows, k)` that hold a code of missing values, or ""."""
    codes = find_codes(values)
    texts = []
    for column, code in list(codes.items())[:MAX_NAMED]:
        is_code = values[:, column] == code
        others = values[~is_code, column]
        texts.append(
            f"{names[column]!r} holds {code:.10g} in {is_code.sum()} of {len(values)} rows, far from its other values "
            f"({others.min():.4g} to {others.max():.4g})"
        )
    if not texts:
        return ""
    more = f", and so do {len(codes) - MAX_NAMED} more columns" if len(codes) > MAX_NAMED else ""
    return f"{', '.join(texts)}{more}; if it stands for a missing value, delete these rows or leave the column out."


def _bounds(values: Array) -> Array:
    """Return the least and the largest value of each column `(2, k)`; NaN counts for nothing."""
    return np.stack([np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)])


def _huge(values: Array, bounds: list[float]) -> float | None:
    """Return the one of both bounds that is too large for a measurement, or None."""
    for bound in sorted(bounds, key=abs, reverse=True):
        if abs(bound) > MAX_MAGNITUDE or np.isclose(abs(bound), LIMITS[1], rtol=1e-5):
            return bound
        others = values[np.abs(values) < abs(bound)]
        if abs(bound) >= HUGE and len(others) and abs(bound) > MAX_RATIO * np.abs(others).max():
            return bound
    return None


def _code(values: Array, bounds: list[float]) -> float | None:
    """Return the one of both bounds that is a code far from all other values, or None."""
    for bound in sorted(bounds, key=abs, reverse=True):
        others = values[np.abs(values) != abs(bound)]
        others = others[~np.isnan(others)]
        if (
            bound in CODES
            and len(others)
            and max(others.min() - bound, bound - others.max()) > MIN_GAP * np.ptp(others)
        ):
            return bound
    return None
