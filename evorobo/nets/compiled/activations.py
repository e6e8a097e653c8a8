"""Activations for the compiled kernel: those written by hand there, and the text that is generated for all others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evorobo.errors import SettingsError, TaskError
from evorobo.nets.activations import activation
from evorobo.nets.batch_norm import Affine
from evorobo.nets.compiled import network
from evorobo.nets.dense import Dense
from evorobo.nets.elman import Elman
from evorobo.nets.spec import NetworkSpec
from evorobo.tracing.arrays import Number, Script, traced
from evorobo.user_code import reraise_interrupt

KERNEL_NUMBERS = {
    "identity": network.IDENTITY,
    "tanh": network.TANH,
    "relu": network.RELU,
    "leaky_relu": network.LEAKY_RELU,
    "elu": network.ELU,
    "sigmoid": network.SIGMOID,
    "softplus": network.SOFTPLUS,
    "gelu": network.GELU,
}
"""The activations that `network.activate` computes with code of its own, by key."""
SINGLE = np.dtype(np.float32)


def generated_activations(spec: NetworkSpec) -> tuple[str, ...]:
    """The keys of the network's activations for which kernel code is generated."""
    keys = {layer.activation for layer in spec.layers if isinstance(layer, Dense | Affine | Elman)}
    return tuple(sorted(keys - KERNEL_NUMBERS.keys()))


def kernel_number(key: str, generated: Sequence[str]) -> int:
    """The number by which the kernel calls an activation."""
    return KERNEL_NUMBERS[key] if key in KERNEL_NUMBERS else network.GENERATED + generated.index(key)


def activation_source(generated: Sequence[str]) -> str:
    """The text of `activate_generated`, which replaces the empty one of `network.py`."""
    if not generated:
        return ""
    functions, branches = [], ["def activate_generated(activation, z, n):"]
    for number, key in enumerate(generated):
        script, result = trace_activation(key)
        returned = script.cast(result, SINGLE)  # may add a line
        lines = [*script.lines, f"return {returned}"]
        functions += [f"def generated_{number}(z):", *(f"    {line}" for line in lines), "", ""]
        branches += [
            f"    if activation == {network.GENERATED + number}:",
            "        for j in range(n):",
            f"            z[j] = generated_{number}(z[j])",
        ]
    return "\n".join([*functions, *branches]) + "\n"


def activation_and_slope(name: str, key: str, dtype: np.dtype[Any]) -> str:
    """The text of a function `<name>(z)` that returns an activation and its derivative.

    It calls the `tanh` of its kernel, which a processor computes for several numbers at once.
    """
    script = Script()
    z = traced([script.number("z", dtype)])
    results = [_traced(key, function, z) for function in (activation(key).function, activation(key).derivative)]
    returned = ", ".join(script.cast(result, dtype) for result in results)
    lines = [line.replace("math.tanh(", "tanh(") for line in script.lines]
    return "\n".join([f"def {name}(z):", *(f"    {line}" for line in [*lines, f"return {returned}"])])


def trace_activation(key: str) -> tuple[Script, Number | float]:
    """What the activation's `function` computes from one number of single precision, the only input of the script.

    Raises `SettingsError` for a function that cannot be traced.
    """
    script = Script()
    return script, _traced(key, activation(key).function, traced([script.number("float32(z)", SINGLE)]))


def _traced(key: str, function: Callable[[Any], Any], z: Any) -> Number | float:
    try:
        result = np.asarray(function(z))
    except TaskError as error:
        raise not_traceable(key, str(error)) from error
    except BaseException as error:  # a user's function may raise anything
        reraise_interrupt(error)
        raise not_traceable(key, f"{type(error).__name__}: {error}") from error
    if result.shape != (1, 1):
        raise not_traceable(key, f"it returns an array of shape {result.shape} for one of shape (1, 1)")
    value: Number | float = result[0, 0]
    return value


def not_traceable(key: str, why: str) -> SettingsError:
    """The error for an activation that is not made of NumPy's elementwise functions."""
    return SettingsError(
        f"the activation {key!r} can be neither compiled nor exported: {why}; write its function with NumPy's "
        "elementwise functions and without if."
    )
