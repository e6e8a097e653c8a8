"""A data file as it stands on disk: named columns of text or numbers, and where each row lies, for clear errors."""

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

TEXT = (".csv", ".tsv", ".data", ".dat", ".txt")
MISSING = ("", "?", "nan", "na", "n/a", "null")
"""What an empty cell is written as, in small letters."""
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+(?:[eE][+-]?\d+)?)")


@dataclass(frozen=True, eq=False)
class TextTable:
    """`cells[c][r]` is text, or a float where the format says so. Columns without a header are named "0", "1", ..."""

    file: str
    names: tuple[str, ...]
    cells: tuple[np.ndarray, ...]
    line_numbers: Sequence[int]
    """The line of each row (in ARFF files: the number of the row)."""
    line_word: str = "line"
    nominal: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The declared classes of ARFF's nominal columns."""

    def find(self, column: str | int) -> int:
        """The number of a column, given by name or number; numbers count from 0, from the end with -1."""
        if isinstance(column, str):
            if column not in self.names:
                raise DataError(f"{self.file}: {unknown('column', column, self.names)}")
            return self.names.index(column)
        if not -len(self.names) <= column < len(self.names):
            raise DataError(
                f"{self.file} has {len(self.names)} columns and no column {column}; "
                "numbers count from 0, or from the end with -1."
            )
        return column % len(self.names)

    def at(self, column: int, row: int) -> str:
        """Where a cell stands, for a reader: "robots.csv, line 7, column 'front'"."""
        name = self.names[column]
        shown = f"column {name}" if name == str(column) else f"column {name!r}"
        return f"{self.file}, {self.line_word} {self.line_numbers[row]}, {shown}"

    def complete(self, column: int) -> np.ndarray:
        """The column, or a `DataError` at its first empty cell."""
        cells = self.cells[column]
        if cells.dtype.kind == "f":
            empty = ~np.isfinite(cells)
        else:
            empty = np.array([cell.lower() in MISSING for cell in cells], bool)
        if empty.any():
            row = int(np.argmax(empty))
            shown = str(cells[row]) or "empty"
            raise DataError(f"{self.at(column, row)} is {shown}; fill the cell or delete the {self.line_word}.")
        return cells

    def numbers(self, column: int, cure: str) -> Array:
        """The column as floats, or a `DataError` with a `cure` at its first cell that is no finite number."""
        numbers = as_numbers(self.complete(column))
        if numbers is not None and np.isfinite(numbers).all():
            return numbers
        row = next(row for row, cell in enumerate(self.cells[column]) if not is_number(cell))
        cell = str(self.cells[column][row])
        raise DataError(f"{self.at(column, row)}: {cell!r} is no number; mend the cell, or {cure}.")


def as_numbers(cells: np.ndarray) -> Array | None:
    """`cells` as floats, or None when one of them is something else."""
    try:
        return np.asarray(cells.astype(np.float64))
    except ValueError:
        return None


def is_number(cell: object) -> bool:
    """Whether one cell holds a finite number."""
    try:
        return bool(np.isfinite(float(str(cell))))
    except ValueError:
        return False


def read_text_file(path: Path, header: bool | None = None) -> TextTable:
    """Read CSV, TSV, blank-separated text or ARFF, also gzipped. `header` None: a first row without numbers is one.

    Where semicolons separate the cells, "0,5" is the number 0.5. Columns with neither name nor content are left out.
    """
    try:
        with _open(path) as file:
            arff = path.name.endswith((".arff", ".arff.gz"))
            return _read_arff(path, file) if arff else _read_text(path, file, header)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path.name} cannot be read ({error}); is it the right file, and whole?") from error


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _read_text(path: Path, file: TextIO, header: bool | None) -> TextTable:
    rows, lines = [], []
    try:
        for line, row in _rows(path, file):
            rows.append([cell.strip() for cell in row])
            lines.append(line)
    except csv.Error as error:
        raise DataError(f"{path.name} cannot be read as a table ({error}); save it again as CSV.") from error
    if not rows:
        raise DataError(f"{path.name} is empty; give a file with one row of numbers for each example.")
    width = len(rows[0])
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            raise DataError(
                f"{path.name}, line {line} has {len(row)} cells where line {lines[0]} has {width}; mend the line."
            )
    names = tuple(map(str, range(width)))
    if header or (header is None and not any(is_number(cell) for cell in rows[0])):
        names, rows, lines = tuple(rows[0]), rows[1:], lines[1:]
    columns = (
        tuple(np.array(column, str) for column in zip(*rows, strict=True)) if rows else (np.empty(0, str),) * width
    )
    used = [at for at in range(width) if names[at] or (columns[at] != "").any()]
    names, columns = tuple(names[at] for at in used), tuple(columns[at] for at in used)
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{path.name} has two columns named {name!r}; rename one of them.")
    return TextTable(path.name, names, columns, lines)


def _rows(path: Path, file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the number of its last line."""
    kind = path.name.removesuffix(".gz")
    first = next((line for line in file if line.strip()), "")
    file.seek(0)
    if kind.endswith((".txt", ".dat")) and not set(first) & set(",;"):
        yield from ((number, line.split()) for number, line in enumerate(file, 1) if line.strip())
        return
    delimiter = "\t" if kind.endswith(".tsv") else ";" if _semicolons(first) else ","
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, [_decimal(cell) for cell in row] if delimiter == ";" else row


def _semicolons(line: str) -> bool:
    """Whether semicolons separate its cells, and commas, if any, stand in numbers."""
    return ";" in line and "," not in "".join(_decimal(cell) for cell in line.split(";"))


def _decimal(cell: str) -> str:
    number = _DECIMAL_COMMA.fullmatch(cell.strip())
    return ".".join(number.groups()) if number else cell


def _read_arff(path: Path, file: TextIO) -> TextTable:
    from scipy.io import arff

    try:
        data, about = arff.loadarff(file)
    except (arff.ArffError, NotImplementedError, ValueError, IndexError, StopIteration) as error:
        raise DataError(
            f"{path.name} cannot be read as ARFF ({error}); evorobo reads dense files with numeric and nominal columns."
        ) from error
    kinds, classes = about.types(), {}
    cells = []
    for name, kind in zip(about.names(), kinds, strict=True):
        column = np.atleast_1d(data[name])
        if kind == "nominal":
            classes[name] = tuple(str(value) for value in about[name][1] or ())
            cells.append(np.char.decode(column, "utf-8"))
        else:
            cells.append(column.astype(np.float64))
    return TextTable(path.name, tuple(about.names()), tuple(cells), range(1, len(data) + 1), "data row", classes)
