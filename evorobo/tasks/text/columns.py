"""Columns of a table as they grow block by block: a matrix of numbers with its odd cells, and columns of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.text.cells import LARGEST_EXACT, is_code, is_missing, is_value, to_number
from evorobo.tasks.text.parsing import NUMBER, SKIP, TEXT, Block, Cells

MAX_DISTINCT = 5000
"""A column of numbers with more different texts is kept as numbers alone."""


class Texts:
    """A column of texts: the different texts, and which of them each row holds."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = _Numbering()
        """The number of each different text, in the order in which they occur."""
        self._codes: list[np.ndarray] = []

    def add(self, cells: Iterable[str]) -> None:
        """Add the cells of a block."""
        self._codes.append(np.fromiter(map(self.numbers.__getitem__, cells), np.int32))

    @property
    def codes(self) -> np.ndarray:
        """The number of the text of each row `(n_rows,)`."""
        return np.concatenate([np.empty(0, np.int32), *self._codes])

    def array(self, convert: Callable[[str], str] = str) -> np.ndarray:
        """Return the texts `(n_rows,)`, each of them converted."""
        return np.array([convert(text) for text in self.numbers] or [""], str)[self.codes]

    def to_numbers(self, column: int, decimal: str) -> Numbers:
        """Return the column as numbers; texts that are none become odd cells."""
        codes, texts = self.codes, list(self.numbers)
        cells: list[Cells] = [*[None] * column, [texts[code] for code in codes]]
        numbers = Numbers([column], decimal)
        numbers.add(Block(cells, codes))
        return numbers

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how often each text occurs, and in which row first."""
        codes, rows, counts = np.unique(self.codes, return_index=True, return_counts=True)
        texts = list(self.numbers)
        return (
            {texts[code]: int(count) for code, count in zip(codes, counts, strict=True)},
            {texts[code]: int(row) for code, row in zip(codes, rows, strict=True)},
        )


@dataclass
class OddCells:
    """The cells of a column of numbers that are not plain numbers: empty, Boolean, grouped digits, long ids, text."""

    rows: list[np.ndarray]
    texts: Texts


class Numbers:
    """Columns of numbers as a matrix `(n_rows, k)`. Odd cells are NaN and kept beside it, by column."""

    def __init__(self, columns: Sequence[int], decimal: str = ".") -> None:
        self.columns = list(columns)
        self.odd: dict[int, OddCells] = {}
        self.n_rows = 0
        self._buffer = np.empty((1024, len(self.columns)))
        self._numbers = _PlainNumbers(decimal)

    @property
    def values(self) -> Array:
        """The matrix `(n_rows, k)`. Reading it ends the growth: its memory is cut to size."""
        if len(self._buffer) != self.n_rows:
            self._buffer.resize((self.n_rows, len(self.columns)), refcheck=False)
        return self._buffer

    def add(self, block: Block) -> list[int]:
        """Add the rows of a block. Return the columns that hold odd cells."""
        start, end = self.n_rows, self.n_rows + len(block.lines)
        if end > len(self._buffer):
            self._buffer.resize((max(end, len(self._buffer) * 5 // 4), len(self.columns)), refcheck=False)
        odd_columns = []
        for place, column in enumerate(self.columns):
            cells = block.cells[column]
            if isinstance(cells, np.ndarray):
                self._buffer[start:end, place] = cells
                continue
            texts = block.texts(column)
            values = np.fromiter(map(self._numbers.__getitem__, texts), np.float64, len(texts))
            self._buffer[start:end, place] = values
            odd = np.flatnonzero(np.isnan(values))
            if len(odd):
                odd_columns.append(column)
                known = self.odd.setdefault(column, OddCells([], Texts()))
                known.rows.append(odd + start)
                known.texts.add([texts[row] for row in odd])
        self.n_rows = end
        return odd_columns

    def set_odd(self, column: int, values: Mapping[str, float]) -> None:
        """Give the odd cells of a column their numbers, by their texts; texts that are left out stay NaN."""
        odd = self.odd[column]
        numbers = np.array([values.get(text, np.nan) for text in odd.texts.numbers])
        self.values[np.concatenate(odd.rows), self.columns.index(column)] = numbers[odd.texts.codes]


class NumbersOrTexts:
    """A column whose type shows as it grows: texts, or numbers alone from `MAX_DISTINCT` different plain numbers on.

    With `keep_many` False, nothing is kept of a column with more different texts than that.
    """

    def __init__(self, column: int, decimal: str = ".", keep_many: bool = True) -> None:
        self.column = column
        self.decimal = decimal
        self.texts: Texts | None = Texts()
        self.numbers: Numbers | None = None
        self.sample: tuple[str, ...] = ()
        """The first different texts."""
        self._keep_many = keep_many

    def add(self, block: Block) -> str:
        """Add the rows of a block. Return how the next cells are read: NUMBER, TEXT or SKIP."""
        if self.texts is None and self.numbers is None:
            return SKIP
        if isinstance(block.cells[self.column], np.ndarray) and self.numbers is None:
            self.numbers, self.texts = Numbers([self.column], self.decimal), None  # the file declares numbers
        if self.texts is None:
            assert self.numbers is not None
            return TEXT if self.numbers.add(block) else NUMBER
        self.texts.add(block.texts(self.column))
        self.sample = self.sample or tuple(self.texts.numbers)[:100]
        if len(self.texts.numbers) <= MAX_DISTINCT:
            return TEXT
        if not self._keep_many:
            self.texts = None
            return SKIP
        if not is_plain(self.texts.numbers, self.decimal):
            return TEXT
        self.numbers, self.texts = self.texts.to_numbers(self.column, self.decimal), None
        return NUMBER

    def as_numbers(self) -> Numbers:
        """Return the numbers. Only columns that `read_numbers` took for texts have none."""
        if self.numbers is None:
            raise ValueError(f"column {self.column} holds texts")
        return self.numbers

    def read_numbers(self) -> None:
        """Read texts as numbers too, if most of them are."""
        if self.texts is not None and self.numbers is None:
            values = sum(map(is_value, self.texts.numbers))
            if values > sum(not is_missing(text) for text in self.texts.numbers) / 2:
                self.numbers = self.texts.to_numbers(self.column, self.decimal)


def is_plain(texts: Iterable[str], decimal: str = ".") -> bool:
    """Return whether all texts are numbers that floats hold, and none is a code with leading zeros as in 007."""
    return all(abs(to_number(text, decimal)) < LARGEST_EXACT and not is_code(text) for text in texts)


class _Numbering(dict[str, int]):
    """Numbers of texts; a new text gets the next number."""

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number


class _PlainNumbers(dict[str, float]):
    """The number of each text, NaN if it is odd: a memory of `to_number`."""

    def __init__(self, decimal: str) -> None:
        super().__init__()
        self._decimal = decimal

    def __missing__(self, text: str) -> float:
        number = to_number(text, self._decimal)
        number = number if abs(number) < LARGEST_EXACT else np.nan
        if len(self) < MAX_DISTINCT:
            self[text] = number
        return number
