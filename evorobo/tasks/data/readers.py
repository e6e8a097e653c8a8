"""Reading a data file as a table: which columns are inputs and targets, and whether targets are classes or values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, unknown
from evorobo.files import read_npz
from evorobo.tasks.data.tables import KINDS, Table, check_classes, check_rows, make_table
from evorobo.tasks.data.text_files import TEXT_SUFFIXES, TextTable, as_numbers, is_number, read_text_file

Columns = str | int | Iterable[str | int]
"""One column or several, by name or number."""
SUFFIXES = (*TEXT_SUFFIXES, ".arff", ".npz")


def read_table(
    path: str | Path,
    target: Columns = -1,
    kind: str | None = None,
    *,
    columns: Columns = (),
    ignore: Columns = (),
    header: bool | None = None,
    classes: Iterable[str] = (),
) -> Table:
    """Read a CSV, TSV, blank-separated, ARFF or NPZ file, gzipped or not.

    All columns except `target`, `columns` and `ignore` are inputs. Columns are given by name, or by number as in Python
    (0 is the first, -1 the last). An NPZ file contains the arrays `inputs` and `targets`, and any further columns.

    Parameters
    ----------
    path : str or Path
        The file. Its suffix states the format.
    target : str, int or iterable of these, default -1
        The column or columns to predict.
    kind : {"classification", "regression"}, optional
        By default text, nominal ARFF columns and whole numbers in NPZ files are classes; other numbers are values.
    columns : str, int or iterable of these, default ()
        Columns to keep beside the inputs, for splits, sequences and weights.
    ignore : str, int or iterable of these, default ()
        Columns to leave out.
    header : bool, optional
        Whether the first row holds names. By default it does if none of its cells is a number.
    classes : iterable of str, default ()
        Names of the classes in their order. By default all that occur, sorted.

    Returns
    -------
    Table
        The table.

    Raises
    ------
    DataError
        If the file is missing, damaged or incomplete. The message names the line and the column.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import evorobo as er
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "robot.csv"
    ...     _ = path.write_text("front,left,lap,move\\n1.5,0.5,1,go\\n0.8,0.4,1,turn\\n2,0.25,2,go\\n")
    ...     table = er.read_table(path, target="move", columns="lap")
    >>> table.input_names, table.classes
    (('front', 'left'), ('go', 'turn'))
    """
    path = Path(path)
    if kind is not None and kind not in KINDS:
        raise unknown("kind of target", kind, KINDS)
    if not path.is_file():
        raise DataError(f"there is no file {path}; give the path relative to the current folder.")
    if path.name.endswith(".npz"):
        return _read_npz(path, kind)
    if not is_data_file(path.name):
        raise DataError(
            f"{path.name} has none of the suffixes that evorobo reads ({', '.join(SUFFIXES)}); save it as CSV."
        )
    text = read_text_file(path, header)
    return _select_columns(text, as_tuple(target), kind, as_tuple(columns), as_tuple(ignore), tuple(classes))


def is_data_file(path: str) -> bool:
    """Return whether a path has a suffix that `read_table` reads."""
    return path.removesuffix(".gz").endswith(SUFFIXES)


def as_tuple(columns: Columns) -> tuple[str | int, ...]:
    """Return one column or several as a tuple."""
    return (columns,) if isinstance(columns, str | int) else tuple(columns)


def _select_columns(
    text: TextTable,
    target: tuple[str | int, ...],
    kind: str | None,
    columns: tuple[str | int, ...],
    ignore: tuple[str | int, ...],
    classes: tuple[str, ...],
) -> Table:
    """Make a table of some columns of a text file."""
    check_rows(text.file, len(text.line_numbers))
    targets = [text.find(column) for column in target]
    kept = [text.find(column) for column in columns]
    not_inputs = {*targets, *kept, *(text.find(column) for column in ignore)}
    inputs = [number for number in range(len(text.names)) if number not in not_inputs]
    if not targets:
        raise DataError(f"{text.file}: no column is the target; name one as target.")
    if both := [text.names[number] for number in targets if number in kept]:
        raise DataError(f"{text.file}: {both[0]!r} is both the target and one of the columns to keep; remove one.")
    if not inputs:
        raise DataError(f"{text.file} has no column left as input; its columns are {', '.join(text.names)}.")
    if kind is None:
        kind = _infer_kind(text, targets, classes)
    if kind == "classification":
        values, classes = _class_numbers(text, targets, classes)
    else:
        values = np.column_stack([text.numbers(number, "set kind='classification'") for number in targets])
    return Table(
        np.column_stack([_input(text, number) for number in inputs]),
        values,
        tuple(text.names[number] for number in inputs),
        tuple(text.names[number] for number in targets),
        classes,
        {text.names[number]: _numbers_or_text(text, number) for number in kept},
    )


def _input(text: TextTable, column: int) -> Array:
    """Return a column as floats; the error for a cell that is no number says how to leave the column out."""
    name: str | int = text.names[column]
    name = column if name == str(column) else name
    return text.numbers(column, f"leave the column out: loader_kwargs={{'ignore': ({name!r},)}}, or --ignore {name}")


def _numbers_or_text(text: TextTable, column: int) -> np.ndarray:
    """Return a column as floats if all its cells are numbers, else as text."""
    cells = text.complete(column)
    numbers = as_numbers(cells)
    return cells if numbers is None else numbers


def _infer_kind(text: TextTable, targets: list[int], classes: tuple[str, ...]) -> str:
    """Return the kind of targets. A column of numbers and text raises `DataError`."""
    if classes:
        return "classification"
    for column in targets:
        if text.names[column] in text.nominal:
            return "classification"
        cells = text.complete(column)
        numeric = np.array([is_number(cell) for cell in cells])
        if numeric.all():
            continue
        if numeric.any():
            row = int(np.argmin(numeric))
            raise DataError(
                f"{text.at(column, row)}: {str(cells[row])!r} is text in a column of numbers; "
                "correct the cell, or set kind='classification'."
            )
        return "classification"
    return "regression"


def _class_numbers(text: TextTable, targets: list[int], classes: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the class number of each row and the names of the classes."""
    if len(targets) > 1:
        raise DataError(f"{text.file}: classification has one target column, not {len(targets)}; name one.")
    column = targets[0]
    cells = text.complete(column)
    numbers = as_numbers(cells)
    if numbers is None or classes or text.names[column] in text.nominal:
        classes = classes or text.nominal.get(text.names[column]) or tuple(str(name) for name in np.unique(cells))
        number = {name: index for index, name in enumerate(classes)}
        for row, cell in enumerate(cells):
            if cell not in number:
                raise DataError(
                    f"{text.at(column, row)}: {str(cell)!r} is not one of the classes {', '.join(classes)}."
                )
        labels = np.array([number[str(cell)] for cell in cells])
    else:
        values, labels = np.unique(numbers, return_inverse=True)
        classes = tuple(f"{value:.12g}" for value in values)
    check_classes(text.file, classes)
    return labels.astype(np.int64), classes


def _read_npz(path: Path, kind: str | None) -> Table:
    """Read a table from the arrays `inputs`, `targets`, `classes` if present, and further columns."""
    arrays = read_npz(path)
    for name in ("inputs", "targets"):
        if name not in arrays:
            raise DataError(f"{path.name} contains {', '.join(arrays) or 'nothing'}, but no array {name!r}; add it.")
    inputs, targets = arrays.pop("inputs"), arrays.pop("targets")
    classes = tuple(str(name) for name in arrays.pop("classes", np.empty(0, str)))
    return make_table(inputs, targets, kind, classes=classes, columns=arrays, where=path.name)
