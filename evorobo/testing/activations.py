"""The contract of an activation: an elementwise formula, its derivative, and the same values wherever it is written."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError, TaskError
from evorobo.export.formulas import activation_formula
from evorobo.export.numpy_file import SYNTAX
from evorobo.nets.activations import Activation, activation
from evorobo.nets.compiled import choices
from evorobo.nets.compiled.activations import activation_source
from evorobo.nets.compiled.network import GENERATED
from evorobo.testing.common import require

POINTS = 201
"""The number of inputs between -4 and 4 at which values are compared."""
STEP = 1e-6
"""The step of the finite differences."""


def check_activation(key: str) -> None:
    """Raise `TaskError` with one sentence, unless an activation keeps its contract.

    Checked are: `function` computes each element by itself, keeps shape and precision and leaves its input unchanged;
    `derivative` agrees with finite differences; `forward` and `backward`, if given, agree with these two; the function
    can be traced, and its compiled and its exported version have the same values.

    Parameters
    ----------
    key : str
        The registered key, such as "tanh" or "my_file.py:swish".

    Raises
    ------
    TaskError
        Where the contract is broken; the message says how to fix it.
    SettingsError
        For an unknown key.

    Examples
    --------
    >>> from evorobo.testing import check_activation
    >>> check_activation("gelu")
    """
    one = activation(key)
    z = np.linspace(-4.03, 4.01, POINTS)
    _check_function(key, one, z)
    _check_derivative(key, one, z)
    _check_passes(key, one, z)
    _check_traced(key, one, z)


def _check_function(key: str, one: Activation, z: Array) -> None:
    for dtype in (np.float64, np.float32):
        inputs = z.astype(dtype).reshape(3, -1)
        before = inputs.copy()
        y = np.asarray(one.function(inputs), dtype)
        require(
            np.array_equal(inputs, before),
            f"the activation {key!r} overwrites the input of its function; return a new array, and put a version that "
            "works in place into forward and backward.",
        )
        require(
            y.shape == inputs.shape,
            f"the function of the activation {key!r} returns shape {y.shape} for an input of shape {inputs.shape}; "
            "it must be elementwise.",
        )
        single = [
            np.asarray(one.function(row[None, column : column + 1]), dtype) for row in inputs for column in (0, 9)
        ]
        require(
            np.allclose(np.ravel(single), y[:, (0, 9)].ravel(), 1e-5),
            f"the function of the activation {key!r} has other values for one element than for an array; it must be "
            "elementwise.",
        )


def _check_derivative(key: str, one: Activation, z: Array) -> None:
    expected = (np.asarray(one.function(z + STEP)) - np.asarray(one.function(z - STEP))) / (2 * STEP)
    wrong = ~np.isclose(np.broadcast_to(one.derivative(z), z.shape), expected, 1e-5, 1e-6)
    require(
        not wrong.any(),
        f"the derivative of the activation {key!r} is not that of its function, for example at z = "
        f"{z[wrong.argmax()]:.3g}, where it should be {expected[wrong.argmax()]:.6g}.",
    )


def _check_passes(key: str, one: Activation, z: Array) -> None:
    y, cache = one.forward(z.copy())
    require(
        np.allclose(y, one.function(z), 1e-12, 1e-12),
        f"forward of the activation {key!r} has other values than its function; correct it, or leave it out.",
    )
    dy = np.linspace(-1, 2, POINTS)
    require(
        np.allclose(one.backward(cache, dy.copy()), dy * one.derivative(z), 1e-6, 1e-9),
        f"backward of the activation {key!r} is not dy times its derivative; correct it, or leave it out.",
    )


def _check_traced(key: str, one: Activation, z: Array) -> None:
    try:
        exported = _run_exported(key, z)
        compiled = _run_compiled(key, z)
    except SettingsError as error:
        raise TaskError(str(error)) from error
    expected = np.asarray(one.function(z))
    require(
        np.allclose(exported, expected, 1e-9, 1e-12) and np.allclose(compiled, expected, 1e-4, 1e-5),
        f"the activation {key!r} has other values when it is exported or compiled; its function must compute the same "
        "formula in each call, from its input alone.",
    )


def _run_exported(key: str, z: Array) -> Array:
    """The values of the exported formula."""
    names = {"np": np, "z": z}
    steps, result = SYNTAX.body(activation_formula(key))
    for name, text in steps:
        names[name] = eval(text, dict(names))
    return np.asarray(eval(result, names))


def _run_compiled(key: str, z: Array) -> Array:
    """The values of the text that numba would compile, run by Python."""
    # NumPy has everything that is used of `math`, under the same names
    names = {**vars(choices), "math": np, "float32": np.float32, "float64": np.float64}
    exec(activation_source([key]), names)
    values = z.astype(np.float32)
    with np.errstate(all="ignore"):
        names["activate_generated"](GENERATED, values, len(values))
    return values
