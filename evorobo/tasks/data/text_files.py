"""Text and ARFF files as named columns of cells, with the line of each row for error messages."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, unknown

TEXT_SUFFIXES = (".csv", ".tsv", ".data", ".dat", ".txt")
MISSING = ("", "?", "nan", "na", "n/a", "null")
"""The texts of an empty cell, in lower case."""
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+(?:[eE][+-]?\d+)?)")


@dataclass(frozen=True, eq=False)
class TextTable:
    """Columns of a file. `cells[c][r]` is text, or a float in numeric ARFF columns.

    Columns without a header are named "0", "1", and so on.
    """

    file: str
    names: tuple[str, ...]
    cells: tuple[np.ndarray, ...]
    line_numbers: Sequence[int]
    """The line of each row; in ARFF files the number of the row."""
    line_word: str = "line"
    nominal: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The declared classes of ARFF's nominal columns."""

    def find(self, column: str | int) -> int:
        """Return the number of a column that is given by name, or by number from 0, or from -1 backwards."""
        if isinstance(column, str):
            if column not in self.names:
                raise DataError(f"{self.file}: {unknown('column', column, self.names)}")
            return self.names.index(column)
        if not -len(self.names) <= column < len(self.names):
            raise DataError(
                f"{self.file} has {len(self.names)} columns and no column {column}; "
                "numbers count from 0, or backwards from -1."
            )
        return column % len(self.names)

    def at(self, column: int, row: int) -> str:
        """Return the place of a cell for an error message: "robots.csv, line 7, column 'front'"."""
        name = self.names[column]
        column_text = f"column {name}" if name == str(column) else f"column {name!r}"
        return f"{self.file}, {self.line_word} {self.line_numbers[row]}, {column_text}"

    def complete(self, column: int) -> np.ndarray:
        """Return the column. Raise `DataError` at its first empty cell."""
        cells = self.cells[column]
        if cells.dtype.kind == "f":
            empty = ~np.isfinite(cells)
        else:
            empty = np.array([cell.lower() in MISSING for cell in cells], bool)
        if empty.any():
            row = int(np.argmax(empty))
            content = str(cells[row]) or "empty"
            raise DataError(f"{self.at(column, row)} is {content}; fill the cell or delete the {self.line_word}.")
        return cells

    def numbers(self, column: int, solution: str) -> Array:
        """Return the column as floats. Raise `DataError` with a `solution` at the first cell that is not a number."""
        numbers = as_numbers(self.complete(column))
        if numbers is not None and np.isfinite(numbers).all():
            return numbers
        row = next(row for row, cell in enumerate(self.cells[column]) if not is_number(cell))
        cell = str(self.cells[column][row])
        raise DataError(f"{self.at(column, row)}: {cell!r} is not a number; correct the cell, or {solution}.")


def as_numbers(cells: np.ndarray) -> Array | None:
    """Return `cells` as floats, or None if one of them is not a number."""
    try:
        return np.asarray(cells.astype(np.float64))
    except ValueError:
        return None


def is_number(cell: object) -> bool:
    """Return whether a cell holds a finite number."""
    try:
        return bool(np.isfinite(float(str(cell))))
    except ValueError:
        return False


def read_text_file(path: Path, header: bool | None = None) -> TextTable:
    """Read CSV, TSV, blank-separated text or ARFF, gzipped or not.

    With `header` None, a first row without numbers is the header. Where semicolons separate cells, "0,5" is the number
    0.5. Columns with neither name nor content are left out.
    """
    try:
        with _open(path) as file:
            arff = path.name.endswith((".arff", ".arff.gz"))
            return _read_arff(path, file) if arff else _read_text(path, file, header)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(
            f"{path.name} cannot be read ({error}); check that it is the right file and complete."
        ) from error


def _open(path: Path) -> TextIO:
    """Open a file as text, gzipped or not."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _read_text(path: Path, file: TextIO, header: bool | None) -> TextTable:
    """Read cells separated by commas, semicolons, tabs or blanks."""
    rows, lines = [], []
    try:
        for line, row in _rows(path, file):
            rows.append([cell.strip() for cell in row])
            lines.append(line)
    except csv.Error as error:
        raise DataError(f"{path.name} cannot be read as a table ({error}); save it again as CSV.") from error
    if not rows:
        raise DataError(f"{path.name} is empty; give a file with one row of numbers per example.")
    width = len(rows[0])
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            raise DataError(
                f"{path.name}, line {line} has {len(row)} cells where line {lines[0]} has {width}; correct the line."
            )
    names = tuple(map(str, range(width)))
    if header or (header is None and not any(is_number(cell) for cell in rows[0])):
        names, rows, lines = tuple(rows[0]), rows[1:], lines[1:]
    columns = (
        tuple(np.array(column, str) for column in zip(*rows, strict=True)) if rows else (np.empty(0, str),) * width
    )
    used = [number for number in range(width) if names[number] or (columns[number] != "").any()]
    names, columns = tuple(names[number] for number in used), tuple(columns[number] for number in used)
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{path.name} has two columns named {name!r}; rename one of them.")
    return TextTable(path.name, names, columns, lines)


def _rows(path: Path, file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the number of its last line."""
    name = path.name.removesuffix(".gz")
    first = next((line for line in file if line.strip()), "")
    file.seek(0)
    if name.endswith((".txt", ".dat")) and not set(first) & set(",;"):
        yield from ((number, line.split()) for number, line in enumerate(file, 1) if line.strip())
        return
    delimiter = "\t" if name.endswith(".tsv") else ";" if _is_separated_by_semicolons(first) else ","
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, [_with_decimal_point(cell) for cell in row] if delimiter == ";" else row


def _is_separated_by_semicolons(line: str) -> bool:
    """Return whether semicolons separate the cells of a line and commas, if any, are decimal commas."""
    return ";" in line and "," not in "".join(_with_decimal_point(cell) for cell in line.split(";"))


def _with_decimal_point(cell: str) -> str:
    """Return "0.5" for "0,5", and other cells unchanged."""
    number = _DECIMAL_COMMA.fullmatch(cell.strip())
    return ".".join(number.groups()) if number else cell


def _read_arff(path: Path, file: TextIO) -> TextTable:
    """Read numeric and nominal columns of an ARFF file."""
    from scipy.io import arff

    try:
        data, metadata = arff.loadarff(file)
    except (arff.ArffError, NotImplementedError, ValueError, IndexError, StopIteration) as error:
        raise DataError(
            f"{path.name} cannot be read as ARFF ({error}); evorobo reads dense files with numeric and nominal columns."
        ) from error
    kinds, classes = metadata.types(), {}
    cells = []
    for name, kind in zip(metadata.names(), kinds, strict=True):
        column = np.atleast_1d(data[name])
        if kind == "nominal":
            classes[name] = tuple(str(value) for value in metadata[name][1] or ())
            cells.append(np.char.decode(column, "utf-8"))
        else:
            cells.append(column.astype(np.float64))
    return TextTable(path.name, tuple(metadata.names()), tuple(cells), range(1, len(data) + 1), "data row", classes)
