"""How answers are judged in validation and test: one number, by which figures and tables compare.

A measure need not be the loss that is trained on: cross-entropy teaches, the share of right answers judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evorobo.errors import DataError, SettingsError
from evorobo.registry import register_component
from evorobo.tasks.base import Metric


class Measure(Protocol):
    """Frozen settings. `value` takes predictions and targets in their own units, `(rows,)` or `(rows, m)`."""

    @property
    def metric(self) -> Metric: ...
    def value(self, answers: np.ndarray, targets: np.ndarray) -> float: ...


@register_component("metric", "Accuracy")
@dataclass(frozen=True)
class Accuracy:
    """The share of rows whose class is told right."""

    @property
    def metric(self) -> Metric:
        return Metric("accuracy")

    def value(self, answers: np.ndarray, targets: np.ndarray) -> float:
        return float(np.mean(answers == targets))


@register_component("metric", "RMSE")
@dataclass(frozen=True)
class RMSE:
    """The root of the mean squared error over rows and targets, in the targets' units."""

    @property
    def metric(self) -> Metric:
        return Metric("RMSE", higher_is_better=False)

    def value(self, answers: np.ndarray, targets: np.ndarray) -> float:
        return float(np.sqrt(np.mean(np.square(answers - targets))))


@register_component("metric", "NMSE")
@dataclass(frozen=True)
class NMSE:
    """The mean squared error of each target in parts of its variance over the judged rows, averaged over targets.

    0 is perfect, 1 no better than the mean of these rows; targets of different units count alike (Rasmussen &
    Williams 2006, section 2.5, where it is called SMSE). Raises `DataError` for a target that never changes there.
    """

    @property
    def metric(self) -> Metric:
        return Metric("nMSE", higher_is_better=False)

    def value(self, answers: np.ndarray, targets: np.ndarray) -> float:
        still = np.flatnonzero(np.ptp(targets, axis=0) == 0)
        if len(still):
            raise DataError(
                f"target {still[0]} is {targets[0, still[0]]:g} in all {len(targets)} judged rows, and an error in "
                "parts of no variance says nothing; judge by RMSE(), or choose a split with more rows."
            )
        return float(np.mean(np.mean(np.square(answers - targets), axis=0) / targets.var(axis=0)))


def usual(classes: bool) -> Measure:
    """How a task is judged that asks for no measure."""
    return Accuracy() if classes else RMSE()


def fitting(measure: Measure | None, classes: bool, name: str) -> Measure:
    """`measure`, None for the usual one. Raises `SettingsError` where it cannot judge what task `name` asks for."""
    if isinstance(measure, RMSE | NMSE if classes else Accuracy):
        what = "classes" if classes else "values"
        raise SettingsError(f"{name} has {what} to tell, which {measure} cannot judge; use {usual(classes)}.")
    return measure or usual(classes)
