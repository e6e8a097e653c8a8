"""Cross-entropy: the loss for classes, from logits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.errors import SettingsError
from evorobo.fields import DecayRate, NonNegativeFloat, PositiveInt
from evorobo.nets.losses import Loss, flatten_rows, total_weight
from evorobo.registry import register_component


@register_component("loss", "CrossEntropy")
@dataclass(frozen=True)
@inherit_docs
class CrossEntropy(Loss):
    """Cross-entropy of class numbers, computed from logits.

    Targets are class numbers of shape ``(batch,)``, or ``(batch, g)`` when each row holds g choices. The choices share
    the outputs one after the other: a robot that moves (4 classes) and grips (2 classes) has six outputs.

    Parameters
    ----------
    label_smoothing : float, default 0.0
        Part of the target that is spread over all classes, from 0 up to but not including 1.
    class_weights : tuple of float or "balanced", optional
        Weight of each class, 0 or more, one per output in the order of the classes. The mean is weighted as in PyTorch.
        Empty: all count equally. "balanced": a `DatasetTask` gives each class the weight n / (k n_class), computed from
        its n training rows and k classes, so that rare classes count as much as frequent ones.
    choices : tuple of int, optional
        Numbers of classes of the g choices. Empty: one choice among all outputs.

    Raises
    ------
    SettingsError
        If a value is out of its range, or if the number of class weights differs from the number of outputs.

    References
    ----------
    Szegedy et al. (2016), "Rethinking the Inception architecture for computer vision", section 7 (label smoothing).

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import CrossEntropy
    >>> loss = CrossEntropy()
    >>> round(float(loss.value(np.zeros((1, 2)), np.array([1]))), 3)
    0.693
    >>> CrossEntropy(choices=(4, 2)).predict(np.array([[0.0, 9.0, 0.0, 0.0, 1.0, 0.0]]))
    array([[1, 0]])
    """

    for_classes = True

    label_smoothing: DecayRate = 0.0
    class_weights: tuple[NonNegativeFloat, ...] | Literal["balanced"] = ()
    choices: tuple[PositiveInt, ...] = ()

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        parts = []
        for logits, classes, class_weights in self._split(outputs, targets):
            distribution, total = self._distribution(logits, classes, class_weights, sample_weight)
            parts.append(-(distribution * _log_softmax(logits)).sum((-2, -1)) / total)
        return np.asarray(sum(parts) / len(parts))

    def value_and_gradient(
        self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        if not (self.label_smoothing or self.class_weights or self.choices) and sample_weight is None:
            return _plain_cross_entropy(outputs, targets)
        values, grads = [], []
        for logits, classes, class_weights in self._split(outputs, targets):
            distribution, total = self._distribution(logits, classes, class_weights, sample_weight)
            log_probabilities = _log_softmax(logits)
            values.append(-(distribution * log_probabilities).sum((-2, -1)) / total)
            grad = np.exp(log_probabilities) * distribution.sum(-1, keepdims=True) - distribution
            grads.append(grad / total[..., None, None])
        grad = grads[0] if len(grads) == 1 else np.concatenate(grads, axis=-1) / len(grads)
        return np.asarray(sum(values) / len(values)), grad

    def predict(self, outputs: Array) -> np.ndarray:
        if not self.choices:
            return outputs.argmax(-1)
        return np.stack([logits.argmax(-1) for logits in np.split(outputs, self._split_points(), axis=-1)], axis=-1)

    def width(self, n_targets: int) -> int:
        return sum(self.choices) or n_targets

    def _split_points(self) -> np.ndarray:
        return np.cumsum(self.choices)[:-1]

    def _split(self, outputs: Array, targets: np.ndarray) -> list[tuple[Array, np.ndarray, Array]]:
        """Return logits, class numbers and class weights of each choice."""
        if self.class_weights == "balanced":
            raise SettingsError(
                'class_weights="balanced" is computed from the training rows of a DatasetTask; give a weight for each '
                "class here."
            )
        class_weights = np.asarray(self.class_weights or np.ones(outputs.shape[-1]), outputs.dtype)
        if len(class_weights) != outputs.shape[-1]:
            raise SettingsError(
                f"{len(class_weights)} class weights for {outputs.shape[-1]} outputs; give one for each."
            )
        if not self.choices:
            return [(outputs, targets, class_weights)]
        points = self._split_points()
        logits, weights = np.split(outputs, points, axis=-1), np.split(class_weights, points)
        return [(logits[choice], targets[..., choice], weights[choice]) for choice in range(len(self.choices))]

    def _distribution(
        self, logits: Array, classes: np.ndarray, class_weights: Array, sample_weight: Array | None
    ) -> tuple[Array, Any]:
        """Return the weighted target distribution `(..., batch, classes)` and the sum `(...)` of row weights."""
        n_classes = logits.shape[-1]
        distribution = _one_hot(classes, n_classes, logits.dtype) * (1 - self.label_smoothing)
        distribution += self.label_smoothing / n_classes
        distribution *= class_weights
        row_weights = class_weights[classes]
        if sample_weight is not None:
            distribution *= sample_weight[..., None]
            row_weights = row_weights * sample_weight
        return distribution, total_weight(row_weights)


def _plain_cross_entropy(outputs: Array, classes: np.ndarray) -> tuple[Array, Array]:
    """Return value and gradient for equal weights, in half as many passes over the outputs."""
    # ufuncs and products: for a controller's small batches, array methods cost as much as the arithmetic
    rows, n_classes = outputs.shape[-2:]
    target = _one_hot(classes, n_classes, outputs.dtype)
    shifted = outputs - np.maximum.reduce(outputs, axis=-1, keepdims=True)
    grad = np.exp(shifted)
    total = np.matmul(grad, _ones(n_classes, outputs.dtype))
    grad /= total
    grad -= target
    grad *= 1 / rows
    correct = np.vecdot(flatten_rows(shifted), flatten_rows(target))
    return (np.add.reduce(np.log(total), axis=(-2, -1)) - correct) / rows, grad


def _one_hot(classes: np.ndarray, n_classes: int, dtype: Any) -> Array:
    """Return `(..., batch)` class numbers as `(..., batch, n_classes)`: 1 for the class, 0 for the others."""
    return _eye(n_classes, dtype).take(classes, axis=0)


@lru_cache(maxsize=32)
def _ones(n_classes: int, dtype: Any) -> Array:
    return np.ones((n_classes, 1), dtype)


@lru_cache(maxsize=32)
def _eye(n_classes: int, dtype: Any) -> Array:
    return np.eye(n_classes, dtype=dtype)


def softmax(outputs: Array) -> Array:
    """Return the probabilities `(..., n_classes)` in double precision for logits."""
    return np.asarray(np.exp(_log_softmax(np.asarray(outputs, np.float64))))


def _log_softmax(logits: Array) -> Array:
    shifted = logits - np.maximum.reduce(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=-1, keepdims=True))
