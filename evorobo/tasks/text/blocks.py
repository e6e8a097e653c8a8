"""Rows of a text file in blocks of lines, without comments and blank lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from operator import itemgetter
from pathlib import Path

import numpy as np

from evorobo.errors import DataError
from evorobo.tasks.text.layout import READ_ERRORS, Layout, open_text, unreadable
from evorobo.tasks.text.parsing import QUOTE, Block, parse_lines

LARGE = 2**24
"""Bytes of a file from which PyArrow is worth its import."""
CELLS_PER_BLOCK = 200_000
MAX_LINES_OF_CELL = 1000
COMMENT_MARKS = "#%/"


def read_blocks(path: Path, layout: Layout, kinds: list[str]) -> Iterator[Block]:
    """Yield the rows of a file.

    `kinds` says of each column whether it is NUMBER, TEXT or SKIP, and may be changed between blocks. Columns of
    numbers are finite floats, or texts in a block that holds an empty cell, a number too large to be exact, or anything
    else.

    Raises
    ------
    DataError
        If the file is damaged or a row has too few or too many cells.
    """
    n_rows = max(1, CELLS_PER_BLOCK // len(kinds))
    by_arrow = layout.delimiter is not None and path.stat().st_size >= LARGE and find_spec("pyarrow") is not None
    try:
        with open_text(path, layout.encoding) as file:
            lines = islice(file, layout.skip, None)
            first_line = layout.skip + 1
            while kept := list(islice(lines, n_rows)):
                if "".join(kept).count(QUOTE) % 2:
                    kept += _rest_of_cell(lines)
                content, numbers = _with_content(layout, kept, np.arange(first_line, first_line + len(kept)))
                first_line += len(kept)
                if content:
                    yield parse_lines(layout, content, numbers, path.name, kinds, by_arrow)
    except csv.Error as error:
        raise DataError(f"{path.name} cannot be read as a table ({error}); save it again as CSV.") from error
    except READ_ERRORS as error:
        raise unreadable(path, error) from error


def _rest_of_cell(lines: Iterator[str]) -> list[str]:
    """Return the lines up to the next that closes a quoted cell, or some lines if none does."""
    rest = []
    for line in islice(lines, MAX_LINES_OF_CELL):
        rest.append(line)
        if line.count(QUOTE) % 2:
            break
    return rest


def _with_content(layout: Layout, lines: list[str], numbers: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return the lines that are not blank and no comments, with their numbers."""
    marks = f" \t\r\n{layout.delimiter or ''}"
    if set(map(itemgetter(0), lines)).isdisjoint((*marks, *COMMENT_MARKS)):
        return lines, numbers
    kept = []
    for place, line in enumerate(lines):
        start = line.lstrip(marks)[:1]
        if start and not (start in COMMENT_MARKS and layout.is_comment(line)):
            kept.append(place)
    return [lines[place] for place in kept], numbers[kept]
