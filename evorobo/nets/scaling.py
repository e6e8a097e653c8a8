"""Numbers brought to a common size: mean 0, standard deviation 1, learned from rows or on the fly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array


@dataclass(frozen=True, eq=False)
class Scaler:
    """`apply` takes raw numbers to scaled ones, `invert` back; `mean` and `sd` are `(k,)`, `sd` above zero."""

    mean: Array
    sd: Array

    @classmethod
    def fit(cls, rows: Array) -> Scaler:
        """From `rows (n, k)`; a column that never changes keeps its size."""
        # not `sd > 0`: by rounding, the deviation of many 0.1 is not quite zero
        return cls(rows.mean(0), np.where(np.ptp(rows, 0) > 0, rows.std(0), 1.0))

    def transform(self, raw: Array) -> Array:
        return (raw - self.mean) / self.sd

    def inverse_transform(self, scaled: Array) -> Array:
        return scaled * self.sd + self.mean


@dataclass(frozen=True, eq=False)
class RunningMoments:
    """Count, mean `(k,)` and sum of squared deviations `(k,)` of rows seen so far."""

    count: float
    mean: Array
    squared_deviations: Array

    @classmethod
    def empty(cls, k: int) -> RunningMoments:
        return cls(0.0, np.zeros(k), np.zeros(k))

    @classmethod
    def from_rows(cls, rows: Array) -> RunningMoments:
        rows = np.asarray(rows, np.float64)
        mean = rows.mean(0)
        return cls(float(len(rows)), mean, np.square(rows - mean).sum(0))

    def __add__(self, other: RunningMoments) -> RunningMoments:
        """The moments of both sets of rows together (Chan, Golub & LeVeque 1979, eq. 2.1)."""
        if not other.count:
            return self
        count = self.count + other.count
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.count / count)
        return RunningMoments(
            count,
            mean,
            self.squared_deviations + other.squared_deviations + gap * gap * (self.count * other.count / count),
        )

    @property
    def scaler(self) -> Scaler:
        """The scaling they amount to; a column that has not changed yet keeps its size, and without rows all do."""
        sd = np.sqrt(self.squared_deviations / max(self.count, 1.0))
        rounding = np.maximum(1e-8, 1e-12 * np.abs(self.mean))
        return Scaler(self.mean, np.where(sd > rounding, sd, 1.0))
