"""Losses that backpropagation minimizes: the interface and the losses for regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.errors import SettingsError
from evorobo.fields import PositiveFloat
from evorobo.nets.scaling import Scaler
from evorobo.registry import register_component


class Loss(Protocol):
    """Interface of a loss: frozen settings. Derive from it and define `value_and_gradient`, or `value` and `gradient`.

    What a class does not define follows from what it defines, also in classes derived from the losses of this package.
    Training, early stopping and evolution therefore use the same loss. A class that defines `value` alone has no
    gradient, so evolution can use it and training raises a `SettingsError`.

    Outputs have shape ``(..., batch, width)``. Leading axes are networks; each network gets the value it would get
    alone. Targets are shared, ``(batch, k)``, or one batch per network, ``(..., batch, k)``. Class numbers have no axis
    ``k``.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from evorobo import Loss
    >>> @dataclass(frozen=True)
    ... class Quartic(Loss):
    ...     def value_and_gradient(self, outputs, targets, sample_weight=None):
    ...         weights = np.ones(outputs.shape[-2]) if sample_weight is None else sample_weight
    ...         weights = (weights / weights.sum(-1, keepdims=True))[..., None] / outputs.shape[-1]
    ...         error = outputs - targets
    ...         return (weights * error**4).sum((-2, -1)), 4 * weights * error**3
    >>> float(Quartic().value(np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]])))
    8.0
    """

    def __init__(self) -> None:  # without it the signature of a protocol is (*args, **kwargs)
        return

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _derive_missing(cls)

    for_classes: ClassVar[bool | None] = None
    """True for a loss of class numbers only, False for one of values only, None for both."""

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        """Return the mean loss of a batch.

        Parameters
        ----------
        outputs : array of shape (..., batch, width)
            Outputs of the network or networks.
        targets : array of shape (..., batch, k)
            What the outputs should be. Class numbers have shape ``(..., batch)``.
        sample_weight : array of shape (..., batch), optional
            Weight of each row, 0 or more. A row of weight 2 counts as if it appeared twice. By default all rows count
            equally.

        Returns
        -------
        array of shape (...)
            The weighted mean over the batch.
        """

    def value_and_gradient(
        self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        """Return the mean loss of a batch and its gradient. Training calls this method only.

        Parameters
        ----------
        outputs : array of shape (..., batch, width)
            Outputs of the network or networks.
        targets : array of shape (..., batch, k)
            What the outputs should be. Class numbers have shape ``(..., batch)``.
        sample_weight : array of shape (..., batch), optional
            Weight of each row, 0 or more. By default all rows count equally.

        Returns
        -------
        value : array of shape (...)
            The weighted mean over the batch.
        gradient : array of shape (..., batch, width)
            Gradient of the mean with respect to the outputs.
        """

    def gradient(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        """Return the gradient of the mean loss with respect to the outputs.

        Parameters
        ----------
        outputs : array of shape (..., batch, width)
            Outputs of the network or networks.
        targets : array of shape (..., batch, k)
            What the outputs should be. Class numbers have shape ``(..., batch)``.
        sample_weight : array of shape (..., batch), optional
            Weight of each row, 0 or more. By default all rows count equally.

        Returns
        -------
        array of shape (..., batch, width)
            Gradient of the weighted mean.
        """
        return self.value_and_gradient(outputs, targets, sample_weight)[1]

    def predict(self, outputs: Array) -> np.ndarray:
        """Return the predictions that outputs stand for.

        Parameters
        ----------
        outputs : array of shape (..., batch, width)
            Outputs of the network or networks.

        Returns
        -------
        array
            Predictions, one row per row of `outputs`.
        """
        return outputs

    def width(self, n_targets: int) -> int:
        """Return the number of outputs that a network needs.

        Parameters
        ----------
        n_targets : int
            Number of target columns, or of classes.

        Returns
        -------
        int
            Width of the output layer.
        """
        return n_targets

    def output_scaler(self, target_scaler: Scaler) -> Scaler:
        """Return the scaler from outputs of a network that was trained on scaled targets to raw units.

        Parameters
        ----------
        target_scaler : Scaler
            Scaler of the targets.

        Returns
        -------
        Scaler
            Scaler of all outputs.
        """
        return target_scaler


def _derive_missing(cls: type[Loss]) -> None:
    """Give a loss the methods that follow from those it defines, in place of older ones that it inherits.

    All calls are bound to the class and not looked up in `self`, so that `super()` works in classes derived from it.
    """
    value, gradient, both = cls.value, cls.gradient, cls.value_and_gradient
    value_age, gradient_age, both_age = (_age(cls, name) for name in ("value", "gradient", "value_and_gradient"))

    def value_of_both(self: Loss, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return both(self, outputs, targets, *_given(sample_weight))[0]

    def gradient_of_both(self: Loss, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return both(self, outputs, targets, *_given(sample_weight))[1]

    def value_and_gradient(
        self: Loss, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        given = _given(sample_weight)
        return value(self, outputs, targets, *given), gradient(self, outputs, targets, *given)

    def no_gradient(self: Loss, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Any:
        raise SettingsError(
            f"{cls.__name__} defines value() but not its gradient, so it cannot be trained on; define gradient() or "
            "value_and_gradient() as well."
        )

    derived: dict[str, Any] = {}
    if both_age <= min(value_age, gradient_age):
        derived["value"] = value_of_both if value_age > both_age else value
        derived["gradient"] = gradient_of_both if gradient_age > both_age else gradient
    elif gradient_age <= value_age:
        derived["value_and_gradient"] = value_and_gradient
    else:
        derived = {"gradient": no_gradient, "value_and_gradient": no_gradient}
    for name, function in derived.items():
        if function is not getattr(cls, name):
            function.__name__, function.__qualname__ = name, f"{cls.__qualname__}.{name}"
            setattr(cls, name, function)


def _age(cls: type, name: str) -> int:
    """Return how many classes back in its method resolution order a class has a member from."""
    return next(age for age, base in enumerate(cls.__mro__) if name in vars(base))


def _given(sample_weight: Array | None) -> tuple[Array, ...]:
    """Return the argument as a tuple; empty for None, so that losses may leave the parameter out."""
    return () if sample_weight is None else (sample_weight,)


@register_component("loss", "MSE")
@dataclass(frozen=True)
@inherit_docs
class MSE(Loss):
    """Mean squared error.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import MSE
    >>> float(MSE().value(np.array([[1.0, 2.0]]), np.array([[0.0, 2.0]])))
    0.5
    """

    for_classes = False

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return _batch_mean(np.square(outputs - targets), sample_weight)

    def value_and_gradient(
        self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        error = outputs - targets
        grad = error * (2 * _element_weight(outputs, sample_weight))
        return 0.5 * np.vecdot(flatten_rows(error), flatten_rows(grad)), grad


@register_component("loss", "MAE")
@dataclass(frozen=True)
@inherit_docs
class MAE(Loss):
    """Mean absolute error. Its gradient at zero error is zero.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import MAE
    >>> float(MAE().value(np.array([[1.0, 2.0]]), np.array([[0.0, 5.0]])))
    2.0
    """

    for_classes = False

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return _batch_mean(np.abs(outputs - targets), sample_weight)

    def value_and_gradient(
        self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        error = outputs - targets
        return _batch_mean(np.abs(error), sample_weight), np.sign(error) * _element_weight(outputs, sample_weight)


@register_component("loss", "Huber")
@dataclass(frozen=True)
@inherit_docs
class Huber(Loss):
    """Huber loss: quadratic for small errors, linear for large ones, so that outliers have a bounded influence.

    Parameters
    ----------
    delta : float, default 1.0
        Size of the error at which the loss becomes linear, above 0, in the units of the targets.

    Raises
    ------
    SettingsError
        If `delta` is 0 or less.

    References
    ----------
    Huber (1964), "Robust estimation of a location parameter".

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Huber
    >>> float(Huber(delta=1.0).value(np.array([[3.0]]), np.array([[0.0]])))
    2.5
    """

    for_classes = False

    delta: PositiveFloat = 1.0

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        return self._value(outputs - targets, sample_weight)

    def value_and_gradient(
        self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        error = outputs - targets
        grad = np.clip(error, -self.delta, self.delta) * _element_weight(outputs, sample_weight)
        return self._value(error, sample_weight), grad

    def _value(self, error: Array, sample_weight: Array | None) -> Array:
        size = np.abs(error)
        quadratic = np.minimum(size, self.delta)
        return _batch_mean(quadratic * (size - quadratic / 2), sample_weight)


@register_component("loss", "GaussianNLL")
@dataclass(frozen=True)
@inherit_docs
class GaussianNLL(Loss):
    """Negative log-likelihood of a normal distribution. The network predicts its mean and its log-variance.

    For k targets the network has 2k outputs: k means, then k log-variances. The constant term is left out.

    References
    ----------
    Nix & Weigend (1994), "Estimating the mean and variance of the target probability distribution", eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import GaussianNLL
    >>> float(GaussianNLL().value(np.array([[1.0, 0.0]]), np.array([[3.0]])))  # mean 1, variance 1, target 3
    2.0
    """

    for_classes = False

    def value(self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None) -> Array:
        mean, log_variance = np.split(outputs, 2, axis=-1)
        return 0.5 * _batch_mean(log_variance + np.square(targets - mean) * np.exp(-log_variance), sample_weight)

    def value_and_gradient(
        self, outputs: Array, targets: np.ndarray, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        mean, log_variance = np.split(outputs, 2, axis=-1)
        error, precision = mean - targets, np.exp(-log_variance)
        grad_mean, grad_log_variance = error * precision, 0.5 * (1 - error * error * precision)
        grad = np.concatenate([grad_mean, grad_log_variance], axis=-1) * _element_weight(mean, sample_weight)
        return self.value(outputs, targets, sample_weight), grad

    def predict(self, outputs: Array) -> np.ndarray:
        return np.split(outputs, 2, axis=-1)[0]

    def width(self, n_targets: int) -> int:
        return 2 * n_targets

    def output_scaler(self, target_scaler: Scaler) -> Scaler:
        mean, sd = target_scaler.mean, target_scaler.sd
        return Scaler(np.concatenate([mean, 2 * np.log(sd)]), np.concatenate([sd, np.ones(len(sd))]))


def _batch_mean(errors: Array, sample_weight: Array | None) -> Array:
    """Return the mean `(...)` of `errors (..., batch, k)`, weighted by row."""
    if sample_weight is None:
        return errors.mean((-2, -1))
    # vecdot, since a matrix product would sum the rows of a single network in another order
    return np.vecdot(errors.mean(-1), sample_weight) / total_weight(sample_weight)


def _element_weight(outputs: Array, sample_weight: Array | None) -> Any:
    """Return the weight of each element of `outputs (..., batch, k)` in the mean: a number, or `(..., batch, 1)`."""
    if sample_weight is None:
        return 1 / (outputs.shape[-2] * outputs.shape[-1])
    return (sample_weight / (total_weight(sample_weight)[..., None] * outputs.shape[-1]))[..., None]


def total_weight(weights: Array) -> Array:
    """Return the sums `(...)` of `weights (..., batch)`, or 1 where they are 0, so that such a batch has zero loss."""
    total = np.asarray(np.add.reduce(weights, axis=-1))
    return np.where(total > 0, total, total.dtype.type(1))


def flatten_rows(array: Array) -> Array:
    """Reshape `(..., batch, k)` to `(..., batch * k)`."""
    return array.reshape(*array.shape[:-2], -1)
