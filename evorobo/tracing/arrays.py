"""Arrays that hold names instead of numbers, and write down what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from evorobo.errors import TaskError
from evorobo.tracing.python_text import expression

DOUBLE, TRUTH = np.dtype(float), np.dtype(bool)


class Script:
    """Lines of Python, each giving a name to one number. What is computed twice is computed once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def number(self, text: str, dtype: np.dtype[Any]) -> Number:
        """The number that this expression is."""
        if text not in self._names:
            self._names[text] = f"v{len(self._names)}"
            self.lines.append(f"{self._names[text]} = {text}")
        return Number(self, self._names[text], dtype)

    def cast(self, value: Any, dtype: np.dtype[Any]) -> str:
        """A number or constant as an operand of that type."""
        if isinstance(value, Number):
            return value.name if value.dtype == dtype else self.number(f"{dtype.name}({value.name})", dtype).name
        constant = dtype.type(value).item()
        if dtype.kind == "f":
            text = repr(constant) if np.isfinite(constant) else f"{'-' * (constant < 0)}math.{abs(constant)}"
            return f"{dtype.name}({text})"
        return repr(constant)


class Number(NDArrayOperatorsMixin):
    """One number that is not known yet, under its name in a script."""

    def __init__(self, script: Script, name: str, dtype: np.dtype[Any]) -> None:
        self.script, self.name, self.dtype = script, name, dtype

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **how: Any) -> Any:
        return _applied(ufunc, method, inputs, how)

    def __getattr__(self, name: str) -> Any:
        # NumPy asks numbers in arrays of objects for their own cos(), sqrt(), ...
        function = getattr(np, name, None)
        if not isinstance(function, np.ufunc):
            raise AttributeError(name)
        return lambda: function(self)

    def __bool__(self) -> bool:
        raise TaskError("it decides by a number that is not known yet; np.where, & and | do not, nor does np.stack")

    def __float__(self) -> float:
        raise TaskError("it makes a plain number of one that is not known yet; keep to functions of NumPy")

    def __index__(self) -> int:
        raise TaskError("it looks something up by a number that is not known yet; np.where can choose")


class Traced(np.ndarray[Any, Any]):
    """An array of numbers that are not known yet, and of some that are."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **how: Any) -> Any:
        return _applied(ufunc, method, inputs, how)

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        if function in _CHOOSING:
            return _CHOOSING[function](*arguments, **named)
        result = super().__array_function__(function, types, arguments, named)
        if isinstance(result, list | tuple):
            return type(result)(_again(each) for each in result)
        return _again(result)

    def astype(self, dtype: Any, *arguments: Any, **named: Any) -> Any:
        kind = np.dtype(dtype)

        def cast(value: Any) -> Any:
            if not isinstance(value, Number):
                return kind.type(value)
            return Number(value.script, value.script.cast(value, kind), kind)

        return _each(cast, self)


def traced(numbers: Sequence[Any]) -> Any:
    """A row `(1, k)` of numbers."""
    row = np.empty((1, len(numbers)), object)
    row[0, :] = numbers
    return row.view(Traced)


def _again(array: Any) -> Any:
    """As traced, what a function of NumPy made a common array of."""
    return array.view(Traced) if isinstance(array, np.ndarray) and array.dtype == object else array


def _applied(ufunc: Any, method: str, inputs: Sequence[Any], how: dict[str, Any]) -> Any:
    """What a function of NumPy makes of arrays, some of them traced."""
    (into,) = how.pop("out", None) or (None,)
    if method == "reduce":
        result = _reduced(ufunc, *inputs, **how)
    elif method == "__call__" and ufunc.nout == 1 and not ufunc.signature:
        result = _each(lambda *values: _one(ufunc, values), *inputs)
    else:
        raise TaskError(f"it uses np.{ufunc.__name__}{'' if method == '__call__' else '.' + method}, unknown here")
    if into is None:
        return result
    into[...] = result
    return into


def _each(function: Callable[..., Any], *inputs: Any) -> Any:
    """`function` of the elements of arrays, which are broadcast."""
    # as objects, Python's own numbers stay such, which take the type of what they meet
    plain = [each if isinstance(each, np.ndarray) else _alone(each) for each in inputs]
    together = np.broadcast_arrays(*(np.asarray(each) for each in plain))
    result = np.empty(together[0].shape, object)
    for at in np.ndindex(result.shape):
        result[at] = function(*(each[at] for each in together))
    return result.view(Traced) if result.shape else result[()]


def _alone(value: Any) -> np.ndarray:
    if isinstance(value, Number | np.generic | bool | int | float):
        array = np.empty((), object)
        array[()] = value
        return array
    return np.asarray(value)


def _one(ufunc: Any, values: Sequence[Any]) -> Any:
    """A function of single numbers."""
    script = next((value.script for value in values if isinstance(value, Number)), None)
    if script is None:
        with np.errstate(all="ignore"):
            return ufunc(*values)
    kinds = ufunc.resolve_dtypes((*map(_kind, values), None))
    kinds = tuple(DOUBLE if kind.kind == "O" else kind for kind in kinds)
    text = expression(ufunc.__name__, [script.cast(*each) for each in zip(values, kinds[:-1], strict=True)])
    if text is None:
        raise TaskError(f"it uses np.{ufunc.__name__}, unknown here")
    return script.number(text if kinds[-1] == TRUTH else f"{kinds[-1].name}({text})", kinds[-1])


def _kind(value: Any) -> Any:
    """The type by which NumPy finds the type of a result."""
    if isinstance(value, Number | np.generic):
        return value.dtype
    return TRUTH if isinstance(value, bool) else type(value)


def _reduced(ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False, **rest: Any) -> Any:
    """Along an axis, from left to right."""
    if any(rest.get(name, default) is not default for name, default in (("where", True), ("initial", np._NoValue))):
        raise TaskError(f"it uses where= or initial= in a sum or the like (np.{ufunc.__name__}), unknown here")
    plain = np.asarray(array)
    axes = range(plain.ndim) if axis is None else np.atleast_1d(axis)
    for along in sorted((int(each) % plain.ndim for each in axes), reverse=True):
        parts = list(np.moveaxis(plain, along, 0))
        total = parts[0]
        for part in parts[1:]:
            total = np.asarray(_applied(ufunc, "__call__", (_boxed(total), _boxed(part)), {}), object)
        plain = np.expand_dims(total, along) if keepdims else np.asarray(total, object)
    return plain.view(Traced) if plain.shape else plain[()]


def _boxed(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else _alone(value)


def _where(condition: Any, yes: Any, no: Any) -> Any:
    def choice(asked: Any, one: Any, other: Any) -> Any:
        if not isinstance(asked, Number):
            return one if asked else other
        script = asked.script
        kinds = [each.dtype if isinstance(each, Number) else each for each in (one, other)]
        kind = np.result_type(*kinds)
        operands = script.cast(asked, TRUTH), script.cast(one, kind), script.cast(other, kind)
        return script.number(f"pick({', '.join(operands)})", kind)

    return _each(choice, condition, yes, no)


def _select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        default = _where(condition, choice, default)
    return default


_CHOOSING: dict[Any, Callable[..., Any]] = {np.where: _where, np.select: _select}
"""Functions of NumPy that look at what they choose by."""
