"""Reading a data file as a table: which columns are inputs and targets, and whether targets are classes or values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from evorobo.errors import DataError, SettingsError, unknown
from evorobo.files import as_path, read_npz
from evorobo.tasks.data.arff import ArffSource
from evorobo.tasks.data.selection import Selection
from evorobo.tasks.data.tables import KINDS, Table, make_table
from evorobo.tasks.data.text_files import TEXT_SUFFIXES
from evorobo.tasks.text.source import TextSource

Columns = str | int | Iterable[str | int]
"""One column or several, by name or number."""
Cells = str | float | Iterable[str | float]
"""One content of a cell or several, as texts or numbers."""
SUFFIXES = (*TEXT_SUFFIXES, ".arff", ".npz")
T = TypeVar("T")
THOUSANDS = (".", ",", "'", " ", "")


def read_table(
    path: str | Path,
    target: Columns = -1,
    kind: str | None = None,
    *,
    columns: Columns = (),
    ignore: Columns = (),
    header: bool | None = None,
    classes: Iterable[str] = (),
    thousands: str | None = None,
    one_hot: Columns = (),
    na_values: Cells = (),
    allow_missing: bool = False,
) -> Table:
    """Read a CSV, TSV, blank-separated, ARFF or NPZ file, gzipped or not.

    All columns except `target`, `columns` and `ignore` are inputs. Columns are given by name, or by number as in Python
    (0 is the first, -1 the last). An NPZ file contains the arrays `inputs` and `targets`, and any further columns.

    Encoding, separator, comments, header, units below it, decimal commas and an index of pandas are recognized. Where
    two readings are possible, an error names both and the setting that decides.

    Parameters
    ----------
    path : str or Path
        The file. Its suffix states the format.
    target : str, int or iterable of these, default -1
        The column or columns to predict.
    kind : {"classification", "regression"}, optional
        By default text, nominal ARFF columns and whole numbers in NPZ files are classes; other numbers are values. A
        few whole numbers in a text file need this setting.
    columns : str, int or iterable of these, default ()
        Columns to keep beside the inputs, for splits, sequences and weights.
    ignore : str, int or iterable of these, default ()
        Columns to leave out.
    header : bool, optional
        Whether the first row holds names. None recognizes it.
    classes : iterable of str, default ()
        Names of the classes in their order. By default all that occur, sorted.
    thousands : {".", ",", "'", " ", ""}, optional
        Mark that separates thousands, empty for none. None recognizes it.
    one_hot : str, int or iterable of these, default ()
        Columns of text among the inputs, which become numbers of their texts; see `DatasetTask`.
    na_values : str, float or iterable of these, default ()
        Texts and numbers that stand for missing values, as "err" or -999.
    allow_missing : bool, default False
        Whether empty cells of inputs and targets are missing values instead of an error; see `DatasetTask`.

    Returns
    -------
    Table
        The table.

    Raises
    ------
    DataError
        If the file is missing, damaged or incomplete. The message names the lines and columns.

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
    path = as_path(path)
    if kind is not None and kind not in KINDS:
        raise unknown("kind of target", kind, KINDS)
    if thousands not in (None, *THOUSANDS):
        raise SettingsError(f"thousands must be one of {', '.join(map(repr, THOUSANDS))}, not {thousands!r}.")
    if not path.is_file():
        raise DataError(f"there is no file {path}; give the path relative to the current folder.")
    if not is_data_file(path.name):
        raise DataError(
            f"{path.name} has none of the suffixes that evorobo reads ({', '.join(SUFFIXES)}); save it as CSV."
        )
    if path.name.lower().endswith(".npz"):
        return _read_npz(path, kind, allow_missing)
    is_arff = path.name.lower().removesuffix(".gz").endswith(".arff")
    if (missing := as_tuple(cast(Any, na_values))) and not allow_missing:
        raise SettingsError(
            f"na_values={missing!r} are missing values; say what is done about them, as by "
            'missing="median" in the task or --missing median.'
        )
    source = ArffSource(path, missing) if is_arff else TextSource(path, header, thousands, missing)
    selection = Selection(source, as_tuple(target), as_tuple(columns), as_tuple(ignore), as_tuple(one_hot))
    return selection.read(kind, tuple(classes), allow_missing)


def is_data_file(path: str) -> bool:
    """Return whether a path has a suffix that `read_table` reads."""
    return path.lower().removesuffix(".gz").endswith(SUFFIXES)


def as_tuple(values: T | Iterable[T]) -> tuple[T, ...]:
    """Return one value or several as a tuple."""
    return cast(tuple[T, ...], (values,) if isinstance(values, str | float | int) else tuple(cast(Any, values)))


def _read_npz(path: Path, kind: str | None, allow_missing: bool) -> Table:
    """Read a table from the arrays `inputs`, `targets`, `classes` if present, and further columns."""
    arrays = read_npz(path)
    for name in ("inputs", "targets"):
        if name not in arrays:
            raise DataError(f"{path.name} contains {', '.join(arrays) or 'nothing'}, but no array {name!r}; add it.")
    inputs, targets = arrays.pop("inputs"), arrays.pop("targets")
    classes = tuple(str(name) for name in arrays.pop("classes", np.empty(0, str)))
    return make_table(
        inputs, targets, kind, classes=classes, columns=arrays, where=path.name, allow_missing=allow_missing
    )
