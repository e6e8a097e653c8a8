"""Arrays of unknown numbers that record what NumPy computes with them, as lines of Python and as a tree of operations.

A function is called once with such an array. What it does is then known for any numbers, so it can be compiled or
written in another language. It must not decide by the numbers with `if`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from evorobo.errors import TaskError
from evorobo.tracing.python_text import expression

DOUBLE, TRUTH = np.dtype(float), np.dtype(bool)
_NUMPY = str(Path(np.__file__).parent)


@dataclass(frozen=True, eq=False)
class Operation:
    """How a number is computed: the name of a NumPy function ("add", "where", or "cast") and its operands, which are
    `Number`s and constants. `place` is the function and the line that asked for it."""

    name: str
    operands: tuple[Any, ...]
    place: str = ""


class Script:
    """Lines of Python, each of which names one number. Equal expressions share one name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.kinds: list[np.dtype[Any]] = []  # of the numbers, line by line
        self._names: dict[str, str] = {}

    def number(self, text: str, dtype: np.dtype[Any], operation: Operation | None = None) -> Number:
        """The number of that expression; a number without an operation is an input."""
        if text not in self._names:
            self._names[text] = f"v{len(self._names)}"
            self.lines.append(f"{self._names[text]} = {text}")
            self.kinds.append(dtype)
        return Number(self, self._names[text], dtype, operation)

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
    """One unknown number, by its name in a script."""

    def __init__(self, script: Script, name: str, dtype: np.dtype[Any], operation: Operation | None = None) -> None:
        self.script, self.name, self.dtype, self.operation = script, name, dtype, operation

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _apply(ufunc, method, inputs, kwargs)

    def __getattr__(self, name: str) -> Any:
        # NumPy calls methods of the elements of object arrays: cos(), sqrt(), ...
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
    """An array of unknown numbers, some of which may be known."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _apply(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        if function in _CHOOSING:
            return _CHOOSING[function](*arguments, **named)
        result = super().__array_function__(function, types, arguments, named)
        if isinstance(result, list | tuple):
            return type(result)(_as_traced(part) for part in result)
        return _as_traced(result)

    def astype(self, dtype: Any, *arguments: Any, **named: Any) -> Any:
        kind = np.dtype(dtype)
        kind = DOUBLE if kind.kind == "O" else kind  # the type that a traced array says it has

        def cast(value: Any) -> Any:
            if not isinstance(value, Number):
                return kind.type(value)
            return Number(value.script, value.script.cast(value, kind), kind, Operation("cast", (value,), _place()))

        return _elementwise(cast, self)


def traced(numbers: Sequence[Any]) -> Any:
    """A row `(1, k)` of numbers."""
    row = np.empty((1, len(numbers)), object)
    row[0, :] = numbers
    return row.view(Traced)


def with_slope_of(value: Any, like: Callable[[], Any]) -> Any:
    """Return `value`; where derivatives are taken, it has those of `like()`, which only tracing calls.

    For a branch that keeps the value of a function but not its slope, such as "straight ahead" of an arc.
    """

    def choose(one: Any, other: Any) -> Any:
        if not isinstance(other, Number):
            return one
        script, operands = other.script, (one, other)
        text = f"sloped({', '.join(script.cast(operand, other.dtype) for operand in operands)})"
        return script.number(text, other.dtype, Operation("with_slope_of", operands))

    return _elementwise(choose, value, like()) if isinstance(value, Traced) else value


def without_jump(condition: Any) -> Any:
    """Return `condition`; it states that no number jumps where the condition changes (see `Operation.place`)."""

    def unplaced(value: Any) -> Any:
        if not isinstance(value, Number) or value.operation is None:
            return value
        return Number(value.script, value.name, value.dtype, replace(value.operation, place=""))

    return _elementwise(unplaced, condition) if isinstance(condition, Traced) else condition


def _place() -> str:
    """The function and the line outside of NumPy and this file that is running."""
    frame = sys._getframe(1)
    while frame.f_back and (frame.f_code.co_filename == __file__ or frame.f_code.co_filename.startswith(_NUMPY)):
        frame = frame.f_back
    code = frame.f_code
    return f"{code.co_name}() ({Path(code.co_filename).name}, line {frame.f_lineno})"


def _as_traced(array: Any) -> Any:
    """A traced array again, where a NumPy function made a plain one of it."""
    return array.view(Traced) if isinstance(array, np.ndarray) and array.dtype == object else array


def _apply(ufunc: Any, method: str, inputs: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The result of a ufunc on arrays, some of them traced."""
    (out,) = kwargs.pop("out", None) or (None,)
    if method == "reduce":
        result = _reduce(ufunc, *inputs, **kwargs)
    elif method == "__call__" and ufunc.nout == 1 and not ufunc.signature:
        result = _elementwise(lambda *values: _call(ufunc, values), *inputs)
    else:
        raise TaskError(f"it uses np.{ufunc.__name__}{'' if method == '__call__' else '.' + method}, unknown here")
    if out is None:
        return result
    out[...] = result
    return out


