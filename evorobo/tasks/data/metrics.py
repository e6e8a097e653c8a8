"""How answers are judged in validation and test: one number, by which figures and tables compare.

A measure need not be the loss that is trained on: cross-entropy teaches, the share of right answers judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evorobo.errors import DataError, SettingsError
from evorobo.registry import register_component
from evorobo.tasks.base import MetricInfo


class Metric(Protocol):
    """Frozen settings. `value` takes predictions and targets in their own units, `(rows,)` or `(rows, m)`."""

    @property
    def info(self) -> MetricInfo: ...
    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float: ...


@register_component("metric", "Accuracy")
@dataclass(frozen=True)
class Accuracy:
    """The share of rows whose class is told right."""

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("accuracy")

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        return float(np.mean(predictions == targets))


@register_component("metric", "RMSE")
@dataclass(frozen=True)
class RMSE:
    """The root of the mean squared error over rows and targets, in the targets' units."""

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("RMSE", higher_is_better=False)

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        return float(np.sqrt(np.mean(np.square(predictions - targets))))


@register_component("metric", "NMSE")
@dataclass(frozen=True)
class NMSE:
    """The mean squared error of each target in parts of its variance over the judged rows, averaged over targets.

    0 is perfect, 1 no better than the mean of these rows; targets of different units count alike (Rasmussen &
    Williams 2006, section 2.5, where it is called SMSE). Raises `DataError` for a target that never changes there.
    """

    @property
    def info(self) -> MetricInfo:
        return MetricInfo("nMSE", higher_is_better=False)

    def value(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        still = np.flatnonzero(np.ptp(targets, axis=0) == 0)
        if len(still):
            raise DataError(
                f"target {still[0]} is {targets[0, still[0]]:g} in all {len(targets)} judged rows, and an error in "
                "parts of no variance says nothing; judge by RMSE(), or choose a split with more rows."
            )
        return float(np.mean(np.mean(np.square(predictions - targets), axis=0) / targets.var(axis=0)))


def default_metric(classes: bool) -> Metric:
    """How a task is judged that asks for no measure."""
    return Accuracy() if classes else RMSE()


def resolve_metric(metric: Metric | None, classes: bool, name: str) -> Metric:
    """`measure`, None for the usual one. Raises `SettingsError` where it cannot judge what task `name` asks for."""
    if isinstance(metric, RMSE | NMSE if classes else Accuracy):
        what = "classes" if classes else "values"
        raise SettingsError(f"{name} has {what} to tell, which {metric} cannot judge; use {default_metric(classes)}.")
    return metric or default_metric(classes)
