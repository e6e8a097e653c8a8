"""Simple models for comparison: a constant guess, a linear fit, and models of scikit-learn where it is installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.data.tables import Table

MODELS = ("logistic regression", "nearest neighbors", "random forest")
"""The models of scikit-learn; for values the linear fit takes the place of the logistic regression."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What a model predicts for test rows: values `(n, m)` or classes `(n,)`, and probabilities if it has any."""

    predictions: np.ndarray
    probabilities: Array | None = None


Baselines = Callable[[Table, Array, np.ndarray, np.ndarray], dict[str, Fit]]
"""`fit(table, inputs, train, test)` fits models to the rows `train` and returns by name what they predict for `test`.
`inputs (rows, k)` are those of the table, scaled."""


def simple_fits(table: Table, inputs: Array, train: np.ndarray, test: np.ndarray) -> dict[str, Fit]:
    """Return a guess that ignores the inputs, and a linear fit."""
    if table.classes:
        targets = np.eye(len(table.classes))[table.targets[train]]
        frequencies = np.broadcast_to(targets.mean(0), (len(test), len(table.classes)))
        return {
            "majority class": Fit(np.broadcast_to(targets.sum(0).argmax(), len(test)), frequencies),
            "linear fit": Fit(linear_fit(inputs[train], targets, inputs[test]).argmax(-1)),
        }
    targets = table.targets[train]
    mean = np.broadcast_to(targets.mean(0), (len(test), targets.shape[1]))
    return {"constant guess": Fit(mean), "linear fit": Fit(linear_fit(inputs[train], targets, inputs[test]))}


def linear_fit(inputs: Array, targets: Array, new_inputs: Array, l2: float = 1.0) -> Array:
    """Ridge regression (Hoerl & Kennard 1970, eq. 2.1) of `targets (rows, m)` on `inputs (rows, k)`, both centered.

    Returns predictions `(n, m)` for `new_inputs (n, k)`. `l2` is added to the diagonal of the squared inputs. It is
    negligible for many scaled rows, and regularizes where there are fewer rows than inputs.
    """
    input_mean, target_mean = inputs.mean(0), targets.mean(0)
    x = inputs - input_mean
    slopes = np.linalg.solve(x.T @ x + l2 * np.eye(x.shape[1]), x.T @ (targets - target_mean))
    return (new_inputs - input_mean) @ slopes + target_mean


def has_scikit_learn() -> bool:
    """Return whether scikit-learn is installed."""
    return find_spec("sklearn") is not None


def all_fits(models: Sequence[str]) -> Baselines:
    """Return what fits the simple models and `models` of scikit-learn; the latter are left out where it is missing."""

    def fit(table: Table, inputs: Array, train: np.ndarray, test: np.ndarray) -> dict[str, Fit]:
        fits = simple_fits(table, inputs, train, test)
        for name in models if has_scikit_learn() else ():
            if make := _makers(bool(table.classes)).get(name):
                fits[name] = _fit(make(), table, inputs, train, test)
        return fits

    return fit


def _makers(for_classes: bool) -> dict[str, Callable[[], Any]]:
    """Return what makes each model, with the settings of scikit-learn but for seeds and iterations."""
    from sklearn import ensemble, linear_model, neighbors

    if for_classes:
        return {
            "logistic regression": lambda: linear_model.LogisticRegression(max_iter=1000),
            "nearest neighbors": neighbors.KNeighborsClassifier,
            "random forest": lambda: ensemble.RandomForestClassifier(random_state=0),
        }
    return {
        "nearest neighbors": neighbors.KNeighborsRegressor,
        "random forest": lambda: ensemble.RandomForestRegressor(random_state=0),
    }


def _fit(model: Any, table: Table, inputs: Array, train: np.ndarray, test: np.ndarray) -> Fit:
    targets = table.targets[train]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a reference may stop before it has converged
        model.fit(inputs[train], targets if table.classes or targets.shape[1] > 1 else targets[:, 0])
        predictions = model.predict(inputs[test])
        if not table.classes:
            return Fit(predictions.reshape(len(test), -1))
        probabilities = np.zeros((len(test), len(table.classes)))
        probabilities[:, model.classes_] = model.predict_proba(inputs[test])
    return Fit(predictions, probabilities)
