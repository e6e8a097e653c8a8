"""A table in a file as a source of columns: names, places for error messages, and reading in one pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evorobo.errors import DataError, unknown
from evorobo.tasks.text.blocks import read_blocks
from evorobo.tasks.text.cells import is_missing, to_number
from evorobo.tasks.text.columns import Numbers, NumbersOrTexts, Texts
from evorobo.tasks.text.layout import Layout, recognize
from evorobo.tasks.text.odd_cells import DecimalComma, Problem, settle
from evorobo.tasks.text.parsing import NUMBER, SKIP, TEXT, Block


class Source(ABC):
    """A file with named columns.

    `thousands` is the mark that separates thousands, empty for none, None if it is unknown. `decimal` separates
    decimals, as far as the first rows show. `na_values` are texts and numbers that stand for missing values.
    `line_word` is what messages call a row. The second of equal names gets a number, as in pandas: x, x.1.
    """

    def __init__(
        self,
        file: str,
        names: Sequence[str],
        *,
        decimal: str = ".",
        thousands: str | None = None,
        na_values: Collection[str | float] = (),
        line_word: str = "line",
    ) -> None:
        self.file = file
        self._names = tuple(names)
        self.names = unique_names(names)
        self.repeated = frozenset(name for name, count in Counter(names).items() if count > 1)
        """Names that several columns have in the file."""
        self.decimal = decimal
        self.thousands = thousands
        self.na_values = frozenset(na_values)
        self.line_word = line_word

    has_declared_types = False
    """Whether the file says which columns are numbers and which are classes."""

    def classes(self, column: int) -> tuple[str, ...]:
        """Return the declared classes of a column; none where the file declares none."""
        return ()

    @abstractmethod
    def blocks(self, kinds: list[str], decimal: str) -> Iterator[Block]:
        """Yield the rows in blocks. `kinds` says how each column is read, as in `read_blocks`."""

    def find(self, column: str | int) -> int:
        """Return the number of a column that is given by name, or by number from 0, or from -1 backwards."""
        return find_column(self.file, self.names, column)

    def find_single(self, column: str | int) -> int:
        """Return the number of a column; raise `DataError` for a name that several columns have in the file."""
        if column in self.repeated:
            numbers = [number for number, name in enumerate(self._names) if name == column]
            raise DataError(
                f"{self.file} has {len(numbers)} columns named {column!r}; give one of the numbers "
                f"{', '.join(map(str, numbers))} instead."
            )
        return self.find(column)

    def reference(self, column: int) -> str | int:
        """Return the name of a column, or its number where it has no name."""
        name = self.names[column]
        return column if name == str(column) else name

    def is_missing(self, text: str) -> bool:
        """Return whether a cell is empty, or holds one of `na_values`."""
        return is_missing(text) or (
            bool(self.na_values) and (text in self.na_values or to_number(text, self.decimal) in self.na_values)
        )

    def place(self, column: int) -> str:
        """Return what messages call a column: "column 'front'"."""
        return place_of_column(self.names, column)

    def at(self, column: int, line: int) -> str:
        """Return the place of a cell for an error message: "robots.csv, line 7, column 'front'"."""
        return f"{self.file}, {self.line_word} {line}, {self.place(column)}"


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of which the second and later of equal ones have a number, as pandas writes them: x, x.1."""
    counts: dict[str, int] = {}
    taken, unique = set(names), []
    for name in names:
        new = name
        while name in counts and new in taken:
            new, counts[name] = f"{name}.{counts[name]}", counts[name] + 1
        counts.setdefault(name, 1)
        taken.add(new)
        unique.append(new)
    return tuple(unique)


def find_column(file: str, names: Sequence[str], column: str | int) -> int:
    """Return the number of a column that is given by name, or by number from 0, or from -1 backwards."""
    if isinstance(column, str):
        if column not in names:
            raise DataError(f"{file}: {unknown('column', column, names)}")
        return names.index(column)
    if not -len(names) <= column < len(names):
        raise DataError(
            f"{file} has {len(names)} columns and no column {column}; numbers count from 0, or backwards from -1."
        )
    return column % len(names)


def place_of_column(names: Sequence[str], column: int) -> str:
    """Return what messages call a column: "column 'front'", or "column 2" where it has no name."""
    name = names[column]
    return f"column {name}" if name == str(column) else f"column {name!r}"


