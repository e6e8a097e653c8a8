"""The JSON files of a results folder: each carries the number of its format, which is checked when it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evorobo.errors import DataError, ResultsError
from evorobo.files import read_json, write_json

FORMAT = 3
"""The format of `trial.json`, `study.json`, `result.json`, `checkpoint.npz` and of files that `tune` writes.

Format 1 had no number. Format 2 has the names of settings and log columns that this version uses. Format 3 has the cost
column `update_flops`, which is part of all FLOPs.
"""


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write a file that `read_record` reads."""
    write_json(path, {"format": FORMAT, **content})


def read_record(path: Path) -> dict[str, Any]:
    """Return the content of a file that `write_record` wrote, without the number of its format.

    Raises `ResultsError` for a damaged file and for one of another format.
    """
    content = read_object(path)
    check_format(path, content.pop("format", 1))
    return content


def read_object(path: Path) -> dict[str, Any]:
    """Return the fields of a JSON file. Raises `ResultsError` where it is damaged or holds no fields."""
    try:
        content = read_json(path)
    except DataError as error:
        reason = str(error).removesuffix(".")
        raise ResultsError(f"{reason}; delete its folder and run the study again.") from error
    if not isinstance(content, dict):
        raise ResultsError(f"{path} is damaged (no fields); delete its folder and run the study again.")
    return content


def check_format(path: Path, number: Any) -> None:
    """Raise `ResultsError` for a file of another format than that of this version, with the way out."""
    if number == FORMAT and isinstance(number, int):
        return
    older = isinstance(number, int) and number < FORMAT
    raise ResultsError(
        f"{path} has format {number} of {'an older' if older else 'a newer'} version of evorobo, and this version "
        f"reads format {FORMAT}; run the experiment again with another --results folder, or use that version."
    )
