"""Activations as formulas: the traced `function` of an activation, ready to be written in any language."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.export.expressions import EXPANSIONS, Call, Constant, Expression, Variable, substitute
from evorobo.nets.compiled.activations import trace_activation
from evorobo.tracing.arrays import TRUTH, Number

ARGUMENT = Variable("z", 0)
MAX_POWER = 4
"""Whole powers up to this one are written as products."""
_LOGICAL = {"logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "not_equal"}
_LOGICAL |= {"bitwise_and": "logical_and", "bitwise_or": "logical_or", "bitwise_xor": "not_equal"}
_LOGICAL |= {"logical_not": "logical_not", "invert": "logical_not"}
_SYNONYMS = {"fabs": "absolute", "float_power": "power"}


@dataclass(frozen=True)
class Formula:
    """An elementwise function of `z`: intermediate values, in order, and the result."""

    key: str
    name: str
    steps: tuple[tuple[Variable, Expression], ...]
    result: Expression

    @property
    def is_simple(self) -> bool:
        """Whether it is `z` itself, or one function of `z` and numbers, which needs no definition of its own."""
        if not isinstance(self.result, Call):
            return True
        arguments = self.result.arguments
        nested = any(isinstance(argument, Call) for argument in arguments)
        return not (self.steps or nested or self.result.function in EXPANSIONS) and arguments.count(ARGUMENT) == 1


@dataclass
class Functions:
    """The formulas that a file defines, in the order of their first use, by name."""

    formulas: dict[str, Formula] = field(default_factory=dict)

    def activation(self, key: str, x: Expression) -> Expression:
        """The activation of `x`; what takes more than one function is called by name."""
        formula = activation_formula(key)
        if formula.is_simple:
            return substitute(formula.result, {ARGUMENT.name: x})
        self.formulas[formula.name] = formula
        return Call(formula.name, (x,))


def activation_formula(key: str) -> Formula:
    """The activation's formula. Raises `SettingsError` where its function cannot be traced or exported."""
    _, value = trace_activation(key)
    if not isinstance(value, Number):
        raise SettingsError(f"the activation {key!r} cannot be exported: it does not depend on its input.")
    return _Conversion(key).formula(value)


class _Conversion:
    """From traced numbers to expressions; what is used more than once becomes an intermediate value."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._uses: Counter[str] = Counter()
        self._steps: dict[str, tuple[Variable, Expression]] = {}

    def formula(self, value: Number) -> Formula:
        self._count(value)
        result = self._expression(value)
        where, _, plain = self._key.rpartition(":")
        name = re.sub(r"\W", "_", plain, flags=re.ASCII)
        return Formula(self._key, f"activation_{name}" if where else name, tuple(self._steps.values()), result)

    def _count(self, value: Any) -> None:
        if not isinstance(value, Number) or value.operation is None:
            return
        self._uses[value.name] += 1
        if self._uses[value.name] == 1:
            for operand in value.operation.operands:
                for _ in range(self._power(value) or 1):
                    self._count(operand)

    def _power(self, value: Number) -> int:
        """The small whole exponent of a power, else 0."""
        assert value.operation is not None
        if value.operation.name == "square":
            return 2
        exponent = value.operation.operands[-1]
        if value.operation.name not in ("power", "float_power") or isinstance(exponent, Number):
            return 0
        return int(exponent) if exponent in range(2, MAX_POWER + 1) else 0

    def _expression(self, value: Any) -> Expression:
        """A traced number or a constant as a number."""
        if not isinstance(value, Number):
            return Constant(float(value))
        if value.dtype == TRUTH:
            return Call("where", (self._condition(value), Constant(1.0), Constant(0.0)))
        return self._named(value)

    def _condition(self, value: Any) -> Expression:
        """A traced number or a constant as true or false."""
        if isinstance(value, Number) and value.dtype == TRUTH:
            return self._named(value)
        return Call("not_equal", (self._expression(value), Constant(0.0)))

    def _named(self, value: Number) -> Expression:
        if value.operation is None:
            return ARGUMENT
        if value.name in self._steps:
            return self._steps[value.name][0]
        expression = self._operation(value)
        if self._uses[value.name] == 1 or not isinstance(expression, Call):
            return expression
        variable = Variable(f"t{len(self._steps) + 1}", 0)
        self._steps[value.name] = variable, expression
        return variable

    def _operation(self, value: Number) -> Expression:
        assert value.operation is not None
        name, operands = value.operation.name, value.operation.operands
        if name in _LOGICAL:
            return Call(_LOGICAL[name], tuple(map(self._condition, operands)))
        if name == "where":
            return Call("where", (self._condition(operands[0]), *map(self._expression, operands[1:])))
        if name == "cast" and np.dtype(value.dtype).kind != "f":
            raise SettingsError(
                f"the activation {self._key!r} cannot be exported: it makes whole numbers of its input."
            )
        first, *rest = map(self._expression, operands)
        if name in ("cast", "positive", "conjugate"):
            return first
        if name == "reciprocal":
            return Constant(1.0) / first
        if power := self._power(value):
            product = first
            for _ in range(power - 1):
                product = product * first
            return product
        return Call(_SYNONYMS.get(name, name), (first, *rest))
