"""What a controller computes in one step, as a list of simple instructions that every language can write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.export.expressions import Expression, Variable
from evorobo.export.formulas import Functions


@dataclass(frozen=True)
class Comment:
    """A comment for the reader."""

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
    """into = gain (x - mean) / sqrt(variance + epsilon) + shift, over the elements of x."""

    into: Variable
    x: Variable
    gain: str
    shift: str
    epsilon: float


@dataclass(frozen=True)
class Assign:
    """into = expression, elementwise; `into` may be a part of the state, which is then updated."""

    into: Variable
    expression: Expression


@dataclass(frozen=True)
class Concatenate:
    """into = the elements of all parts, one after the other."""

    into: Variable
    parts: tuple[Variable, ...]


Instruction: TypeAlias = Comment | MatMul | Normalize | Assign | Concatenate


@dataclass
class Program:
    """Instructions in order, the constants they use, the state between steps (sizes by name), and the functions."""

    instructions: list[Instruction] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    state: dict[str, int] = field(default_factory=dict)
    functions: Functions = field(default_factory=Functions)

    def comment(self, text: str) -> None:
        self.instructions.append(Comment(text))

    def constant(self, name: str, values: Array) -> Variable:
        self.constants[name] = np.asarray(values)
        return Variable(name, np.shape(values)[-1])

    def add_state(self, name: str, size: int) -> Variable:
        """A value that begins at zero and is kept for the next step."""
        self.state[name] = size
        return Variable(name, size)

    def matmul(self, name: str, x: Variable, weight: Variable, bias: Variable | None = None) -> Variable:
        into = Variable(name, weight.size)
        self.instructions.append(MatMul(into, x, weight.name, bias.name if bias else None))
        return into

    def layer_norm(self, name: str, x: Variable, gain: Variable, shift: Variable, epsilon: float) -> Variable:
        into = Variable(name, x.size)
        self.instructions.append(Normalize(into, x, gain.name, shift.name, epsilon))
        return into

    def concatenate(self, name: str, parts: Sequence[Variable]) -> Variable:
        into = Variable(name, sum(part.size for part in parts))
        self.instructions.append(Concatenate(into, tuple(parts)))
        return into

    def assign(self, name: str, size: int, expression: Expression) -> Variable:
        into = Variable(name, size)
        self.instructions.append(Assign(into, expression))
        return into
