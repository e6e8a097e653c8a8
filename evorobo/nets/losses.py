"""What backprop descends: losses of a batch, each with its gradient by the network's outputs.

`value(outputs (..., batch, width), targets)` is the mean over the batch, `(...)`; `gradient` has the shape of
`outputs`. With `weights (batch,)`, 0 or more, the mean is weighted: a row of weight 2 counts as if it were there twice.
`width(targets)` tells how many outputs the network needs, `predict` turns outputs into predictions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.registry import register_component


class Loss(Protocol):
    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array: ...
    def gradient(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array: ...
    def predict(self, outputs: Array) -> np.ndarray: ...
    def width(self, n_targets: int) -> int: ...


class _Regression:
    """Targets `(batch, k)`, as many outputs; the prediction is the output."""

    def predict(self, outputs: Array) -> np.ndarray:
        return outputs

    def width(self, n_targets: int) -> int:
        return n_targets


def _mean(each: Array, weights: Array | None) -> Array:
    """Of `each (..., batch, k)` the mean `(...)`, over rows as their weights say."""
    if weights is None:
        return each.mean((-2, -1))
    return np.vecdot(each.mean(-1), weights) / _total(weights)  # a product would sum one network in another order


def _share(each: Array, weights: Array | None) -> Any:
    """How much each number of `each (..., batch, k)` counts in the mean: one share for all, or `(..., batch, 1)`."""
    if weights is None:
        return 1 / (each.shape[-2] * each.shape[-1])
    return (weights / (_total(weights)[..., None] * each.shape[-1]))[..., None]


def _total(weights: Array) -> Array:
    """The sums `(...)` of `weights (..., batch)`; 1 where nothing has weight, for such a batch teaches nothing."""
    total = np.asarray(np.add.reduce(weights, axis=-1))
    return np.where(total > 0, total, total.dtype.type(1))


def _flat(each: Array) -> Array:
    """`(..., batch, k)` as `(..., batch * k)`."""
    return each.reshape(*each.shape[:-2], -1)


@register_component("loss", "MSE")
@dataclass(frozen=True)
class MSE(_Regression):
    """Mean squared error."""

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return _mean(np.square(outputs - targets), sample_weight)

    def gradient(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return self.value_and_gradient(outputs, targets, sample_weight)[1]

    def value_and_gradient(
        self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        """Value and gradient, from one difference."""
        error = outputs - targets
        shares = _share(outputs, sample_weight)
        slope = error * (2 * shares)
        return 0.5 * np.vecdot(_flat(error), _flat(slope)), slope


@register_component("loss", "MAE")
@dataclass(frozen=True)
class MAE(_Regression):
    """Mean absolute error; the slope at zero error is zero."""

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return _mean(np.abs(outputs - targets), sample_weight)

    def gradient(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return np.sign(outputs - targets) * _share(outputs, sample_weight)


@register_component("loss", "Huber")
@dataclass(frozen=True)
class Huber(_Regression):
    """Squared up to an error of `delta`, linear beyond (Huber 1964): outliers pull with a bounded force."""

    delta: float = 1.0

    def __post_init__(self) -> None:
        if not self.delta > 0:
            raise SettingsError(f"Huber's delta must be above 0, not {self.delta}.")

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        size = np.abs(outputs - targets)
        near = np.minimum(size, self.delta)
        return _mean(near * (size - near / 2), sample_weight)

    def gradient(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return np.clip(outputs - targets, -self.delta, self.delta) * _share(outputs, sample_weight)


@register_component("loss", "GaussianNLL")
@dataclass(frozen=True)
class GaussianNLL:
    """Negative log-likelihood of a normal distribution whose mean *and* log-variance the network tells.

    Outputs `(batch, 2k)`: k means, then k log-variances (Nix & Weigend 1994, eq. 5, without the constant).
    """

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        mean, log_variance = np.split(outputs, 2, axis=-1)
        return 0.5 * _mean(log_variance + np.square(targets - mean) * np.exp(-log_variance), sample_weight)

    def gradient(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        mean, log_variance = np.split(outputs, 2, axis=-1)
        error, precision = mean - targets, np.exp(-log_variance)
        by_mean, by_log_variance = error * precision, 0.5 * (1 - error * error * precision)
        return np.concatenate([by_mean, by_log_variance], axis=-1) * _share(mean, sample_weight)

    def predict(self, outputs: Array) -> np.ndarray:
        return np.split(outputs, 2, axis=-1)[0]

    def width(self, n_targets: int) -> int:
        return 2 * n_targets


@register_component("loss", "CrossEntropy")
@dataclass(frozen=True)
class CrossEntropy:
    """From logits, for class numbers as targets: `(batch,)`, or `(batch, g)` when each row makes g choices at once.

    `choices` are the numbers of classes of the g choices; they share the outputs end to end (a robot that moves and
    grips has `choices=(4, 2)` and six outputs). Empty: one choice among all outputs. `smoothing` spreads that much
    of the target over all classes (Szegedy et al. 2016, section 7). `class_weights`, one for each output, make rare
    classes count; the mean is then weighted, as in PyTorch.
    """

    label_smoothing: float = 0.0
    class_weights: tuple[float, ...] = ()
    choices: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise SettingsError(f"label_smoothing must lie in [0, 1), not {self.label_smoothing}.")
        if any(not weight >= 0 for weight in self.class_weights):
            raise SettingsError(f"class weights must be 0 or more, not {self.class_weights}.")

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        parts = []
        for logits, target, shares in self._parts(outputs, targets):
            wanted, total = self._wanted(logits, target, shares, sample_weight)
            parts.append(-(wanted * _log_softmax(logits)).sum((-2, -1)) / total)
        return np.asarray(sum(parts) / len(parts))

    def gradient(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return self.value_and_gradient(outputs, targets, sample_weight)[1]

    def value_and_gradient(
        self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        """Value and gradient, from one softmax."""
        if not (self.label_smoothing or self.class_weights or self.choices) and sample_weight is None:
            return _plain_cross_entropy(outputs, targets)
        values, slopes = [], []
        for logits, target, shares in self._parts(outputs, targets):
            wanted, total = self._wanted(logits, target, shares, sample_weight)
            log_shares = _log_softmax(logits)
            values.append(-(wanted * log_shares).sum((-2, -1)) / total)
            slope = np.exp(log_shares) * wanted.sum(-1, keepdims=True) - wanted
            slopes.append(slope / total[..., None, None])
        slope = slopes[0] if len(slopes) == 1 else np.concatenate(slopes, axis=-1) / len(slopes)
        return np.asarray(sum(values) / len(values)), slope

    def predict(self, outputs: Array) -> np.ndarray:
        """Class numbers `(..., batch)`, or `(..., batch, g)` for g choices."""
        if not self.choices:
            return outputs.argmax(-1)
        return np.stack([part.argmax(-1) for part in np.split(outputs, self._cuts(), axis=-1)], axis=-1)

    def width(self, n_targets: int) -> int:
        return sum(self.choices) or n_targets

    def _cuts(self) -> np.ndarray:
        return np.cumsum(self.choices)[:-1]

    def _parts(self, outputs: Array, targets: np.ndarray) -> list[tuple[Array, np.ndarray, Array]]:
        weights = np.asarray(self.class_weights or np.ones(outputs.shape[-1]), outputs.dtype)
        if len(weights) != outputs.shape[-1]:
            raise SettingsError(f"{len(weights)} class weights for {outputs.shape[-1]} outputs; give one for each.")
        if not self.choices:
            return [(outputs, targets, weights)]
        logits, shares = np.split(outputs, self._cuts(), axis=-1), np.split(weights, self._cuts())
        return [(logits[at], targets[..., at], shares[at]) for at in range(len(self.choices))]

    def _wanted(self, logits: Array, target: np.ndarray, shares: Array, weights: Array | None) -> tuple[Array, Any]:
        """The weighted target distribution `(..., batch, classes)` and the sum `(...)` of the rows' weights."""
        classes = logits.shape[-1]
        wanted = _one_hot(target, classes, logits.dtype) * (1 - self.label_smoothing)
        wanted += self.label_smoothing / classes
        wanted *= shares
        rows = shares[target]
        if weights is not None:
            wanted *= weights[..., None]
            rows = rows * weights
        return wanted, _total(rows)


