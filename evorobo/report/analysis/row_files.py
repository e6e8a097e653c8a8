"""Files of rows that are computed once: a named tuple for each line, with texts and numbers as its annotations say."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from evorobo.errors import ResultsError
from evorobo.files import write_atomically

R = TypeVar("R", bound=tuple[Any, ...])


def write_rows(path: Path, row_type: type[R], rows: Iterable[R]) -> None:
    """Write rows to a CSV file, with the names of their fields in the first line."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_field_types(row_type), *rows])
    write_atomically(path, text.getvalue())


def read_rows(path: Path, row_type: type[R]) -> list[R]:
    """Return the rows of a CSV file; an empty list where there is none.

    Raises
    ------
    ResultsError
        If the file is damaged.
    """
    if not path.is_file():
        return []
    types = _field_types(row_type).values()
    try:
        with path.open(newline="", encoding="utf-8") as file:
            _, *lines = csv.reader(file)
        return [row_type(*(kind(cell) for kind, cell in zip(types, line, strict=True))) for line in lines]
    except (ValueError, csv.Error) as error:
        raise ResultsError(f"{path} is damaged ({error}); delete it, and it is made again.") from error


def _field_types(row_type: type[R]) -> dict[str, Any]:
    """Return the type of each field of a named tuple."""
    return get_type_hints(row_type)
