"""Activation functions: each is defined once, and layers, kernels and exported files are made from that definition."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.initializers import initializer_key
from evorobo.registry import register_component
from evorobo.settings import lookup_component, qualified_key

Forward = Callable[[Array], tuple[Array, Array]]
"""`forward(z) -> (y, cache)`; it may overwrite `z`, and `cache` is what `backward` needs."""
Backward = Callable[[Array, Array], Array]
"""`backward(cache, dy) -> dz`; it may overwrite `dy`."""


@dataclass(frozen=True, eq=False)
class Activation:
    """An activation function, its derivative, and the initializer for the weights in front of it.

    Register it with `register_component("activation", key)`; layers then take its key. Networks train and evolve with
    it, the compiled kernel contains it, and `export_genome` writes it in every language.

    Parameters
    ----------
    function : callable
        `function(z) -> y`, elementwise, for arrays of any shape. It is made of NumPy's elementwise functions
        (`np.tanh`, `np.exp`, `np.maximum`, `np.where`, ...), arithmetic and numbers. It has no `if` and leaves `z`
        unchanged, so that it can be traced and written in other languages.
    derivative : callable
        `derivative(z)`, the derivative of `function` at `z`, in NumPy. Only training uses it; it is never exported.
    initializer : str, default "glorot"
        Key of the initializer of the weights in front of the activation: "glorot" for symmetric activations, "he" for
        rectifiers.
    forward : callable, optional
        `forward(z) -> (y, cache)`, a faster version of `function` that may overwrite `z`. Its values equal those of
        `function`.
    backward : callable, optional
        `backward(cache, dy) -> dz`, the chain rule for `forward`. Give both or neither.

    Raises
    ------
    SettingsError
        Where only one of `forward` and `backward` is given, or the initializer is unknown.

    Examples
    --------
    The swish function z / (1 + exp(-z)) (Ramachandran, Zoph & Le 2017):

    >>> import numpy as np
    >>> from evorobo import Activation, Dense, register_component
    >>> def swish(z):
    ...     return z / (1 + np.exp(-z))
    >>> def swish_derivative(z):
    ...     s = 1 / (1 + np.exp(-z))
    ...     return s + z * s * (1 - s)
    >>> _ = register_component("activation", "swish")(Activation(swish, swish_derivative, "he"))
    >>> Dense(8, "swish").units
    8
    """

    function: Callable[[Any], Any]
    derivative: Callable[[Array], Any]
    initializer: str = "glorot"
    forward: Forward = cast("Forward", None)
    backward: Backward = cast("Backward", None)

    def __post_init__(self) -> None:
        if (self.forward is None) != (self.backward is None):
            raise SettingsError("an activation has only one of forward and backward; give both or neither.")
        object.__setattr__(self, "initializer", initializer_key(self.initializer))
        if self.forward is None:
            object.__setattr__(self, "forward", self._function_and_input)
            object.__setattr__(self, "backward", self._times_derivative)

    @property
    def summary(self) -> str:
        """The first line of the function's docstring, and the initializer: what `evorobo list` prints."""
        formula = (inspect.getdoc(self.function) or "").partition("\n")[0]
        return f"{formula}; initializer {self.initializer}".removeprefix("; ")

    def _function_and_input(self, z: Array) -> tuple[Array, Array]:
        return np.asarray(self.function(z), z.dtype), z

    def _times_derivative(self, z: Array, dy: Array) -> Array:
        return np.asarray(dy * self.derivative(z), dy.dtype)


def activation(key: str) -> Activation:
    """The activation with that key. Raises `SettingsError` for an unknown key, with the nearest known one."""
    found: Activation = lookup_component("activation", key)
    return found


def activation_key(key: str) -> str:
    """The key as layers keep it: that of a user's activation begins with the file that registers it, "my.py:swish".

    Raises `SettingsError` for an unknown key.
    """
    activation(key)
    return qualified_key("activation", key)


# ---- the activations of the package; forward and backward avoid temporary arrays


def identity(z: Any) -> Any:
    """y = z"""
    return z


def _identity_derivative(z: Array) -> Array:
    return np.ones_like(z)


def _identity_forward(z: Array) -> tuple[Array, Array]:
    return z, z


def _identity_backward(cache: Array, dy: Array) -> Array:
    return dy


register_component("activation", "identity")(
    Activation(identity, _identity_derivative, "glorot", _identity_forward, _identity_backward)
)


def tanh(z: Any) -> Any:
    """y = tanh(z)"""
    return np.tanh(z)


