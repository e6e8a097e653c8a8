"""Cells of number columns that are not plain numbers: Booleans, separated thousands, decimals with another mark."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evorobo.tasks.text.cells import Grouped, is_long_id, to_boolean, to_grouped, to_number
from evorobo.tasks.text.columns import Numbers

_WITH_UNIT = re.compile(r"(?P<number>[+-]?\d[\d.,' ]*?) ?(?P<unit>[%‰°A-Za-zµμΩ][A-Za-z%°µμΩ/*·^²³]*\d?)")


class DecimalComma(Exception):
    """The numbers of a file turned out to have decimal commas: read it again."""


@dataclass(frozen=True)
class Problem:
    """The cells of a column that are empty or no numbers: how often each text occurs, and in which row first."""

    column: int
    counts: dict[str, int]
    first_rows: dict[str, int]
    is_sentinel: bool = False
    """Whether the texts are numbers that stand for a missing value."""

    def without_missing(self, is_missing: Callable[[str], bool]) -> Problem:
        """Return the problem without its empty cells."""
        counts = {text: count for text, count in self.counts.items() if not is_missing(text)}
        return replace(self, counts=counts, first_rows={text: self.first_rows[text] for text in counts})


def settle(
    matrices: Sequence[Numbers], decimal: str, thousands: str | None, is_missing: Callable[[str], bool]
) -> list[Problem]:
    """Give odd cells their numbers where these are certain, and return the problems with the others.

    `thousands` is the mark that separates thousands, empty for none; None recognizes it. Numbers with one unit in all
    cells of a column, as in "0.5 m", are read without it.

    Raises
    ------
    DecimalComma
        If `decimal` is a point and numbers have commas.
    """
    columns = [(matrix, column) for matrix in matrices for column in matrix.odd]
    swapped = "," if decimal == "." else "."
    readings = {
        text: _Readings(
            to_grouped(text, decimal),
            to_number(text, decimal),
            to_number(text, swapped) if swapped in text else math.nan,
        )
        for matrix, column in columns
        for text in matrix.odd[column].texts.numbers
    }
    marks = {reading.grouped.mark for reading in readings.values() if reading.grouped and reading.grouped.certain}
    marks |= {thousands} if thousands else set()
    if decimal == "." and "," not in marks and any(_has_decimal_comma(text, thousands) for text in readings):
        raise DecimalComma
    problems = []
    for matrix, column in columns:
        values = _booleans(matrix, column, is_missing) or _without_unit(matrix, column, decimal, is_missing)
        if values is None:
            texts = {text: readings[text] for text in matrix.odd[column].texts.numbers}
            is_swapped = decimal == "," and any(reading.is_swapped(thousands) for reading in texts.values())
            values = {text: reading.value(marks, is_swapped) for text, reading in texts.items() if not is_long_id(text)}
        matrix.set_odd(column, values)
        if problem := _find_problem(matrix, column):
            problems.append(problem)
    return problems


@dataclass(frozen=True)
class _Readings:
    """The numbers that an odd cell may be: with grouped thousands, plain, and with the other mark of decimals."""

    grouped: Grouped | None
    plain: float
    swapped: float

    def is_swapped(self, thousands: str | None) -> bool:
        """Return whether the other mark can only separate decimals."""
        return not math.isnan(self.swapped) and (self.grouped is None or thousands == "")

    def value(self, marks: Collection[str], is_swapped: bool) -> float:
        """Return the number if it is certain: `marks` separate thousands, `is_swapped` allows the other mark."""
        if self.grouped and self.grouped.mark in marks:
            return self.grouped.value
        return self.swapped if is_swapped and not math.isnan(self.swapped) else self.plain


def _has_decimal_comma(text: str, thousands: str | None) -> bool:
    """Return whether a text is a number only if commas separate decimals, as 0,5 and 1.234.567."""
    grouped = to_grouped(text, ",")
    if grouped and grouped.mark == "." and grouped.certain:
        return True
    return "," in text and not math.isnan(to_number(text, ",")) and (thousands == "" or not to_grouped(text))


def _booleans(matrix: Numbers, column: int, is_missing: Callable[[str], bool]) -> dict[str, float] | None:
    """Return the numbers of a column's Booleans if it holds nothing else but 0, 1 and empty cells."""
    texts = matrix.odd[column].texts.numbers
    pair = to_boolean({text.lower() for text in texts if not is_missing(text)})
    values = matrix.values[:, matrix.columns.index(column)]
    if pair is None or not np.isin(values[~np.isnan(values)], (0, 1)).all():
        return None
    return {text: pair.get(text.lower(), np.nan) for text in texts}


def _without_unit(
    matrix: Numbers, column: int, decimal: str, is_missing: Callable[[str], bool]
) -> dict[str, float] | None:
    """Return the numbers of cells that all have the same unit, None if some cells have another one or none."""
    odd, values = matrix.odd[column], matrix.values[:, matrix.columns.index(column)]
    if np.isfinite(values).any():
        return None
    numbers, units = {}, set()
    for text in odd.texts.numbers:
        if is_missing(text):
            continue
        match = _WITH_UNIT.fullmatch(text)
        if match is None:
            return None
        grouped, number = to_grouped(match["number"], decimal), to_number(match["number"], decimal)
        numbers[text] = grouped.value if grouped and grouped.certain else number
        units.add(match["unit"])
    return numbers if len(units) == 1 and not any(map(math.isnan, numbers.values())) else None


def _find_problem(matrix: Numbers, column: int) -> Problem | None:
    """Return the problem of a column with its odd cells that have no number, or None."""
    odd = matrix.odd[column]
    rows = np.concatenate(odd.rows)
    unsettled = np.isnan(matrix.values[rows, matrix.columns.index(column)])
    if not unsettled.any():
        return None
    codes, first, counts = np.unique(odd.texts.codes[unsettled], return_index=True, return_counts=True)
    texts = list(odd.texts.numbers)
    return Problem(
        column,
        {texts[code]: int(count) for code, count in zip(codes, counts, strict=True)},
        {texts[code]: int(rows[unsettled][row]) for code, row in zip(codes, first, strict=True)},
    )
