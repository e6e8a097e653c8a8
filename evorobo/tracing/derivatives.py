"""Derivatives of NumPy's elementwise functions, with one fixed rule wherever a function has a kink.

`PARTIALS` holds, for every function that can be traced, its partial derivatives: for each operand a function of the
result and the operands, or None where no slope passes. The rules at kinks:

- `clip` passes the slope of the number at both limits, too; a limit gets the slope only beyond it;
- equal operands of `minimum`, `maximum`, `fmin` and `fmax` get half of the slope each;
- `absolute`, `fabs`, `copysign` and `hypot` have the slope 0 at 0;
- `where` passes the slope to the number that was chosen, and none to the condition;
- `remainder` and `fmod` have the slope between two jumps;
- comparisons, logic, `sign`, roundings to whole numbers and tests such as `isnan` have no slope;
- rounding to single precision passes the slope unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tracing.python_text import MATH

Partial = Callable[..., Any]

COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
_TESTS = ("isfinite", "isnan", "isinf")
_LOGIC = ("not", "and", "or", "xor")
WITHOUT_SLOPE = frozenset(
    (
        *(*COMPARISONS, *_TESTS),
        *(f"logical_{name}" for name in _LOGIC),
        *("invert", "bitwise_and", "bitwise_or", "bitwise_xor"),
        *("sign", "rint", "floor", "ceil", "trunc", "floor_divide"),
    )
)
"""Functions whose results have no slope."""

JUMPING = frozenset(("remainder", "fmod", "arctan2", "copysign"))
"""Functions with a slope that jump nevertheless."""

POLES = frozenset(("divide", "reciprocal", "power", "float_power", "tan"))
"""Functions with poles: where the divisor, the base of a negative power or the cosine is 0."""


def _share_of_winner(wins: Callable[[Array, Array], Any], number: int) -> Partial:
    """The partial derivative of a minimum or maximum: 1 for the winner, 1/2 each for equal operands."""

    def partial(y: Array, one: Array, other: Array) -> Any:
        mine, others = (one, other) if number == 0 else (other, one)
        return np.where(np.equal(mine, others), 0.5, 1.0 * wins(mine, others))

    return partial


def _pair(wins: Callable[[Array, Array], Any]) -> tuple[Partial, Partial]:
    return _share_of_winner(wins, 0), _share_of_winner(wins, 1)


def _one(y: Array, *operands: Array) -> float:
    return 1.0


def _minus_one(y: Array, *operands: Array) -> float:
    return -1.0


def _ratio_to_hypot(number: int) -> Partial:
    return lambda y, *legs: np.where(np.equal(y, 0), 0.0, legs[number] / np.where(np.equal(y, 0), 1.0, y))


def _exponent_partial(y: Array, base: Array, exponent: Array) -> Any:
    # a power of 0 does not depend on an exponent above 0
    return np.where(np.equal(y, 0), 0.0, y * np.log(np.where(np.equal(y, 0), 1.0, base)))


def _base_partial(y: Array, base: Array, exponent: Array) -> Any:
    # x ** 0 is constant, also at 0
    return np.where(np.equal(exponent, 0), 0.0, exponent * np.float_power(base, np.subtract(exponent, 1.0)))


PARTIALS: dict[str, tuple[Any, ...]] = {
    "add": (_one, _one),
    "subtract": (_one, _minus_one),
    "multiply": (lambda y, a, b: b, lambda y, a, b: a),
    "divide": (lambda y, a, b: np.divide(1.0, b), lambda y, a, b: -y / b),
    "remainder": (_one, lambda y, a, b: -np.floor(np.divide(a, b))),
    "fmod": (_one, lambda y, a, b: -np.trunc(np.divide(a, b))),
    "power": (_base_partial, _exponent_partial),
    "float_power": (_base_partial, _exponent_partial),
    "negative": (_minus_one,),
    "positive": (_one,),
    "conjugate": (_one,),
    "square": (lambda y, a: 2.0 * a,),
    "absolute": (lambda y, a: np.sign(a),),
    "fabs": (lambda y, a: np.sign(a),),
    "minimum": _pair(lambda mine, other: np.less(mine, other)),
    "maximum": _pair(lambda mine, other: np.greater(mine, other)),
    "fmin": _pair(lambda mine, other: np.less(mine, other) | np.isnan(other)),
    "fmax": _pair(lambda mine, other: np.greater(mine, other) | np.isnan(other)),
    "clip": (
        lambda y, a, low, high: 1.0 * (np.greater_equal(a, low) & np.less_equal(a, high)),
        lambda y, a, low, high: 1.0 * (np.less(a, low) & np.less_equal(low, high)),
        lambda y, a, low, high: 1.0 * np.greater(np.maximum(a, low), high),
    ),
    "where": (
        None,
        lambda y, condition, yes, no: 1.0 * condition,
        lambda y, condition, yes, no: 1.0 * np.logical_not(condition),
    ),
    "cast": (_one,),
    "with_slope_of": (None, _one),
    "reciprocal": (lambda y, a: -y * y,),
    "exp": (lambda y, a: y,),
    "exp2": (lambda y, a: y * np.log(2.0),),
    "expm1": (lambda y, a: y + 1.0,),
    "log": (lambda y, a: 1.0 / a,),
    "log1p": (lambda y, a: 1.0 / (1.0 + a),),
    "log2": (lambda y, a: 1.0 / (a * np.log(2.0)),),
    "log10": (lambda y, a: 1.0 / (a * np.log(10.0)),),
    "logaddexp": (lambda y, a, b: np.exp(a - y), lambda y, a, b: np.exp(b - y)),
    "sqrt": (lambda y, a: 0.5 / y,),
    "cbrt": (lambda y, a: 1.0 / (3.0 * y * y),),
    "sin": (lambda y, a: np.cos(a),),
    "cos": (lambda y, a: -np.sin(a),),
    "tan": (lambda y, a: 1.0 + y * y,),
    "arcsin": (lambda y, a: 1.0 / np.sqrt(1.0 - a * a),),
    "arccos": (lambda y, a: -1.0 / np.sqrt(1.0 - a * a),),
    "arctan": (lambda y, a: 1.0 / (1.0 + a * a),),
    "arctan2": (lambda y, a, b: b / (a * a + b * b), lambda y, a, b: -a / (a * a + b * b)),
    "sinh": (lambda y, a: np.cosh(a),),
    "cosh": (lambda y, a: np.sinh(a),),
    "tanh": (lambda y, a: 1.0 - y * y,),
    "arcsinh": (lambda y, a: 1.0 / np.sqrt(a * a + 1.0),),
    "arccosh": (lambda y, a: 1.0 / np.sqrt(a * a - 1.0),),
    "arctanh": (lambda y, a: 1.0 / (1.0 - a * a),),
    "hypot": (_ratio_to_hypot(0), _ratio_to_hypot(1)),
    "copysign": (lambda y, a, b: np.sign(a) * np.copysign(1.0, b), None),
    "deg2rad": (lambda y, a: np.pi / 180.0,),
    "radians": (lambda y, a: np.pi / 180.0,),
    "rad2deg": (lambda y, a: 180.0 / np.pi,),
    "degrees": (lambda y, a: 180.0 / np.pi,),
} | dict.fromkeys(WITHOUT_SLOPE, (None, None))

_UFUNC_OF_MATH = {function: ufunc for ufunc, function in MATH.items() if ufunc not in ("deg2rad", "rad2deg")}


def canonical_name(operation: str) -> str:
    """NumPy's name of an operation; functions of `math` that were vectorized have names of their own."""
    name = operation.removesuffix(" (vectorized)")
    return name if name in PARTIALS else _UFUNC_OF_MATH.get(name, name)
