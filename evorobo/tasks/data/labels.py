"""Targets in a file: whether they are classes or values, and the classes as the texts of the cells tell them apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NoReturn

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError
from evorobo.tasks.data.problems import quoted
from evorobo.tasks.data.tables import check_classes, is_one_hot
from evorobo.tasks.text.cells import (
    is_code,
    is_long_id,
    is_number,
    is_value,
    plain_minus,
    to_boolean,
    to_number,
)
from evorobo.tasks.text.columns import NumbersOrTexts, Texts
from evorobo.tasks.text.questions import OpenQuestion
from evorobo.tasks.text.source import Source

MAX_ODD = 3
"""Up to this many different texts among numbers may stand for missing values."""
MAX_WHOLE = 20
"""Up to this many different whole numbers, each in two rows on average, may be classes as well."""


def infer_kind(
    source: Source, columns: Sequence[NumbersOrTexts], lines: np.ndarray, labels_at: Sequence[str | int]
) -> str:
    """Return "classification" for targets of text and "regression" for numbers.

    `labels_at` are inputs that may be meant as the target.

    Raises
    ------
    OpenQuestion
        If a column mixes numbers and text, if its numbers may be classes, or if it has a text of its own in most rows.
    """
    for column in columns:
        if column.texts is None:
            continue
        texts = [text for text in column.texts.numbers if not source.is_missing(text)]
        others = [text for text in texts if not is_value(text) or to_boolean({text.lower()})]
        if len(others) == len(texts):
            if len(texts) > max(MAX_WHOLE, len(lines) / 2) and not source.has_declared_types:
                _ask_target(source, column.column, len(texts), len(lines), labels_at)
            return "classification"
        if others:
            text, row = _first(column.texts, others)
            raise OpenQuestion(
                f"{source.at(column.column, int(lines[row]))}: {quoted(text)} is text in a column of numbers; "
                "correct the cell, or set kind='classification'.",
                {"na_values": tuple(others), "missing": "median"} if len(others) <= MAX_ODD else {},
            )
        if len(columns) == 1 and not source.has_declared_types and (doubt := _doubt(texts, len(lines))):
            _ask_kind(source, f"{source.place(column.column)} holds {doubt}")
    if not source.has_declared_types and len(columns) > 1 and is_one_hot(_stack(columns)):
        names = ", ".join(repr(source.names[column.column]) for column in columns)
        _ask_kind(source, f"columns {names} hold a 1 in one column of each row")
    return "regression"


def class_numbers(
    source: Source, column: int, texts: Texts, lines: np.ndarray, classes: tuple[str, ...], allow_missing: bool = False
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the class number of each row and the names of the classes: `classes`, or all texts, sorted.

    With `allow_missing` the number of an empty cell is -1.

    Raises
    ------
    DataError
        If a text is not among `classes`, or if 1 and 1.0 may be one class or two.
    """
    missing = {text: -1 for text in texts.numbers if allow_missing and source.is_missing(text) and text not in classes}
    names = classes or sorted_texts(source, column, [text for text in texts.numbers if text not in missing])
    number = {name: index for index, name in enumerate(names)} | missing
    if others := [text for text in texts.numbers if text not in number]:
        text, row = _first(texts, others)
        raise DataError(
            f"{source.at(column, int(lines[row]))}: {quoted(text)} is not one of the classes {', '.join(names)}."
        )
    check_classes(source.file, names)
    return np.array([number[text] for text in texts.numbers], np.int64)[texts.codes], names


def _first(texts: Texts, some: Sequence[str]) -> tuple[str, int]:
    """Return that one of some texts which occurs first, and its row."""
    _, rows = texts.counts()
    return min(((text, rows[text]) for text in some), key=lambda pair: pair[1])


def _ask_kind(source: Source, doubt: str) -> NoReturn:
    """Raise the question whether numbers are classes."""
    raise OpenQuestion(
        f"{source.file}, {doubt}: classification? Set kind='classification' if these are classes, or "
        "kind='regression' if they are values to predict; on the command line --kind.",
        {"kind": "classification"},
    )


def _ask_target(source: Source, column: int, n_texts: int, n_rows: int, labels_at: Sequence[str | int]) -> NoReturn:
    """Raise the question which column is the target, if one holds a text of its own in most rows."""
    likely = f"as target={labels_at[-1]!r}, or --target {labels_at[-1]}" if labels_at else "by target, or --target"
    raise OpenQuestion(
        f"{source.file}, {source.place(column)} holds {n_texts} different texts in {n_rows} rows, which are no "
        f"classes; name the column to predict, {likely}; kind='classification' takes these texts as classes.",
        {"target": labels_at[-1]} if labels_at else {},
    )


def _doubt(texts: Sequence[str], n_rows: int) -> str:
    """Return why numbers may be classes; empty if they are values."""
    if codes := [text for text in texts if is_code(text)]:
        return f"codes with leading zeros, as {codes[0]}"
    if ids := [text for text in texts if is_long_id(text)]:
        return f"whole numbers of many digits, as {ids[0]}"
    values = [to_number(text) for text in texts]
    if 2 * len(texts) > n_rows or any(value != value for value in values):
        return ""
    if pair := _same_number(texts):
        return f"{len(texts)} different texts, of which {pair[0]} and {pair[1]} are the same number"
    is_whole = all(value == round(value) for value in values)
    return f"{len(texts)} different whole numbers" if is_whole and 1 < len(texts) <= MAX_WHOLE else ""


def _same_number(texts: Iterable[str]) -> tuple[str, str] | None:
    """Return two texts that are the same number, as 1.1 and 1.10; None if there are none."""
    first: dict[Decimal, str] = {}
    for text in texts:
        number = Decimal(plain_minus(text))  # a float does not hold all digits
        if first.setdefault(number, text) != text:
            return first[number], text
    return None


def sorted_texts(source: Source, column: int, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the names of classes, sorted as numbers if all are."""
    names = sorted(texts)
    if not all(map(is_number, names)):
        return tuple(names)
    whole = [name for name in names if re.fullmatch(r"[+-]?\d+(\.0*)?", name)]
    if pair := _same_number([name for name in whole if not is_code(name)]):
        raise DataError(
            f"{source.file}, {source.place(column)} holds {pair[0]} and {pair[1]}: one class or two? Write them alike "
            f"if they are one; else name all classes in loader_kwargs={{'classes': (...)}}."
        )
    return tuple(sorted(names, key=lambda name: (to_number(name), name)))


def _stack(columns: Sequence[NumbersOrTexts]) -> Array:
    return np.column_stack([column.numbers.values for column in columns if column.numbers is not None])
