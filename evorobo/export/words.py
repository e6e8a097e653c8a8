"""Terms and numbers as text: what the languages have in common is written here once."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from evorobo.arrays import Array
from evorobo.export.steps import Call, Expression, Variable

WIDTH = 120
_RANKS = {"+": 1, "-": 1, "*": 2, "/": 2}


def to_infix(term: Expression, names: Callable[[Variable], str], functions: Mapping[str, str]) -> str:
    """A term in any language of infix signs: `names` writes a value, `functions` are the names of what is called."""
    if isinstance(term, Variable):
        return names(term)
    assert isinstance(term, Call)
    words = [to_infix(each, names, functions) for each in term.arguments]
    if term.function not in _RANKS:
        return f"{functions[term.function]}({', '.join(words)})"
    left, right = term.arguments
    rank = _RANKS[term.function]
    if _rank(left) < rank:
        words[0] = f"({words[0]})"
    # a + (b + c) keeps its brackets too: rounding should happen in the order of the steps
    if _rank(right) <= rank:
        words[1] = f"({words[1]})"
    return f"{words[0]} {term.function} {words[1]}"


def _rank(term: Expression) -> int:
    return _RANKS.get(term.function, 3) if isinstance(term, Call) else 3


def exact_literal(number: np.generic) -> str:
    """The shortest text that reads as the same number again, of its own precision."""
    return repr(number.item()) if number.dtype.itemsize == 8 else str(number)


def c_float(number: np.generic) -> str:
    """A constant of C in single precision."""
    text = str(np.float32(number))
    return (text if set(text) & set(".e") else text + ".0") + "f"


def format_rows(
    values: Array, write: Callable[[np.generic], str], opening: str, closing: str, indent: int = 4
) -> list[str]:
    """A matrix `(n, k)` or a row `(k,)` as lines, each row within `opening` and `closing` and cut to the width."""
    lines: list[str] = []
    for row in np.atleast_2d(values):
        text = opening + ", ".join(write(each) for each in row) + closing + ","
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
    """Text of strangers, fit for a comment or a docstring of any language: one line without quotes or signs."""
    return re.sub(r"[^\w .,:;'()\[\]/+=-]", " ", " ".join(text.split())).replace("*/", "* /").replace("/*", "/ *")


def comment_lines(lines: Iterable[str], mark: str) -> list[str]:
    """Lines of prose, wrapped, each after `mark`."""
    return [
        line
        for each in lines
        for line in textwrap.wrap(sanitize_text(each), WIDTH, initial_indent=mark, subsequent_indent=mark + "  ")
    ]


def indent_lines(lines: Iterable[str], by: int = 8) -> str:
    """Lines of code inside a block."""
    return "\n".join(" " * by + line for line in lines)
