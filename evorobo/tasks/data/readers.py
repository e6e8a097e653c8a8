"""From a data file to a table: which columns are inputs, which are targets, and of which kind."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, unknown
from evorobo.files import read_npz
from evorobo.tasks.data.tables import KINDS, Table, check_classes, check_rows, make_table
from evorobo.tasks.data.text_files import TEXT, TextTable, as_numbers, is_number, read_text_file

Columns = str | int | Iterable[str | int]
"""One column or several, by name or number."""
SUFFIXES = (*TEXT, ".arff", ".npz")


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
    """Read a CSV, TSV, blank-separated, ARFF or NPZ file. All columns but `target`, `columns` and `ignore` are inputs.

    Columns go by name, or by number as in Python (0 the first, -1 the last). `kind` None: text, ARFF's nominal and
    NPZ's whole-number targets are classes, other numbers are values. `classes` fixes which classes there are, and
    their order. An NPZ file holds `inputs`, `targets` and any further columns. Raises `DataError` for what cannot be.
    """
    path = Path(path)
    if kind is not None and kind not in KINDS:
        raise unknown("kind of target", kind, KINDS)
    if not path.is_file():
        raise DataError(f"there is no file {path}; give the path from the folder in which you run.")
    if path.name.endswith(".npz"):
        return _read_npz(path, kind)
    if not is_data_file(path.name):
        raise DataError(f"{path.name} is of no kind that evorobo reads ({', '.join(SUFFIXES)}); save it as CSV.")
    sheet = read_text_file(path, header)
    return _from_sheet(sheet, as_tuple(target), kind, as_tuple(columns), as_tuple(ignore), tuple(classes))


def is_data_file(path: str) -> bool:
    """Whether a path ends like a file that `read_table` reads."""
    return path.removesuffix(".gz").endswith(SUFFIXES)


def as_tuple(columns: Columns) -> tuple[str | int, ...]:
    """One column or several, as several."""
    return (columns,) if isinstance(columns, str | int) else tuple(columns)


def _from_sheet(
    sheet: TextTable,
    target: tuple[str | int, ...],
    kind: str | None,
    columns: tuple[str | int, ...],
    ignore: tuple[str | int, ...],
    classes: tuple[str, ...],
) -> Table:
    check_rows(sheet.file, len(sheet.line_numbers))
    wanted = [sheet.find(each) for each in target]
    further = [sheet.find(each) for each in columns]
    left_out = {*wanted, *further, *(sheet.find(each) for each in ignore)}
    inputs = [number for number in range(len(sheet.names)) if number not in left_out]
    if not wanted or set(wanted) & set(further):
        names = ", ".join(repr(sheet.names[each]) for each in wanted) or "no column"
        raise DataError(f"{sheet.file}: {names} cannot be the target; name another one as target.")
    if not inputs:
        raise DataError(f"{sheet.file} has no column left as input; its columns are {', '.join(sheet.names)}.")
    if kind is None:
        kind = _guess(sheet, wanted, classes)
    if kind == "classification":
        targets, classes = _class_numbers(sheet, wanted, classes)
    else:
        targets = np.column_stack([sheet.numbers(each, "say kind='classification'") for each in wanted])
    return Table(
        np.column_stack([_input(sheet, each) for each in inputs]),
        targets,
        tuple(sheet.names[each] for each in inputs),
        tuple(sheet.names[each] for each in wanted),
        classes,
        {sheet.names[each]: _further(sheet, each) for each in further},
    )


def _input(sheet: TextTable, column: int) -> Array:
    name: str | int = sheet.names[column]
    name = column if name == str(column) else name
    return sheet.numbers(column, f"leave the column out: loader_kwargs={{'ignore': ({name!r},)}}, or --ignore {name}")


def _further(sheet: TextTable, column: int) -> np.ndarray:
    cells = sheet.complete(column)
    numbers = as_numbers(cells)
    return cells if numbers is None else numbers


def _guess(sheet: TextTable, wanted: list[int], classes: tuple[str, ...]) -> str:
    if classes:
        return "classification"
    for column in wanted:
        if sheet.names[column] in sheet.nominal:
            return "classification"
        cells = sheet.complete(column)
        numeric = np.array([is_number(cell) for cell in cells])
        if numeric.all():
            continue
        if numeric.any():
            row = int(np.argmin(numeric))
            raise DataError(
                f"{sheet.at(column, row)}: {str(cells[row])!r} stands among numbers; "
                "mend the cell, or say kind='classification'."
            )
        return "classification"
    return "regression"


def _class_numbers(sheet: TextTable, wanted: list[int], classes: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    if len(wanted) > 1:
        raise DataError(f"{sheet.file}: classification has one target column, not {len(wanted)}; name one.")
    column = wanted[0]
    cells = sheet.complete(column)
    numbers = as_numbers(cells)
    if numbers is None or classes or sheet.names[column] in sheet.nominal:
        classes = classes or sheet.nominal.get(sheet.names[column]) or tuple(str(name) for name in np.unique(cells))
        number = {name: at for at, name in enumerate(classes)}
        for row, cell in enumerate(cells):
            if cell not in number:
                raise DataError(f"{sheet.at(column, row)}: {str(cell)!r} is none of the classes {', '.join(classes)}.")
        targets = np.array([number[str(cell)] for cell in cells])
    else:
        values, targets = np.unique(numbers, return_inverse=True)
        classes = tuple(f"{value:.12g}" for value in values)
    check_classes(sheet.file, classes)
    return targets.astype(np.int64), classes


def _read_npz(path: Path, kind: str | None) -> Table:
    arrays = read_npz(path)
    for name in ("inputs", "targets"):
        if name not in arrays:
            raise DataError(f"{path.name} holds {', '.join(arrays) or 'nothing'}, but no array {name!r}; add it.")
    inputs, targets = arrays.pop("inputs"), arrays.pop("targets")
    classes = tuple(str(name) for name in arrays.pop("classes", np.empty(0, str)))
    return make_table(inputs, targets, kind, classes=classes, columns=arrays, where=path.name)