def _tanh_derivative(z: Array) -> Array:
    y = np.tanh(z)
    return 1 - y * y


def _tanh_forward(z: Array) -> tuple[Array, Array]:
    y = np.tanh(z, out=z)
    return y, y


def _tanh_backward(y: Array, dy: Array) -> Array:
    dz = y * y
    np.subtract(1, dz, out=dz)
    return np.multiply(dy, dz, out=dz)


register_component("activation", "tanh")(Activation(tanh, _tanh_derivative, "glorot", _tanh_forward, _tanh_backward))


def relu(z: Any) -> Any:
    """y = max(z, 0)"""
    return np.maximum(z, 0)


def _relu_derivative(z: Array) -> Array:
    return (z > 0).astype(z.dtype)


def _relu_forward(z: Array) -> tuple[Array, Array]:
    y = np.maximum(z, 0, out=z)
    return y, y


def _relu_backward(y: Array, dy: Array) -> Array:
    return dy * (y > 0)


register_component("activation", "relu")(Activation(relu, _relu_derivative, "he", _relu_forward, _relu_backward))


def leaky_relu(z: Any) -> Any:
    """y = max(z, 0.01 z) (Maas, Hannun & Ng 2013)"""
    return np.maximum(z, z * 0.01)


def _leaky_relu_derivative(z: Array) -> Array:
    return np.where(z > 0, 1, 0.01)


def _leaky_relu_forward(z: Array) -> tuple[Array, Array]:
    y = leaky_relu(z)
    return y, y


def _leaky_relu_backward(y: Array, dy: Array) -> Array:
    return np.where(y > 0, dy, dy * dy.dtype.type(0.01))


register_component("activation", "leaky_relu")(
    Activation(leaky_relu, _leaky_relu_derivative, "he", _leaky_relu_forward, _leaky_relu_backward)
)


def elu(z: Any) -> Any:
    """y = z above zero, exp(z) - 1 below (Clevert, Unterthiner & Hochreiter 2016, alpha = 1)"""
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def _elu_derivative(z: Array) -> Array:
    return np.exp(np.minimum(z, 0))


def _elu_forward(z: Array) -> tuple[Array, Array]:
    y = elu(z)
    return y, y


def _elu_backward(y: Array, dy: Array) -> Array:
    return np.where(y > 0, dy, dy * (y + 1))


register_component("activation", "elu")(Activation(elu, _elu_derivative, "he", _elu_forward, _elu_backward))


def sigmoid(z: Any) -> Any:
    """y = 1 / (1 + exp(-z)), by tanh, which overflows on neither side"""
    return (np.tanh(z * 0.5) + 1) * 0.5


def _sigmoid_derivative(z: Array) -> Array:
    y = sigmoid(z)
    return y * (1 - y)


def _sigmoid_forward(z: Array) -> tuple[Array, Array]:
    z *= 0.5
    y = np.tanh(z, out=z)
    y += 1
    y *= 0.5
    return y, y


def _sigmoid_backward(y: Array, dy: Array) -> Array:
    return dy * (y * (1 - y))


register_component("activation", "sigmoid")(
    Activation(sigmoid, _sigmoid_derivative, "glorot", _sigmoid_forward, _sigmoid_backward)
)


def softplus(z: Any) -> Any:
    """y = log(1 + exp(z))"""
    return np.logaddexp(z, 0)


def _softplus_derivative(z: Array) -> Array:
    return -np.expm1(-softplus(z))


def _softplus_forward(z: Array) -> tuple[Array, Array]:
    y = softplus(z)
    return y, y


def _softplus_backward(y: Array, dy: Array) -> Array:
    return dy * -np.expm1(-y)


register_component("activation", "softplus")(
    Activation(softplus, _softplus_derivative, "he", _softplus_forward, _softplus_backward)
)

_GELU = math.sqrt(2 / math.pi)


def gelu(z: Any) -> Any:
    """y = z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2 (Hendrycks & Gimpel 2016, section 2)"""
    inner = _GELU * (z + 0.044715 * z**3)
    return z * (np.tanh(inner) + 1) / 2


def _gelu_derivative(z: Array) -> Array:
    t = np.tanh(_GELU * (z + 0.044715 * z**3))
    inner = _GELU * (1 + 3 * 0.044715 * z * z)
    return (1 + t) / 2 + z * (1 - t * t) * inner / 2


register_component("activation", "gelu")(Activation(gelu, _gelu_derivative, "he"))