def value_and_gradient(loss: Loss, outputs: Array, *truth: Any) -> tuple[Array, Array]:
    """Value `(...)` and gradient of a batch, worked out together where the loss can save work by it.

    `truth` are the targets and, where rows have any, their weights.
    """
    if type(loss) in _FUSED:
        return loss.value_and_gradient(outputs, *truth)  # type: ignore[attr-defined]
    return loss.value(outputs, *truth), loss.gradient(outputs, *truth)


def values_and_gradients(loss: Loss, outputs: Array, *truth: Any) -> tuple[Array, Array]:
    """`judged` for several networks with a batch each: `outputs (s, batch, k)`, and truth with an axis `s` in front."""
    if type(loss) in _FUSED:
        return loss.value_and_gradient(outputs, *truth)  # type: ignore[attr-defined]
    values, slopes = zip(*(value_and_gradient(loss, *each) for each in zip(outputs, *truth, strict=True)), strict=True)
    return np.stack(values), np.stack(slopes)


_FUSED = (MSE, CrossEntropy)
"""Losses with a `both` that takes either kind of truth; not what is derived from them, and may value in its own way."""


def _plain_cross_entropy(outputs: Array, targets: np.ndarray) -> tuple[Array, Array]:
    """Value and gradient where all rows and classes count alike, in half as many passes over the outputs."""
    # ufuncs and products: for a controller's small batches the methods around them cost as much as the work
    rows, classes = outputs.shape[-2:]
    wanted = _one_hot(targets, classes, outputs.dtype)
    shifted = outputs - np.maximum.reduce(outputs, axis=-1, keepdims=True)
    slope = np.exp(shifted)
    total = np.matmul(slope, _ones(classes, outputs.dtype))
    slope /= total
    slope -= wanted
    slope *= 1 / rows
    known = np.vecdot(shifted.reshape(*shifted.shape[:-2], -1), wanted.reshape(*wanted.shape[:-2], -1))
    return (np.add.reduce(np.log(total), axis=(-2, -1)) - known) / rows, slope


def _one_hot(targets: np.ndarray, classes: int, dtype: Any) -> Array:
    """`(..., batch)` class numbers as `(..., batch, classes)`: 1 for the class, 0 for the others."""
    return _eye(classes, dtype).take(targets, axis=0)


@lru_cache(maxsize=32)
def _ones(classes: int, dtype: Any) -> Array:
    return np.ones((classes, 1), dtype)


@lru_cache(maxsize=32)
def _eye(classes: int, dtype: Any) -> Array:
    return np.eye(classes, dtype=dtype)


def _log_softmax(logits: Array) -> Array:
    shifted = logits - np.maximum.reduce(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=-1, keepdims=True))
