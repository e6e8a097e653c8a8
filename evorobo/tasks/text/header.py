"""Whether the first row of a text file is a header: recognized where it is certain, else a question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from evorobo.tasks.text.cells import is_missing, is_number, is_value, is_whole, to_number
from evorobo.tasks.text.questions import OpenQuestion

Rows = Sequence[Sequence[str]]

MIN_ROWS = 8
"""Rows below the first from which the first row can be compared with them."""
_UNIT = re.compile(r"[-–]?|\[.*\]|\(.*\)|\{.*\}")  # noqa: RUF001


def find_header(name: str, line: int, rows: Rows, header: bool | None) -> bool:
    """Return whether the first of `rows` is a header; `header` decides unless it is None.

    Text above numbers is a header, and so is a row that names all columns but the first, as pandas writes it. Numbers
    are data, unless something sets them apart from the rows below.

    Raises
    ------
    OpenQuestion
        If both readings are possible. The message names `name`, `line` and the setting.
    """
    if header is not None:
        return header
    first, body = rows[0], rows[1:]
    columns = [[row[number] for row in body if number < len(row)] for number in range(len(first))]
    numeric = [_is_numeric(column) for column in columns]
    text_above_numbers = any(below and _is_text(cell) for cell, below in zip(first, numeric, strict=True))
    recurs = any(_is_text(cell) and cell in column for cell, column in zip(first, columns, strict=True))
    if not any(is_value(cell) for cell in first):
        if not any(map(_is_text, first)):
            return False
        if not (text_above_numbers and recurs):
            return text_above_numbers or not (recurs or any(numeric))
    if first[0] == "" and body and all(columns[0]):
        return True  # an index without a name, as pandas writes it
    reason = "text above numbers" if text_above_numbers else _strange_numbers(first, columns, numeric)
    if not reason:
        return False
    start = ", ".join(first[:4]) + (", ..." if len(first) > 4 else "")
    raise OpenQuestion(
        f"{name}, line {line} ({start}) may be a header or the first row of data: it holds {reason}; set header=True "
        "or header=False in loader_kwargs, or --header yes or --header no.",
        {"header": True},
    )


def is_unit_row(rows: Rows) -> bool:
    """Return whether the first of `rows`, right below a header, holds units: text where all rows below hold numbers."""
    first, body = rows[0], rows[1:]
    numeric = [
        cell for number, cell in enumerate(first) if _is_numeric([row[number] for row in body if number < len(row)])
    ]
    if not body or not numeric or not any(map(_is_text, first)):
        return False
    if any(is_value(cell) or (cell and is_missing(cell)) for cell in numeric):
        return False
    return len(numeric) > 1 or all(_UNIT.fullmatch(cell) for cell in first)


def count_title_rows(rows: Rows) -> int:
    """Return how many rows above the names hold a single text, as the title of a spreadsheet does."""
    width = max(map(len, rows), default=0)
    for number, row in enumerate(rows[:-2]):
        content = [cell for cell in row if cell]
        if len(content) > 1 and all(map(_is_text, content)):
            return number
        if len(content) != 1 or not _is_text(content[0]) or width < 3:
            break
    return 0


def merged_names(rows: Rows) -> list[str]:
    """Return the name of each column from one or several rows above the data.

    Where the first row leaves cells empty or repeats them, as names of groups above several columns, the name of the
    group is followed by that in the second row. Other rows are units.
    """
    first = list(rows[0])
    if len(rows) == 1 or len(rows[1]) != len(first):
        return first
    groups: list[str] = []
    for cell in first:
        groups.append(cell or (groups[-1] if groups else ""))
    counts = Counter(first)
    names = [
        f"{group} {cell}".strip() if not name or counts[name] > 1 else name
        for name, group, cell in zip(first, groups, rows[1], strict=True)
    ]
    return names if len(set(names)) == len(names) else first


def _strange_numbers(first: Sequence[str], columns: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """Return what sets the numbers of the first row apart from the rows below; empty if nothing does."""
    texts = [number for number, below in enumerate(numeric) if not below and columns[number]]
    if any(len(columns[number]) >= MIN_ROWS and _is_new_label(first[number], columns[number]) for number in texts):
        return "a text that no other row has in its column"
    numbers = [number for number, below in enumerate(numeric) if below and is_number(first[number])]
    cells = [first[number] for number in numbers]
    if len(cells) < 2 or len(set(cells)) < len(cells):
        return ""
    n_rows = min(len(columns[number]) for number in numbers)
    body = [[to_number(columns[number][row]) for number in numbers] for row in range(n_rows)]
    names = [to_number(cell) for cell in cells]
    if names == list(range(len(names))) and names not in body:
        return f"the numbers 0 to {len(names) - 1}"
    if n_rows >= MIN_ROWS and _is_progression(names) and sum(map(_is_progression, body)) <= 0.05 * n_rows:
        return "evenly spaced numbers"
    whole = all(map(is_whole, cells))
    if whole and all(_holds_decimals(columns[number]) for number in numbers):
        return "whole numbers above decimals"
    if n_rows >= MIN_ROWS and len(names) > 2 and all(map(_is_far_from, names, zip(*body, strict=True))):
        return "numbers far from those below"
    return ""


def _is_text(cell: str) -> bool:
    return not is_value(cell) and not is_missing(cell)


def _is_numeric(column: Sequence[str]) -> bool:
    """Return whether most cells of a column are numbers or Booleans."""
    content = [cell for cell in column if not is_missing(cell)]
    return sum(map(is_value, content)) > len(content) / 2


def _is_new_label(cell: str, column: Sequence[str]) -> bool:
    """Return whether the cells of a column recur and `cell` is none of them."""
    return cell not in column and len(set(column)) <= len(column) / 3


def _is_progression(numbers: Sequence[float]) -> bool:
    """Return whether three or more numbers are evenly spaced."""
    steps = [after - before for before, after in pairwise(numbers)]
    return len(steps) > 1 and steps[0] != 0 and all(abs(step - steps[0]) < 1e-6 * abs(steps[0]) for step in steps)


def _holds_decimals(column: Sequence[str]) -> bool:
    """Return whether most cells of a column are numbers with decimals."""
    return sum(not is_whole(cell) for cell in column) > len(column) / 2


def _is_far_from(number: float, column: Sequence[float]) -> bool:
    """Return whether a number lies outside the range of a column by more than that range."""
    content = [value for value in column if value == value]
    span = max(content) - min(content) if content else 0.0
    return bool(content) and not min(content) - span <= number <= max(content) + span
