"""What a controller computes in one moment, as a list of small steps that any language can say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from evorobo.arrays import Array


class Expression:
    """A value computed number by number from others of the same size: write it as arithmetic."""

    def __add__(self, other: Expression) -> Expression:
        return Call("+", (self, other))

    def __sub__(self, other: Expression) -> Expression:
        return Call("-", (self, other))

    def __mul__(self, other: Expression) -> Expression:
        return Call("*", (self, other))

    def __truediv__(self, other: Expression) -> Expression:
        return Call("/", (self, other))


@dataclass(frozen=True)
class Variable(Expression):
    """A value by name: a constant, something remembered, or the result of an earlier step."""

    name: str
    size: int

    def part(self, start: int, stop: int) -> Variable:
        """The numbers from `start` up to `stop` alone."""
        return VariableSlice(self.name, stop - start, start)


@dataclass(frozen=True)
class VariableSlice(Variable):
    """Some of a value's numbers, from `start` on."""

    start: int


@dataclass(frozen=True)
class Call(Expression):
    """A function of terms: `+ - * /`, "minimum", "maximum", or an activation by name."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Comment:
    """A remark for the reader."""

    text: str


@dataclass(frozen=True)
class MatMul:
    """into = x weight (+ bias), `weight (x.size, into.size)`."""

    into: Variable
    x: Variable
    weight: str
    bias: str | None = None


@dataclass(frozen=True)
class Normalize:
    """into = gain (x - mean) / sqrt(variance + epsilon) + shift, over the numbers of x."""

    into: Variable
    x: Variable
    gain: str
    shift: str
    epsilon: float


@dataclass(frozen=True)
class Assign:
    """into = term, number by number; `into` may be something remembered, which is then renewed."""

    into: Variable
    expression: Expression


Instruction: TypeAlias = Comment | MatMul | Normalize | Assign


@dataclass
class Program:
    """Steps being written down, with the constants they use and what is remembered from moment to moment (sizes)."""

    instructions: list[Instruction] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)

    def comment(self, text: str) -> None:
        self.instructions.append(Comment(text))

    def constant(self, name: str, values: Array) -> Variable:
        self.constants[name] = np.asarray(values)
        return Variable(name, np.shape(values)[-1])

    def add_state(self, name: str, size: int) -> Variable:
        """What begins at zero and is kept for the next moment."""
        self.memory[name] = size
        return Variable(name, size)

    def matmul(self, name: str, x: Variable, weight: Variable, bias: Variable | None = None) -> Variable:
        into = Variable(name, weight.size)
        self.instructions.append(MatMul(into, x, weight.name, bias.name if bias else None))
        return into

    def layer_norm(self, name: str, x: Variable, gain: Variable, shift: Variable, epsilon: float) -> Variable:
        into = Variable(name, x.size)
        self.instructions.append(Normalize(into, x, gain.name, shift.name, epsilon))
        return into

    def assign(self, name: str, size: int, term: Expression) -> Variable:
        into = Variable(name, size)
        self.instructions.append(Assign(into, term))
        return into

    def functions(self) -> set[str]:
        """The names of all functions that are called."""
        found: set[str] = set()

        def look(term: Expression) -> None:
            if isinstance(term, Call):
                found.add(term.function)
                for each in term.arguments:
                    look(each)

        for step in self.instructions:
            if isinstance(step, Assign):
                look(step.expression)
        return found
