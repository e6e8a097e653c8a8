"""Expressions and numbers as text: what the languages have in common."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.export.expressions import EXPANSIONS, Call, Constant, Expression, Variable
from evorobo.export.formulas import Formula

WIDTH = 120
_SIGNS = {
    "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/",
}  # fmt: skip
_RANKS = dict.fromkeys(_SIGNS, 1) | {"add": 2, "subtract": 2, "multiply": 3, "divide": 3}
_CALL = 4


@dataclass(frozen=True)
class Syntax:
    """How a language writes formulas: a template for each function, None for one that it lacks, and numbers.

    `number` writes a number between signs, `argument` one that is handed to a function.
    """

    language: str
    template: Callable[[str], str | None]
    number: Callable[[float], str]
    argument: Callable[[float], str]

    def write(self, term: Expression, name: Callable[[Variable], str], formulas: Iterable[str] = ()) -> str:
        """An expression as text: `name` writes a variable, `formulas` are the functions that the file defines."""
        return self._text(term, name, frozenset(formulas))[0]

    def _text(self, term: Expression, name: Callable[[Variable], str], formulas: frozenset[str]) -> tuple[str, int]:
        """The text, and the rank of its outermost sign."""
        if isinstance(term, Variable):
            return name(term), _CALL
        if isinstance(term, Constant):
            return self.number(term.value), _CALL
        assert isinstance(term, Call)
        function, arguments = term.function, term.arguments
        if function in _SIGNS:
            (left, left_rank), (right, right_rank) = (self._text(part, name, formulas) for part in arguments)
            rank = _RANKS[function]
            # a + (b + c) keeps its brackets: the order of rounding is that of the formula
            left = f"({left})" if left_rank < rank or left_rank == rank == 1 else left
            right = f"({right})" if right_rank <= rank else right
            return f"{left} {_SIGNS[function]} {right}", rank
        if function == "negative":
            inner, rank = self._text(arguments[0], name, formulas)
            return f"-({inner})" if rank < _CALL or inner.startswith("-") else f"-{inner}", _RANKS["multiply"]
        template = f"{function}({{}})" if function in formulas else self.template(function)
        if template is None:
            if function not in EXPANSIONS:
                raise SettingsError(f"np.{function}, which an activation uses, cannot be exported to {self.language}.")
            return self._text(EXPANSIONS[function](*arguments), name, formulas)
        parts = [
            self.argument(part.value) if isinstance(part, Constant) else self._text(part, name, formulas)[0]
            for part in arguments
        ]
        return template.format(*parts), _CALL

    def body(self, formula: Formula) -> tuple[list[tuple[str, str]], str]:
        """The intermediate values of a formula, by name, and its result, as text."""
        steps = [(step.name, self.write(value, _plain_name)) for step, value in formula.steps]
        return steps, self.write(formula.result, _plain_name)


def _plain_name(variable: Variable) -> str:
    return variable.name


def exact_literal(number: np.generic) -> str:
    """The shortest text that reads as the same number again, in its own precision."""
    if np.isnan(number):
        return 'float("nan")'
    return repr(number.item()) if number.dtype.itemsize == 8 else str(number)


def format_rows(
    values: Array, write: Callable[[np.generic], str], opening: str, closing: str, indent: int = 4
) -> list[str]:
    """A matrix `(n, k)` or a row `(k,)` as lines, each row between `opening` and `closing`, wrapped to the width."""
    lines: list[str] = []
    for row in np.atleast_2d(values):
        text = opening + ", ".join(map(write, row)) + closing + ","
        blank = " " * indent
        lines += textwrap.wrap(
            text,
            WIDTH,
            initial_indent=blank,
            subsequent_indent=blank + ("  " if opening else ""),
            break_on_hyphens=False,
        )
    return lines


def sanitize_text(text: str) -> str:
    """Text that is safe in a comment or a docstring of any language: one line without quotes and special signs."""
    return re.sub(r"[^\w .,:;'()\[\]/+=-]", " ", " ".join(text.split())).replace("*/", "* /").replace("/*", "/ *")


def comment_lines(lines: Iterable[str], mark: str) -> list[str]:
    """Lines of prose, wrapped, each after `mark`."""
    return [
        wrapped
        for line in lines
        for wrapped in textwrap.wrap(sanitize_text(line), WIDTH, initial_indent=mark, subsequent_indent=mark + "  ")
    ]


def indent_lines(lines: Iterable[str], by: int = 8) -> str:
    """Lines of code inside a block."""
    return "\n".join(" " * by + line for line in lines)