def _elementwise(function: Callable[..., Any], *inputs: Any) -> Any:
    """`function` of the elements of arrays, which are broadcast."""
    # as objects, Python's own numbers keep their type, which adapts to the other operand's
    plain = [value if isinstance(value, np.ndarray) else _boxed(value) for value in inputs]
    broadcast = np.broadcast_arrays(*(np.asarray(array) for array in plain))
    result = np.empty(broadcast[0].shape, object)
    for index in np.ndindex(result.shape):
        result[index] = function(*(array[index] for array in broadcast))
    return result.view(Traced) if result.shape else result[()]


def _boxed(value: Any) -> np.ndarray:
    """A value as an array; single numbers become arrays of objects."""
    if isinstance(value, Number | np.generic | bool | int | float):
        array = np.empty((), object)
        array[()] = value
        return array
    return np.asarray(value)


def _call(ufunc: Any, values: Sequence[Any]) -> Any:
    """A ufunc of single numbers."""
    script = next((value.script for value in values if isinstance(value, Number)), None)
    if script is None:
        with np.errstate(all="ignore"):
            return ufunc(*values)
    kinds = ufunc.resolve_dtypes((*map(_kind, values), None))
    kinds = tuple(DOUBLE if kind.kind == "O" else kind for kind in kinds)
    text = expression(ufunc.__name__, [script.cast(*pair) for pair in zip(values, kinds[:-1], strict=True)])
    if text is None:
        raise TaskError(f"it uses np.{ufunc.__name__}, unknown here")
    operation = Operation(ufunc.__name__, tuple(values), _place())
    return script.number(text if kinds[-1] == TRUTH else f"{kinds[-1].name}({text})", kinds[-1], operation)


def _kind(value: Any) -> Any:
    """The type by which NumPy finds the type of a result."""
    if isinstance(value, Number | np.generic):
        return value.dtype
    return TRUTH if isinstance(value, bool) else type(value)


def _reduce(ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False, **rest: Any) -> Any:
    """Along an axis, from left to right."""
    if any(rest.get(name, default) is not default for name, default in (("where", True), ("initial", np._NoValue))):
        raise TaskError(f"it uses where= or initial= in a sum or the like (np.{ufunc.__name__}), unknown here")
    plain = np.asarray(array)
    axes = range(plain.ndim) if axis is None else np.atleast_1d(axis)
    for along in sorted((int(number) % plain.ndim for number in axes), reverse=True):
        parts = list(np.moveaxis(plain, along, 0))
        total = parts[0]
        for part in parts[1:]:
            total = np.asarray(_apply(ufunc, "__call__", (_array(total), _array(part)), {}), object)
        plain = np.expand_dims(total, along) if keepdims else np.asarray(total, object)
    return plain.view(Traced) if plain.shape else plain[()]


def _array(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else _boxed(value)


def _where(condition: Any, yes: Any, no: Any) -> Any:
    def choose(chosen_by: Any, one: Any, other: Any) -> Any:
        if not isinstance(chosen_by, Number):
            return one if chosen_by else other
        script = chosen_by.script
        kind = np.result_type(*(value.dtype if isinstance(value, Number) else value for value in (one, other)))
        operands = script.cast(chosen_by, TRUTH), script.cast(one, kind), script.cast(other, kind)
        return script.number(
            f"pick({', '.join(operands)})", kind, Operation("where", (chosen_by, one, other), _place())
        )

    return _elementwise(choose, condition, yes, no)


def _select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        default = _where(condition, choice, default)
    return default


_CHOOSING: dict[Any, Callable[..., Any]] = {np.where: _where, np.select: _select}
"""NumPy functions that decide by the values of their arguments."""
