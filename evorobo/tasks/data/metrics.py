"""Metrics: the number that validation and test return, by which figures and tables compare; and those of values.

A metric may differ from the loss of training. For classes, for example, the loss is the cross-entropy and the metric
is the accuracy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evorobo.docstrings import inherit_docs
from evorobo.errors import DataError
from evorobo.registry import register_component
from evorobo.tasks.base import MetricInfo


class Metric(ABC):
    """Interface of a metric. Derive from it, as a frozen dataclass, to add a metric of your own.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import evorobo as er
    >>> @dataclass(frozen=True)
    ... class LargestError(er.Metric):
    ...     info = er.MetricInfo("largest error", higher_is_better=False)
    ...     def value(self, predictions, targets):
    ...         return float(np.abs(predictions - targets).max())
    >>> LargestError().value(np.array([[1.0], [2.0]]), np.array([[1.5], [2.0]]))
    0.5
    """

    for_classes: ClassVar[bool | None] = None
    """True for a metric of class numbers only, False for one of values only, None for both."""

    uses_probabilities: ClassVar[bool] = False
    """Whether `predictions` are the probabilities of the classes, of shape ``(n_rows, n_classes)``."""

    @property
    @abstractmethod
    def info(self) -> MetricInfo:
        """Name, unit and direction of the metric."""

    @abstractmethod
    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Compare predictions with targets.

        Parameters
        ----------
        predictions : array of shape (n_rows, n_targets) or (n_rows,)
            Predicted values in the units of the targets, or class numbers.
        targets : array of shape (n_rows, n_targets) or (n_rows,)
            True values, or class numbers.

        Returns
        -------
        float
            The metric over all rows.
        """

    def columns(self, predictions: np.ndarray, targets: np.ndarray, classes: tuple[str, ...]) -> dict[str, float]:
        """Return the columns of tables, where several metrics are listed.

        Parameters
        ----------
        predictions : array of shape (n_rows, n_targets) or (n_rows,)
            As in `value`.
        targets : array of shape (n_rows, n_targets) or (n_rows,)
            As in `value`.
        classes : tuple of str
            Names of the classes, by number. Empty for values.

        Returns
        -------
        dict of str to float
            By default one column, with the name in `info` and the `value`.
        """
        return {self.info.name: self.value(predictions, targets)}


@register_component("metric", "RMSE")
@dataclass(frozen=True)
@inherit_docs
class RMSE(Metric):
    """Root of the mean squared error over all rows and targets, in the units of the targets.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import RMSE
    >>> RMSE().value(np.array([[3.0], [4.0]]), np.array([[0.0], [1.0]]))
    3.0
    """

    for_classes = False

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("RMSE", higher_is_better=False)

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        return float(np.sqrt(np.mean(np.square(predictions - targets))))


@register_component("metric", "NMSE")
@dataclass(frozen=True)
@inherit_docs
class NMSE(Metric):
    """Normalized mean squared error: the error of each target divided by its variance, averaged over targets.

    0 is perfect; 1 is as good as the mean of the rows evaluated. Targets of different units count equally.

    References
    ----------
    Rasmussen, C. E., and Williams, C. K. I. (2006). Gaussian Processes for Machine Learning, section 2.5, where it is
    called standardized mean squared error (SMSE).

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import NMSE
    >>> NMSE().value(np.array([[2.0], [2.0], [2.0]]), np.array([[1.0], [2.0], [3.0]]))
    1.0
    """

    for_classes = False

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("nMSE", higher_is_better=False)

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Compare predictions with targets.

        Parameters
        ----------
        predictions : array of shape (n_rows, n_targets)
            Predicted values.
        targets : array of shape (n_rows, n_targets)
            True values.

        Returns
        -------
        float
            The normalized mean squared error.

        Raises
        ------
        DataError
            If a target is constant over these rows.
        """
        return _normalized_error(predictions, targets, "NMSE()")


@register_component("metric", "R2")
@dataclass(frozen=True)
@inherit_docs
class R2(Metric):
    """Coefficient of determination: 1 minus the squared error over the variance, averaged over targets.

    1 is perfect, and 0 is as good as the mean of the rows evaluated; it has no lower limit. It is 1 - NMSE.

    References
    ----------
    Draper, N. R., and Smith, H. (1998). Applied Regression Analysis, section 1.3.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import R2
    >>> R2().value(np.array([[1.0], [2.0], [4.0]]), np.array([[1.0], [2.0], [3.0]]))
    0.5
    """

    for_classes = False

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("R2")

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        return 1 - _normalized_error(predictions, targets, "R2()")


@register_component("metric", "MeanAbsoluteError")
@dataclass(frozen=True)
@inherit_docs
class MeanAbsoluteError(Metric):
    """Mean absolute error over all rows and targets, in the units of the targets. `MAE` is the loss of that name.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import MeanAbsoluteError
    >>> MeanAbsoluteError().value(np.array([[3.0], [4.0]]), np.array([[0.0], [3.0]]))
    2.0
    """

    for_classes = False

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("MAE", higher_is_better=False)

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        return float(np.mean(np.abs(predictions - targets)))


def _normalized_error(predictions: np.ndarray, targets: np.ndarray, metric: str) -> float:
    """Return the squared error of each target over its variance, averaged over targets."""
    constant = np.flatnonzero(np.ptp(targets, axis=0) == 0)
    if len(constant):
        raise DataError(
            f"target {constant[0]} is {targets[0, constant[0]]:g} in all {len(targets)} rows evaluated, so its "
            f"variance is 0 and {metric} is undefined; use RMSE(), or a split with more rows."
        )
    return float(np.mean(np.mean(np.square(predictions - targets), axis=0) / targets.var(axis=0)))
