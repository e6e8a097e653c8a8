"""Batch normalisation: each unit brought to mean 0 and deviation 1 across a batch, then to a size of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.activations import activation, activation_key
from evorobo.nets.layer import ForwardContext, Layer, Parameter, Params
from evorobo.registry import register_component


@register_component("layer", "Affine")
@dataclass(frozen=True)
class Affine:
    """y = activation(gain x + shift), value by value, gains beginning at 1 and shifts at 0."""

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

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        z = x * params["gain"][..., None, :] + params["shift"][..., None, :]
        y, kept = activation(self.activation).forward(z)
        return y, (x, kept)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        x, kept = cache
        dz = activation(self.activation).backward(kept, dy)
        np.add.reduce(dz * x, axis=-2, out=gradients["gain"])
        np.add.reduce(dz, axis=-2, out=gradients["shift"])
        return dz * params["gain"][..., None, :] if needs_input_grad else dz


@register_component("layer", "BatchNorm")
@dataclass(frozen=True)
class BatchNorm:
    """activation(gain (x - mean) / sqrt(variance + epsilon) + shift), mean and variance of each unit over all rows of
    a batch, moments of time included (Ioffe & Szegedy 2015, algorithm 1). Gain and shift are genes.

    Before the bend, where the paper puts it: `Dense(32, "identity"), BatchNorm(activation="relu")`; after it:
    `Dense(32, "relu"), BatchNorm()`. `genome.folded()` works it into its neighbours once all is learned.

    Under backprop the running moments follow those of the batches: `momentum` is the share of the newest, whose
    variance is the unbiased one, as in PyTorch. In use they take the batch's place, so rows do not mix; they are kept
    with the genome. A lonely row has no deviation: in training too it is normalised by the running moments.

    A population has no batch: its members are perturbed and scored, and what a robot meets depends on who drives it.
    So evolution normalises by a reference batch, drawn once and kept (robots are driven by chance for it), each member
    by the moments of those rows under its own weights: virtual batch normalisation (Salimans et al. 2016, "Improved
    techniques for training GANs", section 3.4; for evolution strategies Salimans et al. 2017, section 2.2).
    """

    momentum: float = 0.1
    epsilon: float = 1e-5
    activation: str = "identity"

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", activation_key(self.activation))
        if not 0 < self.momentum <= 1:
            raise SettingsError(
                f"momentum, the share of the newest batch, lies above 0 up to 1, not {self.momentum!r}."
            )
        if not 0 < self.epsilon < np.inf:
            raise SettingsError(
                f"epsilon must be above 0, not {self.epsilon!r}, or units that stand still divide by it."
            )

    def width(self, n_inputs: int) -> int:
        return n_inputs

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return Affine(self.activation).parameters(n_inputs)

    def flops(self, n_inputs: int) -> int:
        return 8 * n_inputs

    def init_running_stats(self, n_inputs: int) -> dict[str, Array]:
        return {"mean": np.zeros(n_inputs), "variance": np.ones(n_inputs)}

    def set_running_stats(self, x: Array, context: ForwardContext) -> None:
        mean, variance, _, _ = _statistics(x, context.mask)
        context.running_stats["mean"][...] = mean[..., 0, :]
        context.running_stats["variance"][...] = variance[..., 0, :]

    def freeze(self, params: Params, running_stats: Params) -> tuple[Layer, dict[str, Array]]:
        gain = params["gain"] * self._scale(running_stats["variance"])
        return Affine(self.activation), {"gain": gain, "shift": params["shift"] - running_stats["mean"] * gain}

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        if context.training and _count(x, context.mask) > 1:
            mean, variance, centred, count = _statistics(x, context.mask)
            self._follow(context.running_stats, mean, variance, count)
            scale = self._scale(variance)
            normal = np.multiply(centred, scale, out=centred)
            z = normal * params["gain"][..., None, :]
            z += params["shift"][..., None, :]
            y, kept = activation(self.activation).forward(z)
            return y, (normal, scale, kept, _shares(context.mask, count, x.dtype))
        layer, settled = self.freeze(params, context.running_stats)
        y, (_, kept) = layer.forward(settled, x, context)
        scale = self._scale(context.running_stats["variance"][..., None, :])
        return y, ((x - context.running_stats["mean"][..., None, :]) * scale, scale, kept, None)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        normal, scale, kept, shares = cache
        dz = activation(self.activation).backward(kept, dy)
        by_gain, by_shift = gradients["gain"], gradients["shift"]
        np.add.reduce(dz * normal, axis=-2, out=by_gain)
        np.add.reduce(dz, axis=-2, out=by_shift)
        if not needs_input_grad:
            return dz
        if shares is not None:  # what each row does to all by mean and variance
            dz = dz - shares * (normal * by_gain[..., None, :] + by_shift[..., None, :])
        return dz * (params["gain"][..., None, :] * scale)

    def _scale(self, variance: Array) -> Array:
        return 1 / np.sqrt(variance + variance.dtype.type(self.epsilon))

    def _follow(self, running_stats: Params, mean: Array, variance: Array, count: int) -> None:
        for name, newest in (("mean", mean), ("variance", variance * (count / (count - 1)))):
            running = running_stats[name]
            running += self.momentum * (newest[..., 0, :] - running)


def _count(x: Array, mask: np.ndarray | None) -> int:
    return int(x.shape[-2] if mask is None else np.count_nonzero(mask))


def _statistics(x: Array, mask: np.ndarray | None) -> tuple[Array, Array, Array, int]:
    """Mean and (biased) variance `(..., 1, k)` of the real rows of `x (..., batch, k)`, all rows less that mean, and
    how many are real."""
    rows = x if mask is None else np.compress(mask, x, axis=-2)
    count = rows.shape[-2]
    mean = np.add.reduce(rows, axis=-2, keepdims=True) / count
    centred = x - mean
    counted = centred if mask is None else np.compress(mask, centred, axis=-2)
    return mean, np.add.reduce(np.square(counted), axis=-2, keepdims=True) / count, centred, count


def _shares(mask: np.ndarray | None, count: int, dtype: Any) -> Array | float:
    """How much each row counts in the batch's mean: one share for all, or `(batch, 1)`."""
    return 1 / count if mask is None else mask[:, None].astype(dtype) / count
