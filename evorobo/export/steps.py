"""What a controller computes in one moment, as a list of small steps that any language can say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from evorobo.arrays import Array


class Term:
    """A value computed number by number from others of the same size: write it as arithmetic."""

    def __add__(self, other: Term) -> Term:
        return Call("+", (self, other))

    def __sub__(self, other: Term) -> Term:
        return Call("-", (self, other))

    def __mul__(self, other: Term) -> Term:
        return Call("*", (self, other))

    def __truediv__(self, other: Term) -> Term:
        return Call("/", (self, other))


@dataclass(frozen=True)
class Name(Term):
    """A value by name: a constant, something remembered, or the result of an earlier step."""

    name: str
    size: int

    def part(self, start: int, stop: int) -> Name:
        """The numbers from `start` up to `stop` alone."""
        return Part(self.name, stop - start, start)


@dataclass(frozen=True)
class Part(Name):
    """Some of a value's numbers, from `start` on."""

    start: int


@dataclass(frozen=True)
class Call(Term):
    """A function of terms: `+ - * /`, "minimum", "maximum", or an activation by name."""

    function: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True)
class Say:
    """A remark for the reader."""

    text: str


@dataclass(frozen=True)
class Product:
    """into = x weight (+ bias), `weight (x.size, into.size)`."""

    into: Name
    x: Name
    weight: str
    bias: str | None = None


@dataclass(frozen=True)
class Norm:
    """into = gain (x - mean) / sqrt(variance + epsilon) + shift, over the numbers of x."""

    into: Name
    x: Name
    gain: str
    shift: str
    epsilon: float


@dataclass(frozen=True)
class Let:
    """into = term, number by number; `into` may be something remembered, which is then renewed."""

    into: Name
    term: Term


Step: TypeAlias = Say | Product | Norm | Let


@dataclass
class Steps:
    """Steps being written down, with the constants they use and what is remembered from moment to moment (sizes)."""

    steps: list[Step] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)

    def say(self, text: str) -> None:
        self.steps.append(Say(text))

    def constant(self, name: str, values: Array) -> Name:
        self.constants[name] = np.asarray(values)
        return Name(name, np.shape(values)[-1])

    def remembered(self, name: str, size: int) -> Name:
        """What begins at zero and is kept for the next moment."""
        self.memory[name] = size
        return Name(name, size)

    def product(self, name: str, x: Name, weight: Name, bias: Name | None = None) -> Name:
        into = Name(name, weight.size)
        self.steps.append(Product(into, x, weight.name, bias.name if bias else None))
        return into

    def norm(self, name: str, x: Name, gain: Name, shift: Name, epsilon: float) -> Name:
        into = Name(name, x.size)
        self.steps.append(Norm(into, x, gain.name, shift.name, epsilon))
        return into

    def let(self, name: str, size: int, term: Term) -> Name:
        into = Name(name, size)
        self.steps.append(Let(into, term))
        return into

    def functions(self) -> set[str]:
        """The names of all functions that are called."""
        found: set[str] = set()

        def look(term: Term) -> None:
            if isinstance(term, Call):
                found.add(term.function)
                for each in term.arguments:
                    look(each)

        for step in self.steps:
            if isinstance(step, Let):
                look(step.term)
        return found