class TextSource(Source):
    """A text file, gzipped or not. Columns with neither name nor content are left out.

    For `header` and `thousands` see `recognize` and `settle`.
    """

    def __init__(
        self,
        path: Path,
        header: bool | None = None,
        thousands: str | None = None,
        na_values: Collection[str | float] = (),
    ) -> None:
        self.layout: Layout = recognize(path, header, {".": ",", ",": "."}.get(thousands or ""))
        self._path = path
        names = self.layout.names
        self._used = [number for number in range(len(names)) if number not in self.layout.blank]
        super().__init__(
            path.name,
            [names[number] for number in self._used],
            decimal=self.layout.decimal,
            thousands=thousands,
            na_values=na_values,
        )

    def blocks(self, kinds: list[str], decimal: str) -> Iterator[Block]:
        every = [TEXT] * len(self.layout.names)
        for number, kind in zip(self._used, kinds, strict=True):
            every[number] = kind
        for block in read_blocks(self._path, replace(self.layout, decimal=decimal), every):
            for number in self.layout.blank:
                self._check_blank(number, block)
            yield Block([block.cells[number] for number in self._used], block.lines)
            for number, kind in zip(self._used, kinds, strict=True):
                every[number] = kind

    def _check_blank(self, number: int, block: Block) -> None:
        for cell, line in zip(block.texts(number), block.lines, strict=True):
            if cell.strip():
                raise DataError(
                    f"{self.file}, line {line}: {cell!r} is in column {number}, which has no name and no other "
                    "content; name the column in the header, or delete the cell."
                )


@dataclass(frozen=True)
class Columns:
    """Columns that were read. `lines` is the line of each row, and `problems` are cells that are no numbers."""

    matrices: list[Numbers]
    texts: dict[int, Texts]
    either: dict[int, NumbersOrTexts]
    lines: np.ndarray
    problems: list[Problem]


def read_columns(
    source: Source,
    numbers: Sequence[Sequence[int]],
    texts: Collection[int] = (),
    either: Collection[int] = (),
    hints: Collection[int] = (),
) -> Columns:
    """Read columns in one pass.

    `numbers` are read as one matrix for each sequence, `texts` as texts, `either` as texts, and also as numbers if most
    cells are. Of `hints`, which may be among the numbers too, only columns with few different texts are kept.

    Raises
    ------
    DataError
        If the file is damaged, or a row has too few or too many cells.
    """
    try:
        return _read(source, source.decimal, numbers, texts, either, hints)
    except DecimalComma:
        return _read(source, ",", numbers, texts, either, hints)


def _read(
    source: Source,
    decimal: str,
    numbers: Sequence[Sequence[int]],
    texts: Collection[int],
    either: Collection[int],
    hints: Collection[int],
) -> Columns:
    numeric = {column for columns in numbers for column in columns}
    kinds = [NUMBER if column in numeric else SKIP for column in range(len(source.names))]
    for column in (*texts, *either, *hints):
        kinds[column] = TEXT
    matrices = [Numbers(columns, decimal) for columns in numbers]
    text_columns = {column: Texts() for column in texts}
    either_columns = {column: NumbersOrTexts(column, decimal, column in either) for column in (*either, *hints)}
    lines = [np.empty(0, np.int64)]
    for block in source.blocks(kinds, decimal):
        lines.append(block.lines)
        for matrix in matrices:
            for column in matrix.add(block):
                kinds[column] = TEXT  # the fast way would fail in each block
        for column, text in text_columns.items():
            text.add(block.texts(column))
        for column, growing in either_columns.items():
            kind = growing.add(block)
            kinds[column] = NUMBER if kind == SKIP and column in numeric else kind
    for column in either:
        either_columns[column].read_numbers()
    either_numbers = [either_columns[column].numbers for column in either]
    codes = [value for value in source.na_values if isinstance(value, int | float)]
    matrices_of_all = [*matrices, *(column for column in either_numbers if column)]
    for matrix in matrices_of_all if codes else ():
        matrix.values[np.isin(matrix.values, codes)] = np.nan
    problems = settle(matrices_of_all, decimal, source.thousands, source.is_missing)
    return Columns(matrices, text_columns, either_columns, np.concatenate(lines), problems)
