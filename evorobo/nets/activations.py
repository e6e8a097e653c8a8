"""The bends in a network: each activation with its slope, ready for the backward pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import unknown


@dataclass(frozen=True)
class Activation:
    """`forward(z) -> (y, kept)` may overwrite `z`; `backward(kept, dy) -> dz` may overwrite `dy`.

    `initialiser` is the usual one to go with it: "glorot" for the symmetric ones, "he" for the rectifying ones.
    """

    name: str
    forward: Callable[[Array], tuple[Array, Array]]
    backward: Callable[[Array, Array], Array]
    initializer: str


def _identity(z: Array) -> tuple[Array, Array]:
    return z, z


def _identity_slope(kept: Array, dy: Array) -> Array:
    return dy


def _tanh(z: Array) -> tuple[Array, Array]:
    y = np.tanh(z, out=z)
    return y, y


def _tanh_slope(y: Array, dy: Array) -> Array:
    slope = y * y
    np.subtract(1, slope, out=slope)
    return np.multiply(dy, slope, out=slope)


def _relu(z: Array) -> tuple[Array, Array]:
    y = np.maximum(z, 0, out=z)
    return y, y


def _relu_slope(y: Array, dy: Array) -> Array:
    return dy * (y > 0)


_LEAK = 0.01


def _leaky_relu(z: Array) -> tuple[Array, Array]:
    y = np.maximum(z, z * z.dtype.type(_LEAK))
    return y, y


def _leaky_relu_slope(y: Array, dy: Array) -> Array:
    return np.where(y > 0, dy, dy * dy.dtype.type(_LEAK))


def _elu(z: Array) -> tuple[Array, Array]:
    y = np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
    return y, y


def _elu_slope(y: Array, dy: Array) -> Array:
    return np.where(y > 0, dy, dy * (y + 1))


def _sigmoid(z: Array) -> tuple[Array, Array]:
    # by tanh: no overflow on either side
    z *= 0.5
    y = np.tanh(z, out=z)
    y += 1
    y *= 0.5
    return y, y


def _sigmoid_slope(y: Array, dy: Array) -> Array:
    return dy * (y * (1 - y))


def _softplus(z: Array) -> tuple[Array, Array]:
    y = np.logaddexp(z, z.dtype.type(0))
    return y, y


def _softplus_slope(y: Array, dy: Array) -> Array:
    return dy * -np.expm1(-y)


_GELU = np.sqrt(2 / np.pi)


def _gelu(z: Array) -> tuple[Array, Array]:
    inner = z.dtype.type(_GELU) * (z + z.dtype.type(0.044715) * z**3)
    return z * (np.tanh(inner) + 1) / 2, z


def _gelu_slope(z: Array, dy: Array) -> Array:
    one = z.dtype.type
    t = np.tanh(one(_GELU) * (z + one(0.044715) * z**3))
    inner = one(_GELU) * (1 + one(3 * 0.044715) * z * z)
    return dy * ((1 + t) / 2 + z * (1 - t * t) * inner / 2)


ACTIVATIONS = {
    each.name: each
    for each in (
        Activation("identity", _identity, _identity_slope, "glorot"),
        Activation("tanh", _tanh, _tanh_slope, "glorot"),
        Activation("relu", _relu, _relu_slope, "he"),
        # slope 0.01 below zero (Maas, Hannun & Ng 2013)
        Activation("leaky_relu", _leaky_relu, _leaky_relu_slope, "he"),
        # Clevert, Unterthiner & Hochreiter 2016, alpha = 1
        Activation("elu", _elu, _elu_slope, "he"),
        Activation("sigmoid", _sigmoid, _sigmoid_slope, "glorot"),
        Activation("softplus", _softplus, _softplus_slope, "he"),
        # the tanh form of Hendrycks & Gimpel 2016, section 2
        Activation("gelu", _gelu, _gelu_slope, "he"),
    )
}


def activation(name: str) -> Activation:
    """The activation of that name, or an error with the nearest one."""
    if name not in ACTIVATIONS:
        raise unknown("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]
