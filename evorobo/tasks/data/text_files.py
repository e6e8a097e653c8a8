"""Small text files as named columns of texts, with the line of each row for error messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError
from evorobo.tasks.text.cells import MISSING, is_missing, is_number
from evorobo.tasks.text.source import TextSource, find_column, place_of_column, read_columns

TEXT_SUFFIXES = (".csv", ".tsv", ".data", ".dat", ".txt")

__all__ = ["MISSING", "TEXT_SUFFIXES", "TextTable", "read_text_file"]


@dataclass(frozen=True, eq=False)
class TextTable:
    """Columns of a file: `cells[c][r]` is a text. Columns without a header are named "0", "1", and so on."""

    file: str
    names: tuple[str, ...]
    cells: tuple[np.ndarray, ...]
    line_numbers: Sequence[int]
    """The line of each row."""

    def find(self, column: str | int) -> int:
        """Return the number of a column that is given by name, or by number from 0, or from -1 backwards."""
        return find_column(self.file, self.names, column)

    def at(self, column: int, row: int) -> str:
        """Return the place of a cell for an error message: "robots.csv, line 7, column 'front'"."""
        return f"{self.file}, line {self.line_numbers[row]}, {place_of_column(self.names, column)}"

    def complete(self, column: int) -> np.ndarray:
        """Return the column. Raise `DataError` at its first empty cell."""
        for row, cell in enumerate(self.cells[column]):
            if is_missing(cell):
                raise DataError(f"{self.at(column, row)} is {cell or 'empty'}; fill the cell or delete the line.")
        return self.cells[column]

    def numbers(self, column: int, solution: str) -> Array:
        """Return the column as floats. Raise `DataError` with a `solution` at the first cell that is not a number."""
        for row, cell in enumerate(self.complete(column)):
            if not is_number(cell):
                raise DataError(
                    f"{self.at(column, row)}: {str(cell)!r} is not a number; correct the cell, or {solution}."
                )
        return self.cells[column].astype(np.float64)


def read_text_file(path: Path, header: bool | None = None) -> TextTable:
    """Read all columns of a text file, gzipped or not, as texts.

    `header` says whether the first row holds names; None recognizes it. Numbers with decimal commas are texts with
    decimal points. Columns with neither name nor content are left out.
    """
    source = TextSource(path, header)
    columns = read_columns(source, [], texts=range(len(source.names)))
    cells = tuple(
        columns.texts[column].array(_decimal_point if source.decimal == "," else str) for column in columns.texts
    )
    return TextTable(source.file, source.names, cells, columns.lines.tolist())


def _decimal_point(cell: str) -> str:
    """Return "0.5" for "0,5", and other cells unchanged."""
    return cell.replace(",", ".") if is_number(cell.replace(",", ".")) and "." not in cell else cell
