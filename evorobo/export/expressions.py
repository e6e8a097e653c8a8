"""Elementwise formulas as trees, made of the names of NumPy's functions; every language writes them in its own way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Expression:
    """A value that is computed elementwise from others of the same size: write it as arithmetic."""

    def __add__(self, other: Expression) -> Expression:
        return Call("add", (self, other))

    def __sub__(self, other: Expression) -> Expression:
        return Call("subtract", (self, other))

    def __mul__(self, other: Expression) -> Expression:
        return Call("multiply", (self, other))

    def __truediv__(self, other: Expression) -> Expression:
        return Call("divide", (self, other))


@dataclass(frozen=True)
class Constant(Expression):
    """A number."""

    value: float


@dataclass(frozen=True)
class Variable(Expression):
    """A value by name: a constant array, a part of the state, or the result of an earlier instruction."""

    name: str
    size: int

    def part(self, start: int, stop: int) -> Variable:
        """The elements from `start` up to `stop` alone."""
        return VariableSlice(self.name, stop - start, start)


@dataclass(frozen=True)
class VariableSlice(Variable):
    """Some elements of a value, from `start` on."""

    start: int


@dataclass(frozen=True)
class Call(Expression):
    """A function of expressions, by the name of NumPy's: "add", "tanh", "where"; or by the name of a `Formula`."""

    function: str
    arguments: tuple[Expression, ...]


def substitute(expression: Expression, values: dict[str, Expression]) -> Expression:
    """The expression with these variables replaced."""
    if isinstance(expression, Call):
        return Call(expression.function, tuple(substitute(argument, values) for argument in expression.arguments))
    return values.get(expression.name, expression) if isinstance(expression, Variable) else expression


def _logaddexp(x: Expression, y: Expression) -> Expression:
    gap = Call("absolute", (x if y == Constant(0.0) else x - y,))
    return Call("maximum", (x, y)) + Call("log1p", (Call("exp", (Call("negative", (gap,)),)),))


def _clip(x: Expression, low: Expression, high: Expression) -> Expression:
    return Call("minimum", (Call("maximum", (x, low)), high))


def _sign(x: Expression) -> Expression:
    zero = Constant(0.0)
    negative = Call("where", (Call("less", (x, zero)), Constant(-1.0), zero))
    return Call("where", (Call("greater", (x, zero)), Constant(1.0), negative))


EXPANSIONS: dict[str, Callable[..., Expression]] = {
    "logaddexp": _logaddexp,
    "clip": _clip,
    "sign": _sign,
    "expm1": lambda x: Call("exp", (x,)) - Constant(1.0),
    "log1p": lambda x: Call("log", (Constant(1.0) + x,)),
    "floor_divide": lambda x, y: Call("floor", (x / y,)),
    "fmin": lambda x, y: Call("minimum", (x, y)),
    "fmax": lambda x, y: Call("maximum", (x, y)),
    "not_equal": lambda x, y: Call("logical_not", (Call("equal", (x, y)),)),
}
"""Functions by means of others, for languages that lack them."""
