"""Rows of a text file in blocks: by NumPy's parser, and row by row where a block holds more than plain numbers."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path

import numpy as np

from evorobo.errors import DataError
from evorobo.tasks.text.cells import LARGEST_EXACT
from evorobo.tasks.text.layout import READ_ERRORS, Layout, open_text, unreadable

CELLS_PER_BLOCK = 400_000
TEXT_LENGTH = 32
"""Texts of this length or more are read row by row."""
MAX_LINES_OF_CELL = 1000
QUOTE, COMMENT_MARKS = '"', "#%/"
NUMBER, TEXT, SKIP = "number", "text", "skip"
_DTYPES = {NUMBER: "f8", TEXT: f"U{TEXT_LENGTH}", SKIP: "U1"}

Cells = np.ndarray | list[str] | None
"""Cells of a column: floats, texts, or None where the column is skipped."""


@dataclass(frozen=True)
class Block:
    """Consecutive rows: the cells of each column, and the line of each row."""

    cells: Sequence[Cells]
    lines: np.ndarray

    def texts(self, column: int) -> list[str]:
        """Return the cells of a column as texts, and declared numbers as Python writes them."""
        cells = self.cells[column]
        if isinstance(cells, np.ndarray):
            return [repr(value) if value % 1 else f"{value:.0f}" for value in cells.tolist()]
        return cells or []


def read_blocks(path: Path, layout: Layout, kinds: list[str]) -> Iterator[Block]:
    """Yield the rows of a file.

    `kinds` says of each column whether it is NUMBER, TEXT or SKIP, and may be changed between blocks. Columns of
    numbers are finite floats, or texts in a block that holds an empty cell, a number too large to be exact, or anything
    else.

    Raises
    ------
    DataError
        If the file is damaged or a row has too few or too many cells.
    """
    n_rows = max(1, CELLS_PER_BLOCK // len(kinds))
    try:
        with open_text(path, layout.encoding) as file:
            lines = islice(file, layout.skip, None)
            first_line = layout.skip + 1
            while kept := list(islice(lines, n_rows)):
                if "".join(kept).count(QUOTE) % 2:
                    kept += _rest_of_cell(lines)
                content, numbers = _with_content(layout, kept, range(first_line, first_line + len(kept)))
                first_line += len(kept)
                if content:
                    yield _parse_numbers(layout, content, numbers, kinds) or _parse_texts(
                        layout, content, numbers, path.name, kinds
                    )
    except csv.Error as error:
        raise DataError(f"{path.name} cannot be read as a table ({error}); save it again as CSV.") from error
    except READ_ERRORS as error:
        raise unreadable(path, error) from error


def _rest_of_cell(lines: Iterator[str]) -> list[str]:
    """Return the lines up to the next that closes a quoted cell, or some lines if none does."""
    rest = []
    for line in islice(lines, MAX_LINES_OF_CELL):
        rest.append(line)
        if line.count(QUOTE) % 2:
            break
    return rest


def _with_content(layout: Layout, lines: list[str], numbers: Sequence[int]) -> tuple[list[str], Sequence[int]]:
    """Return the lines that are not blank and no comments, with their numbers."""
    marks = f" \t\r\n{layout.delimiter or ''}"
    if set(map(itemgetter(0), lines)).isdisjoint((*marks, *COMMENT_MARKS)):
        return lines, numbers
    kept = []
    for place, line in enumerate(lines):
        start = line.lstrip(marks)[:1]
        if start and not (start in COMMENT_MARKS and layout.is_comment(line)):
            kept.append(place)
    return [lines[place] for place in kept], [numbers[place] for place in kept]


def _parse_numbers(layout: Layout, lines: list[str], numbers: Sequence[int], kinds: list[str]) -> Block | None:
    """Return the rows, or None if a cell is not what `kinds` says."""
    if layout.decimal == ",":
        if "." in "".join(lines):
            return None
        lines = [line.replace(",", ".") for line in lines]  # and back in texts
    dtype = np.dtype([(str(number), _DTYPES[kind]) for number, kind in enumerate(kinds)])
    quote = None if layout.delimiter is None else QUOTE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            rows = np.loadtxt(lines, dtype, comments=None, delimiter=layout.delimiter, quotechar=quote, ndmin=1)
    except (ValueError, UserWarning):
        return None
    if len(rows) != len(lines):
        return None
    cells: list[Cells] = [None] * len(kinds)
    for number, kind in enumerate(kinds):
        if kind == NUMBER:
            column = cells[number] = rows[str(number)]
            if not (np.abs(column) < LARGEST_EXACT).all():
                return None
        elif kind == TEXT:
            texts = rows[str(number)].tolist()
            if max(map(len, texts)) == TEXT_LENGTH:
                return None
            cells[number] = [text.replace(".", ",") for text in texts] if layout.decimal == "," else texts
    return Block(cells, np.asarray(numbers))


def _parse_texts(layout: Layout, lines: list[str], numbers: Sequence[int], name: str, kinds: list[str]) -> Block:
    """Return the rows as texts."""
    rows, ends = [], []
    if layout.delimiter is None:
        rows, ends = [line.split() for line in lines], list(range(len(lines)))
    else:
        reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num - 1)
    for row, end in zip(rows, ends, strict=True):
        if len(row) != len(kinds):
            raise DataError(
                f"{name}, line {numbers[end]} has {len(row)} cells where line {layout.first_line} has {len(kinds)}; "
                "correct the line."
            )
    cells: list[Cells] = [
        None if kind == SKIP else [cell.strip() for cell in column]
        for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)
    ]
    return Block(cells, np.asarray(numbers)[ends])
