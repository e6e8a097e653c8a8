"""Scaling to mean 0 and standard deviation 1, from all rows at once or from running moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array


@dataclass(frozen=True, eq=False)
class Scaler:
    """Scaling to mean 0 and standard deviation 1.

    Parameters
    ----------
    mean : array of shape (k,)
        Mean of each column.
    sd : array of shape (k,)
        Standard deviation of each column, above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Scaler
    >>> scaler = Scaler.fit(np.array([[1.0, 10.0], [3.0, 50.0]]))
    >>> scaler.transform(np.array([2.0, 70.0]))
    array([0., 2.])
    """

    mean: Array
    sd: Array

    @classmethod
    def fit(cls, rows: Array) -> Scaler:
        """Return the scaler of a data set.

        Parameters
        ----------
        rows : array of shape (n, k)
            Data.

        Returns
        -------
        Scaler
            Mean and standard deviation of each column. Constant columns have the standard deviation 1.
        """
        # not `sd > 0`: by rounding, the standard deviation of a constant column may be above zero
        return cls(rows.mean(0), np.where(np.ptp(rows, 0) > 0, rows.std(0), 1.0))

    def transform(self, raw: Array) -> Array:
        """Scale values.

        Parameters
        ----------
        raw : array of shape (..., k)
            Values in their units.

        Returns
        -------
        array of shape (..., k)
            Scaled values.
        """
        return (raw - self.mean) / self.sd

    def inverse_transform(self, scaled: Array) -> Array:
        """Undo the scaling.

        Parameters
        ----------
        scaled : array of shape (..., k)
            Scaled values.

        Returns
        -------
        array of shape (..., k)
            Values in their units.
        """
        return scaled * self.sd + self.mean


@dataclass(frozen=True, eq=False)
class RunningMoments:
    """Count, mean `(k,)` and sum of squared deviations `(k,)` of the rows so far."""

    count: float
    mean: Array
    squared_deviations: Array

    @classmethod
    def empty(cls, k: int) -> RunningMoments:
        """Return the running moments of no rows."""
        return cls(0.0, np.zeros(k), np.zeros(k))

    @classmethod
    def from_rows(cls, rows: Array) -> RunningMoments:
        """Return the running moments of `rows (n, k)`."""
        rows = np.asarray(rows, np.float64)
        mean = rows.mean(0)
        return cls(float(len(rows)), mean, np.square(rows - mean).sum(0))

    def __add__(self, other: RunningMoments) -> RunningMoments:
        """Return the running moments of both sets of rows (Chan, Golub & LeVeque 1979, eq. 2.1)."""
        if not other.count:
            return self
        count = self.count + other.count
        difference = other.mean - self.mean
        mean = self.mean + difference * (other.count / count)
        between = difference * difference * (self.count * other.count / count)
        return RunningMoments(count, mean, self.squared_deviations + other.squared_deviations + between)

    @property
    def scaler(self) -> Scaler:
        """The scaler of all rows so far. Constant columns are not scaled, nor is anything without rows."""
        sd = np.sqrt(self.squared_deviations / max(self.count, 1.0))
        rounding = np.maximum(1e-8, 1e-12 * np.abs(self.mean))
        return Scaler(self.mean, np.where(sd > rounding, sd, 1.0))
