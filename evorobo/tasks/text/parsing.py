"""Lines of a text file as columns: by PyArrow if it is installed, by NumPy, or cell by cell where these refuse."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.errors import DataError
from evorobo.tasks.text.cells import LARGEST_EXACT
from evorobo.tasks.text.layout import Layout

TEXT_LENGTH = 32
"""Texts of this length or more are not parsed by NumPy."""
QUOTE = '"'
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


def parse_lines(
    layout: Layout, lines: list[str], numbers: np.ndarray, name: str, kinds: Sequence[str], by_arrow: bool
) -> Block:
    """Return the rows in `lines`, which have the line `numbers`.

    `kinds` says of each column whether it is NUMBER, TEXT or SKIP. Columns of numbers are finite floats, or texts if
    one of their cells is anything else. `by_arrow` says whether PyArrow reads plain rows, else NumPy; the result is the
    same.

    Raises
    ------
    DataError
        If a row has too few or too many cells. The message calls the file `name`.
    """
    cells = (_parse_by_arrow if by_arrow else _parse_by_numpy)(layout, lines, kinds)
    return _parse_cells(layout, lines, numbers, name, kinds) if cells is None else Block(cells, numbers)


def _parse_by_arrow(layout: Layout, lines: list[str], kinds: Sequence[str]) -> list[Cells] | None:
    """Return the columns, or None if a cell is not what `kinds` says."""
    import pyarrow
    from pyarrow import csv as arrow_csv

    names = [str(number) for number in range(len(kinds))]
    types = {NUMBER: pyarrow.float64(), TEXT: pyarrow.string()}
    used = {name: types[kind] for name, kind in zip(names, kinds, strict=True) if kind != SKIP}
    content = "".join(lines).encode()
    try:
        rows = arrow_csv.read_csv(
            pyarrow.BufferReader(content),
            arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(content) + 1),
            arrow_csv.ParseOptions(delimiter=layout.delimiter),
            arrow_csv.ConvertOptions(
                column_types=used,
                include_columns=list(used),
                null_values=[],
                strings_can_be_null=False,
                decimal_point=layout.decimal,
            ),
        )
    except (pyarrow.ArrowException, ValueError):
        return None
    columns = {name: rows.column(name).to_numpy() for name in used}
    return _checked([columns.get(name) for name in names], kinds) if len(rows) == len(lines) else None


def _parse_by_numpy(layout: Layout, lines: list[str], kinds: Sequence[str]) -> list[Cells] | None:
    """Return the columns, or None if a cell is not what `kinds` says."""
    if layout.decimal == ",":
        if "." in "".join(lines):
            return None
        lines = [line.replace(",", ".") for line in lines]  # and back in texts
    dtype = np.dtype([(str(number), _DTYPES[kind]) for number, kind in enumerate(kinds)])
    quote = None if layout.delimiter is None else QUOTE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            rows: Any = np.loadtxt(lines, dtype, comments=None, delimiter=layout.delimiter, quotechar=quote, ndmin=1)
    except (ValueError, UserWarning):
        return None
    if len(rows) != len(lines):
        return None
    cells = _checked([rows[str(number)] for number in range(len(kinds))], kinds)
    texts = [] if cells is None else [column for column in cells if isinstance(column, list)]
    if cells is None or any(max(map(len, column)) == TEXT_LENGTH for column in texts):
        return None
    if layout.decimal == ",":
        for column in texts:
            column[:] = [text.replace(".", ",") for text in column]
    return cells


def _checked(columns: Sequence[Any], kinds: Sequence[str]) -> list[Cells] | None:
    """Return numbers as arrays and texts as lists, or None if a number is not finite or too large to be exact."""
    cells: list[Cells] = [None] * len(kinds)
    for number, (column, kind) in enumerate(zip(columns, kinds, strict=True)):
        if kind == NUMBER:
            cells[number] = column
            if not (np.abs(column) < LARGEST_EXACT).all():
                return None
        elif kind == TEXT:
            cells[number] = [text.strip() for text in column.tolist()]
    return cells


def _parse_cells(layout: Layout, lines: list[str], numbers: np.ndarray, name: str, kinds: Sequence[str]) -> Block:
    """Return the rows, with columns of numbers as texts if one of their cells is no plain number."""
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
                f"{name}, line {numbers[end]} has {len(row)} cells where other lines have {len(kinds)}; correct the "
                "line."
            )
    cells: list[Cells] = [None] * len(kinds)
    for number, (column, kind) in enumerate(zip(zip(*rows, strict=True), kinds, strict=True)):
        if kind != SKIP:
            texts = [cell.strip() for cell in column]
            values = _plain_numbers(texts, layout.decimal) if kind == NUMBER else None
            cells[number] = texts if values is None else values
    return Block(cells, numbers[ends])


def _plain_numbers(texts: list[str], decimal: str) -> np.ndarray | None:
    """Return texts as floats if all are finite numbers that floats hold, else None."""
    content = "".join(texts)
    if "_" in content or not content.isascii() or (decimal == "," and "." in content):
        return None
    if decimal == ",":
        texts = [text.replace(",", ".") for text in texts]
    try:
        values = np.array(texts).astype(np.float64)
    except ValueError:
        return None
    return values if (np.abs(values) < LARGEST_EXACT).all() else None
