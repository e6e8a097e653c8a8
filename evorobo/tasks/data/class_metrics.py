"""Metrics of classes: accuracy, and those that count rare classes as much as frequent ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.registry import register_component
from evorobo.tasks.base import MetricInfo
from evorobo.tasks.data.metrics import Metric


@register_component("metric", "Accuracy")
@dataclass(frozen=True)
@inherit_docs
class Accuracy(Metric):
    """Fraction of rows whose class is predicted correctly.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Accuracy
    >>> Accuracy().value(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2]))
    0.75
    """

    for_classes = True

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("accuracy")

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        return float(np.mean(predictions == targets))


@register_component("metric", "BalancedAccuracy")
@dataclass(frozen=True)
@inherit_docs
class BalancedAccuracy(Metric):
    """Mean of the recalls of all classes: the accuracy if all classes had equally many rows.

    Guessing one class gives 1 / k with k classes, however frequent that class is. Classes without a row among those
    evaluated do not count.

    References
    ----------
    Brodersen, K. H., Ong, C. S., Stephan, K. E., and Buhmann, J. M. (2010). The balanced accuracy and its posterior
    distribution. ICPR.

    Examples
    --------
    Class 0 is found in 3 of 4 rows, class 1 in no row:

    >>> import numpy as np
    >>> from evorobo import BalancedAccuracy
    >>> BalancedAccuracy().value(np.array([0, 0, 0, 1, 0]), np.array([0, 0, 0, 0, 1]))
    0.375
    """

    for_classes = True

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("balanced accuracy")

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        return float(np.nanmean(_recalls(predictions, targets)))


@register_component("metric", "MacroF1")
@dataclass(frozen=True)
@inherit_docs
class MacroF1(Metric):
    """Mean over the classes of the F1 score: the harmonic mean of precision and recall.

    A class that is neither predicted nor among the targets does not count.

    References
    ----------
    Van Rijsbergen, C. J. (1979). Information Retrieval, chapter 7.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import MacroF1
    >>> round(MacroF1().value(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1])), 3)
    0.733
    """

    for_classes = True

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("macro F1")

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        n_classes = int(max(predictions.max(), targets.max())) + 1
        correct = np.bincount(targets[predictions == targets], minlength=n_classes)
        rows = np.bincount(targets, minlength=n_classes) + np.bincount(predictions, minlength=n_classes)
        return float(np.mean(2 * correct[rows > 0] / rows[rows > 0]))


@register_component("metric", "ClassRecall")
@dataclass(frozen=True)
@inherit_docs
class ClassRecall(Metric):
    """Recall of each class: the fraction of its rows that are predicted as this class.

    Tables have a column for each class. Where this metric decides, the lowest recall does.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import ClassRecall
    >>> predictions, targets = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    >>> round(ClassRecall().value(predictions, targets), 3)
    0.667
    """

    for_classes = True

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("lowest class recall")

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        return float(np.nanmin(_recalls(predictions, targets)))

    def columns(self, predictions: np.ndarray, targets: np.ndarray, classes: tuple[str, ...]) -> dict[str, float]:
        recalls = _recalls(predictions, targets, len(classes))
        return {f"recall of {name}": float(recall) for name, recall in zip(classes, recalls, strict=True)}


@register_component("metric", "LogLoss")
@dataclass(frozen=True)
@inherit_docs
class LogLoss(Metric):
    """Mean negative logarithm of the probability of the true class, in nats; lower is better.

    Probabilities are the softmax of the outputs, so the loss of training must be `CrossEntropy`. With k classes, equal
    probabilities give log k.

    References
    ----------
    Good, I. J. (1952). Rational decisions. Journal of the Royal Statistical Society B, 14(1).

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import LogLoss
    >>> round(LogLoss().value(np.array([[0.5, 0.5], [0.9, 0.1]]), np.array([0, 0])), 3)
    0.399
    """

    for_classes = True
    uses_probabilities: ClassVar[bool] = True

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("log loss", higher_is_better=False)

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Compare probabilities with class numbers.

        Parameters
        ----------
        predictions : array of shape (n_rows, n_classes)
            Probabilities of the classes.
        targets : array of int of shape (n_rows,)
            True class numbers.

        Returns
        -------
        float
            The mean over all rows.
        """
        eps = np.finfo(predictions.dtype).eps  # a certain error would be infinite
        chosen = np.clip(predictions[np.arange(len(targets)), targets], eps, 1 - eps)
        return float(-np.log(chosen).mean())


def _recalls(predictions: np.ndarray, targets: np.ndarray, n_classes: int = 0) -> Array:
    """Return the recall of each class; NaN for classes without a row."""
    rows = np.bincount(targets, minlength=n_classes)
    correct = np.bincount(targets[predictions == targets], minlength=len(rows))
    return np.where(rows > 0, correct / np.maximum(rows, 1), np.nan)
