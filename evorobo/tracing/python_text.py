"""NumPy's elementwise functions as Python expressions of single numbers, which numba compiles."""

from __future__ import annotations

PLAIN = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "remainder": "{} % {}",
    "floor_divide": "{} // {}",
    "power": "{} ** {}",
    "float_power": "{} ** {}",
    "negative": "-{}",
    "positive": "{}",
    "conjugate": "{}",
    "square": "{0} * {0}",
    "less": "{} < {}",
    "less_equal": "{} <= {}",
    "greater": "{} > {}",
    "greater_equal": "{} >= {}",
    "equal": "{} == {}",
    "not_equal": "{} != {}",
    "logical_not": "not {}",
    "invert": "not {}",
    "logical_and": "both({}, {})",
    "bitwise_and": "both({}, {})",
    "logical_or": "either({}, {})",
    "bitwise_or": "either({}, {})",
    "logical_xor": "{} != {}",
    "bitwise_xor": "{} != {}",
    "absolute": "abs({})",
    "fabs": "abs({})",
    "minimum": "minimum({}, {})",
    "maximum": "maximum({}, {})",
    "fmin": "fmin({}, {})",
    "fmax": "fmax({}, {})",
    "clip": "clip({}, {}, {})",
    "sign": "float64({0} > 0.0) - float64({0} < 0.0)",
    "reciprocal": "1.0 / {}",
    "rint": "float64(round({}))",
    "floor": "float64(math.floor({}))",
    "ceil": "float64(math.ceil({}))",
    "trunc": "float64(math.trunc({}))",
    "exp2": "2.0 ** {}",
    "cbrt": "math.copysign(abs({0}) ** (1.0 / 3.0), {0})",
    "logaddexp": "max({0}, {1}) + math.log1p(math.exp(-abs({0} - {1})))",
}
"""Templates by the name of the ufunc; operands are in the order of its arguments. `choices.py` has the choices."""

MATH = {
    "sqrt": "sqrt",
    "exp": "exp",
    "expm1": "expm1",
    "log": "log",
    "log1p": "log1p",
    "log2": "log2",
    "log10": "log10",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "hypot": "hypot",
    "copysign": "copysign",
    "fmod": "fmod",
    "isfinite": "isfinite",
    "isnan": "isnan",
    "isinf": "isinf",
    "deg2rad": "radians",
    "radians": "radians",
    "rad2deg": "degrees",
    "degrees": "degrees",
}
"""The functions of Python's `math` that ufuncs correspond to."""


def expression(ufunc: str, operands: list[str]) -> str | None:
    """The call of a ufunc on these operands, which are names or literals; None for an unknown function.

    Functions of `math` that were vectorized by `np.frompyfunc` or `np.vectorize` are known by their own names.
    """
    name = ufunc.removesuffix(" (vectorized)")
    if name == "power" and operands[1] in ("float64(2.0)", "float32(2.0)"):
        return "{0} * {0}".format(operands[0])
    if name in PLAIN:
        return PLAIN[name].format(*operands)
    if name in MATH or name in MATH.values():
        return f"math.{MATH.get(name, name)}({', '.join(operands)})"
    return None
