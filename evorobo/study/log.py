"""The log of a trial: one row for each eval, with all cost columns, appended to `curve.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, overload

from evorobo.errors import ResultsError
from evorobo.files import append_text, write_atomically
from evorobo.learners.base import StepResult
from evorobo.tasks.base import COST_COLUMNS, Cost

TIME_COLUMNS = ("cpu_seconds", "wall_seconds")
"""The only columns in which two runs of one trial may differ."""

FIRST_COLUMNS = (*COST_COLUMNS, "generations", "train", "validation", "test")
"""The columns of every log; those of the method follow, in the order in which they appear."""


METRIC_PREFIX = "test "
"""What columns of further test scores begin with, as in "test macro F1"."""


def is_test(column: str) -> bool:
    """Return whether a column holds test scores, which nothing may learn from."""
    return column == "test" or column.startswith(METRIC_PREFIX)


class Evals(Sequence[dict[str, float]]):
    """The first rows of a list that grows: a view that stays as it is, since a copy for each eval would take long."""

    def __init__(self, rows: list[dict[str, float]], n_rows: int) -> None:
        self._rows, self._n_rows = rows, n_rows

    def __len__(self) -> int:
        return self._n_rows

    @overload
    def __getitem__(self, index: int) -> dict[str, float]: ...

    @overload
    def __getitem__(self, index: slice) -> list[dict[str, float]]: ...

    def __getitem__(self, index: int | slice) -> dict[str, float] | list[dict[str, float]]:
        chosen = range(self._n_rows)[index]
        return self._rows[chosen] if isinstance(chosen, int) else [self._rows[number] for number in chosen]

    def __repr__(self) -> str:
        return repr(self[:])


class Log:
    """Rows of numbers by column name, and their file.

    A row is appended to the file at each eval. The file is written anew only when a row brings a new column. A row
    holds all of `FIRST_COLUMNS`, NaN where a value is unknown, and the known values of the method's columns.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []
        self._evals: list[dict[str, float]] = []
        self._columns: tuple[str, ...] = FIRST_COLUMNS
        self._size = 0
        self._hash = sha256()

    @property
    def sha256(self) -> str:
        """The digest of the file."""
        return self._hash.hexdigest()

    def append(
        self,
        cost: Cost,
        generations: int,
        result: StepResult | None,
        validation: float,
        test: float,
        metrics: Mapping[str, float] | None = None,
    ) -> None:
        """Add the row of an eval to the file; there is no `result` before the first step.

        `metrics` are further test scores by name.
        """
        row: dict[str, float] = {name: getattr(cost, name) for name in COST_COLUMNS} | {"generations": generations}
        if result:
            row |= {"train": result.score, **result.info}
        more = {f"{METRIC_PREFIX}{name}": value for name, value in (metrics or {}).items()}
        self.append_row(row | {"validation": validation, "test": test, **more})

    def append_row(self, row: dict[str, float]) -> None:
        """Add a row to the file."""
        columns = self._columns
        self._columns = tuple(dict.fromkeys((*columns, *row)))
        cells = {name: _to_cell(row[name]) for name in self._columns if name in row}
        self.rows.append(_from_cells(cells))
        if self._columns != columns or not self._size:
            self.write()
            return
        text = _as_csv(columns, [cells])
        append_text(self.path, text, self._size)
        self._account(text)

    def write(self) -> None:
        """Write the whole file anew."""
        rows = ({name: _to_cell(value) for name, value in row.items()} for row in self.rows)
        text = _with_header(self._columns, rows)
        write_atomically(self.path, text)
        self._size, self._hash = 0, sha256()
        self._account(text)

    @property
    def evals(self) -> Evals:
        """The rows without the test score, as callbacks receive them."""
        more = self.rows[len(self._evals) :]
        self._evals += [{name: row[name] for name in row if not is_test(name)} for row in more]
        return Evals(self._evals, len(self._evals))

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint needs to find the rows of now in the file later."""
        return {"n_rows": len(self.rows), "columns": list(self._columns), "sha256": self.sha256}

    def restore(self, state: dict[str, Any]) -> None:
        """Read the rows of a checkpoint from the file, and cut off all that was written after it.

        Raises `ResultsError` where these are not the rows that the checkpoint was saved with.
        """
        columns, n_rows = tuple(state["columns"]), state["n_rows"]
        cells = _read_cells(self.path, n_rows)
        text = _with_header(columns, cells)
        added = any(row.get(name) for row in cells for name in row if name not in columns)
        if len(cells) < n_rows or added or sha256(text.encode()).hexdigest() != state["sha256"]:
            raise ResultsError(
                f"{self.path} lacks rows of its checkpoint, or they were changed; delete {self.path.parent} and run "
                "the study again."
            )
        self.rows = [_from_cells({name: row[name] for name in columns}) for row in cells]
        self._columns = columns
        self.write()

    def _account(self, text: str) -> None:
        self._size += len(text.encode())
        self._hash.update(text.encode())


def write_rows(path: Path, rows: Iterable[dict[str, float]]) -> None:
    """Write a log that is complete."""
    cells = [{name: _to_cell(value) for name, value in row.items()} for row in rows]
    write_atomically(path, _with_header(tuple(dict.fromkeys((*FIRST_COLUMNS, *chain(*cells)))), cells))


def _with_header(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> str:
    return _as_csv(columns, [dict(zip(columns, columns, strict=True)), *rows])


def _as_csv(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n").writerows(rows)
    return text.getvalue()


def _read_cells(path: Path, n_rows: int) -> list[dict[str, str]]:
    """Return the cells of the first rows by column; there are fewer where the file is short or damaged."""
    try:
        header, *lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, csv.Error):
        return []
    return [dict(zip(header, cells, strict=False)) for cells in lines[:n_rows]]


def _from_cells(cells: dict[str, str]) -> dict[str, float]:
    """Return the values of a row: all of `FIRST_COLUMNS`, and the known values of the others."""
    first = {name: _from_cell(cells.get(name, "")) for name in FIRST_COLUMNS}
    return first | {name: _from_cell(cell) for name, cell in cells.items() if cell and name not in first}


def _from_cell(cell: str) -> float:
    if not cell:
        return float("nan")
    return int(cell) if cell.lstrip("-").isdecimal() else float(cell)


def _to_cell(value: float) -> str:
    """Return the shortest text that is read back as the same number; an empty text for NaN."""
    return "" if value != value else repr(int(value) if isinstance(value, int) else float(value))
