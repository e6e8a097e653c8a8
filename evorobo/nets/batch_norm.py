"""Batch normalization: each unit is normalized over the batch, then scaled and shifted by learned parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import is_overridden
from evorobo.docstrings import inherit_docs
from evorobo.errors import SettingsError
from evorobo.fields import Decay, PositiveFloat
from evorobo.nets.activations import activation, activation_key
from evorobo.nets.layer import ForwardContext, HasRunningStats, Layer, Parameter, Params
from evorobo.registry import register_component


@register_component("layer", "Affine")
@dataclass(frozen=True)
class Affine(Layer):
    """y = activation(gain x + shift), element by element. Gains start at 1 and shifts at 0."""

    activation: str = "identity"

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", activation_key(self.activation))

    def width(self, n_inputs: int) -> int:
        return n_inputs

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return {
            "gain": Parameter((n_inputs,), lambda rng: np.ones(n_inputs)),
            "shift": Parameter((n_inputs,), lambda rng: np.zeros(n_inputs)),
        }

    def flops(self, n_inputs: int) -> int:
        return 2 * n_inputs

    def backward_flops(self, n_inputs: int, needs_input_grad: bool = True) -> int:
        return (4 if needs_input_grad else 3) * n_inputs

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        z = x * params["gain"][..., None, :] + params["shift"][..., None, :]
        y, activation_cache = activation(self.activation).forward(z)
        return y, (x, activation_cache)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        x, activation_cache = cache
        dz = activation(self.activation).backward(activation_cache, dy)
        np.add.reduce(dz * x, axis=-2, out=gradients["gain"])
        np.add.reduce(dz, axis=-2, out=gradients["shift"])
        return dz * params["gain"][..., None, :] if needs_input_grad else dz


@register_component("layer", "BatchNorm")
@dataclass(frozen=True)
@inherit_docs
class BatchNorm(Layer, HasRunningStats):
    """Batch normalization: activation(gain (x - mean) / sqrt(variance + epsilon) + shift).

    Mean and variance of each unit are taken over all rows of the batch, time steps included. Gain and shift are part
    of the genome. The paper places the layer before the activation: ``Dense(32, "identity"),
    BatchNorm(activation="relu")``. After it, write ``Dense(32, "relu"), BatchNorm()``. `Genome.folded` merges the layer
    into its neighbors after training.

    Under backprop, running statistics follow those of the batches, with the unbiased variance, as in PyTorch. Outside
    training they replace the statistics of the batch, so that rows do not mix; they are stored with the genome. A batch
    of one row has no variance, so in training it is normalized by the running statistics.

    Evolution has no training batch, and the observations of a robot depend on its controller. Evolution therefore
    uses virtual batch normalization: a reference batch is collected once with a random policy, and each individual is
    normalized by the statistics of these rows under its own weights.

    Parameters
    ----------
    momentum : float, default 0.1
        Weight of the newest batch in the running statistics, above 0 and up to 1.
    epsilon : float, default 1e-5
        Added to the variance, above 0.
    activation : str, default "identity"
        Name of the activation function that follows.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    References
    ----------
    Ioffe & Szegedy (2015), "Batch normalization", algorithm 1. Virtual batch normalization: Salimans et al. (2016),
    "Improved techniques for training GANs", section 3.4, and for evolution strategies Salimans et al. (2017),
    "Evolution strategies as a scalable alternative to reinforcement learning", section 2.2.

    Examples
    --------
    >>> from evorobo import BatchNorm, Dense, NetworkSpec
    >>> spec = NetworkSpec.build(4, (Dense(8, "identity"), BatchNorm(activation="tanh")), 2)
    >>> spec.n_running_stats  # a mean and a variance for each of 8 units
    16
    """

    momentum: Decay = 0.1
    epsilon: PositiveFloat = 1e-5
    activation: str = "identity"

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", activation_key(self.activation))

    def width(self, n_inputs: int) -> int:
        return n_inputs

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return Affine(self.activation).parameters(n_inputs)

    def flops(self, n_inputs: int) -> int:
        return 8 * n_inputs

    def backward_flops(self, n_inputs: int, needs_input_grad: bool = True) -> int:
        return (8 if needs_input_grad else 3) * n_inputs

    def init_running_stats(self, n_inputs: int) -> dict[str, Array]:
        return {"mean": np.zeros(n_inputs), "variance": np.ones(n_inputs)}

    def set_running_stats(self, x: Array, context: ForwardContext) -> None:
        mean, variance, _, _ = _batch_stats(x, context.mask)
        context.running_stats["mean"][...] = mean[..., 0, :]
        context.running_stats["variance"][...] = variance[..., 0, :]

    def freeze(self, params: Params, running_stats: Params) -> tuple[Layer, dict[str, Array]]:
        if is_overridden(self, BatchNorm.forward) and not is_overridden(self, BatchNorm.freeze):
            raise SettingsError(
                f"{type(self).__name__} changes forward() but not freeze(), which evolution and robots use; "
                "define both."
            )
        gain = params["gain"] * self._inverse_sd(running_stats["variance"])
        return Affine(self.activation), {"gain": gain, "shift": params["shift"] - running_stats["mean"] * gain}

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        if context.training and _count_rows(x, context.mask) > 1:
            mean, variance, centered, count = _batch_stats(x, context.mask)
            self._update_running_stats(context.running_stats, mean, variance, count)
            inverse_sd = self._inverse_sd(variance)
            normalized = np.multiply(centered, inverse_sd, out=centered)
            z = normalized * params["gain"][..., None, :]
            z += params["shift"][..., None, :]
            y, activation_cache = activation(self.activation).forward(z)
            return y, (normalized, inverse_sd, activation_cache, _row_weights(context.mask, count, x.dtype))
        affine, frozen = self.freeze(params, context.running_stats)
        y, (_, activation_cache) = affine.forward(frozen, x, context)
        inverse_sd = self._inverse_sd(context.running_stats["variance"][..., None, :])
        normalized = (x - context.running_stats["mean"][..., None, :]) * inverse_sd
        return y, (normalized, inverse_sd, activation_cache, None)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        normalized, inverse_sd, activation_cache, row_weights = cache
        dz = activation(self.activation).backward(activation_cache, dy)
        grad_gain, grad_shift = gradients["gain"], gradients["shift"]
        np.add.reduce(dz * normalized, axis=-2, out=grad_gain)
        np.add.reduce(dz, axis=-2, out=grad_shift)
        if not needs_input_grad:
            return dz
        if row_weights is not None:  # each row affects all others through mean and variance
            dz = dz - row_weights * (normalized * grad_gain[..., None, :] + grad_shift[..., None, :])
        return dz * (params["gain"][..., None, :] * inverse_sd)

    def _inverse_sd(self, variance: Array) -> Array:
        return 1 / np.sqrt(variance + variance.dtype.type(self.epsilon))

    def _update_running_stats(self, running_stats: Params, mean: Array, variance: Array, count: int) -> None:
        for name, newest in (("mean", mean), ("variance", variance * (count / (count - 1)))):
            running = running_stats[name]
            running += self.momentum * (newest[..., 0, :] - running)


def _count_rows(x: Array, mask: np.ndarray | None) -> int:
    return int(x.shape[-2] if mask is None else np.count_nonzero(mask))


def _batch_stats(x: Array, mask: np.ndarray | None) -> tuple[Array, Array, Array, int]:
    """Return mean and biased variance `(..., 1, k)` of real rows of `x (..., batch, k)`, `x` - mean, and the count."""
    rows = x if mask is None else np.compress(mask, x, axis=-2)
    count = rows.shape[-2]
    mean = np.add.reduce(rows, axis=-2, keepdims=True) / count
    centered = x - mean
    real = centered if mask is None else np.compress(mask, centered, axis=-2)
    return mean, np.add.reduce(np.square(real), axis=-2, keepdims=True) / count, centered, count


def _row_weights(mask: np.ndarray | None, count: int, dtype: Any) -> Array | float:
    """Return the weight of each row in the mean of the batch: one number, or `(batch, 1)` with zeros for padding."""
    return 1 / count if mask is None else mask[:, None].astype(dtype) / count
