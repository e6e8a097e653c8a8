"""NumPy's functions on arrays, as Python expressions on single numbers."""

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
"""By the name of the ufunc; operands are in the order of its arguments. Choices are functions of `choices.py`."""

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
"""Those that Python's `math` has too, under its own names."""


def expression(ufunc: str, operands: list[str]) -> str | None:
    """What the function of that name makes of these operands (names or literals), None if there is no such thing here.

    Functions of Python's own that `np.frompyfunc` or `np.vectorize` has made fit for arrays go by their own names.
    """
    name = ufunc.removesuffix(" (vectorized)")
    if name == "power" and operands[1] in ("float64(2.0)", "float32(2.0)"):
        return "{0} * {0}".format(operands[0])
    if name in PLAIN:
        return PLAIN[name].format(*operands)
    if name in MATH or name in MATH.values():
        return f"math.{MATH.get(name, name)}({', '.join(operands)})"
    return None
