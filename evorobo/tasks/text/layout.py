"""The layout of a text file, recognized from its first rows: encoding, separator, comments, names, decimal mark."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import math
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO, cast

from evorobo.errors import DataError
from evorobo.files import GuardedStream, check_plain
from evorobo.tasks.text.cells import is_value, to_grouped, to_number
from evorobo.tasks.text.header import count_title_rows, find_header, is_unit_row, merged_names

SAMPLE_SIZE = 2**18
SAMPLE_ROWS = 300
BUFFER_SIZE = 2**18
"""Bytes that are unpacked at a time."""
READ_ERRORS = (OSError, EOFError, UnicodeError, zlib.error)
"""What reading a damaged file raises."""
UNNAMED = "Unnamed: {}"
"""What a column without a name is called in a file with a header, by its number."""
INDEX = UNNAMED.format(0)
"""The first column where it has no name; pandas writes its index so."""
_COMMENT = re.compile(r"\s*(?:#|%|//)\s*")
_SEPARATOR_HINT = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
_SEPARATORS = ";\t|,"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Layout:
    """How a text file is written.

    `delimiter` None means any number of blanks. `names` holds a name for each column; a column without one is called
    after its number, as in "2", or as in "Unnamed: 2" in a file with a header. `blank` holds the numbers of columns
    with neither name nor content. The data begin after `skip` lines; the table begins in line `first_line`.
    """

    encoding: str
    delimiter: str | None
    names: tuple[str, ...]
    blank: frozenset[int]
    first_line: int
    skip: int
    decimal: str

    def split(self, line: str) -> list[str]:
        """Return the cells of one line."""
        return _split(line, self.delimiter)

    def is_comment(self, line: str) -> bool:
        """Return whether a line begins like a comment and is no row of the table."""
        return _COMMENT.match(line) is not None and len(self.split(line)) != len(self.names)


def recognize(path: Path, header: bool | None = None, decimal: str | None = None) -> Layout:
    """Recognize the layout of a file, gzipped or not.

    `header` says whether the first row holds names, and `decimal` which mark separates decimals; None recognizes them.

    Raises
    ------
    DataError
        If the file is empty or no text, or if it is unclear whether the first row is a header.
    """
    try:
        with _open_bytes(path) as file:
            encoding = _encoding(path, file.read(SAMPLE_SIZE))
        with open_text(path, encoding) as text:
            content = text.read(SAMPLE_SIZE)
            if text.read(1):  # the last line of the sample may be cut
                content = content[: content.rfind("\n") + 1] or content
    except READ_ERRORS as error:
        raise unreadable(path, error) from error
    lines = io.StringIO(content, newline="").readlines()[:SAMPLE_ROWS]
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise DataError(f"{path.name} is empty; give a file with one row of numbers per example.")
    if hint := _SEPARATOR_HINT.fullmatch(lines[first]):
        first += 1
    delimiter = hint[1] if hint else _delimiter(path, lines[first:])
    return _Sample(path.name, lines, first, delimiter).layout(encoding, header, decimal)


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a file as text, gzipped or not. Bytes that are not UTF-8 are read as Windows' Latin letters."""
    errors = _WINDOWS if encoding.startswith("utf-8") else "strict"
    return io.TextIOWrapper(_open_bytes(path), encoding=encoding, errors=errors, newline="")


def unreadable(path: Path, reason: object) -> DataError:
    """Return the error of a file that is damaged or no text."""
    return DataError(f"{path.name} cannot be read ({reason}); check that it is the right file and complete.")


def _open_bytes(path: Path) -> IO[bytes]:
    check_plain(path)
    if path.suffix.lower() != ".gz":
        return path.open("rb")
    return io.BufferedReader(GuardedStream(cast(IO[bytes], gzip.open(path, "rb")), path), BUFFER_SIZE)


def _read_as_windows(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes at which UTF-8 fails, as an error handler of `codecs`."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_WINDOWS = "evorobo.windows"
codecs.register_error(_WINDOWS, _read_as_windows)


def _encoding(path: Path, head: bytes) -> str:
    """Return the encoding of a file: by its byte order mark, or UTF-16 by its zero bytes, else UTF-8."""
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if marked or b"\0" not in head:
        return marked or "utf-8"
    for name, high, low in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if high.count(0) > 0.9 * len(high) and not low.count(0):
            return name
    raise unreadable(path, "it is not a text file")


def _delimiter(path: Path, lines: list[str]) -> str | None:
    """Return the separator with which rows have one width and most cells are numbers."""
    content = [line for line in lines if line.strip() and not _COMMENT.match(line)]
    content = (content or [_COMMENT.sub("", line) for line in lines if line.strip()])[:100]
    candidates: list[str | None] = [*_SEPARATORS]
    if not any(mark in line for line in content for mark in _SEPARATORS.replace(",", "")):
        candidates.append(None)
    ranks: dict[str | None, tuple[float, float, int]] = {}
    fits_commas = False
    for candidate in candidates:
        rows = [_split(line, candidate) for line in content]
        width = _usual_width(rows)
        if width > 1:
            cells = [cell for row in rows[1:] or rows for cell in row]
            same = sum(len(row) == width for row in rows) / len(rows)
            ranks[candidate] = (round(same, 1), sum(map(is_value, cells)) / max(1, len(cells)), width)
            if candidate == "," and same == 1 and len(rows) > 2:
                fits_commas = True
            if candidate is None and fits_commas and ranks[None][1] < 1:
                del ranks[None]  # blanks within cells, as in "0.5 m,go"
    if not ranks:
        return None if path.name.lower().removesuffix(".gz").endswith((".txt", ".dat")) else ","
    return max(ranks, key=lambda candidate: ranks[candidate])


def _split(line: str, delimiter: str | None) -> list[str]:
    """Return the cells of one line, without blanks around them."""
    if delimiter is None:
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _usual_width(rows: list[list[str]]) -> int:
    widths = [len(row) for row in rows]
    return max(widths, key=widths.count, default=0)


@dataclass(frozen=True)
class _Sample:
    """The first lines of a file. The table begins at line `start`, counted from 0."""

    name: str
    lines: list[str]
    start: int
    delimiter: str | None

    def layout(self, encoding: str, header: bool | None, decimal: str | None) -> Layout:
        """Recognize names and units above the data."""
        ends, rows, comment = self._rows()
        n_titles = count_title_rows(rows) if header is not False else 0
        ends, rows = ends[n_titles:], rows[n_titles:]
        if not rows or rows == [[rows[0][0]]]:
            raise DataError(f"{self.name} cannot be read as a table: it holds a single cell; give rows of numbers.")
        first = _fit_header(rows[0], rows[1:])
        if len(rows) > 2 and len(first) != (width := _usual_width(rows[1:])):
            raise DataError(
                f"{self.name}, line {ends[0]} has {len(first)} cells where most lines have {width}; correct the line, "
                "or begin it with # if it is a remark."
            )
        names, skip = [""] * len(first), ends[0] - 1
        comment = comment if len(comment) == len(first) else []
        if header is not False and comment and any(map(is_value, first)):
            names, has_names = comment, True
        elif has_names := find_header(self.name, ends[0], [first, *rows[1:]], header):
            n_above = 1
            while n_above < len(rows) - 1 and is_unit_row(rows[n_above:]):
                n_above += 1
            names, skip, rows = merged_names([first, *rows[1:n_above]]), ends[n_above - 1], rows[n_above:]
        content = [any(row[number] for row in rows if number < len(row)) for number in range(len(first))]
        unnamed = UNNAMED if has_names else "{}"
        return Layout(
            encoding,
            self.delimiter,
            tuple(name or unnamed.format(number) for number, name in enumerate(names)),
            frozenset(number for number, name in enumerate(names) if rows and not (name or content[number])),
            ends[0],
            skip,
            decimal or _decimal_mark(self.delimiter, [cell for row in rows for cell in row]),
        )

    def _rows(self) -> tuple[list[int], list[list[str]], list[str]]:
        """Return the last line of each row and its cells, and names in a comment right above the table."""
        numbers = [number for number in range(self.start, len(self.lines)) if self.lines[number].strip(' \t\r\n;,|"')]
        plain = [number for number in numbers if not _COMMENT.match(self.lines[number])]
        width = _usual_width([_split(self.lines[number], self.delimiter) for number in (plain or numbers)[:100]])

        def is_row(number: int) -> bool:
            return number in known or len(_split(self.lines[number], self.delimiter)) == width

        known = set(plain)
        table = [number for number in numbers if is_row(number)]
        above = [number for number in numbers if table and number < table[0]]
        comment = _split(_COMMENT.sub("", self.lines[above[-1]]), self.delimiter) if above else []
        reader = csv.reader((self.lines[number] for number in table), delimiter=self.delimiter or ",")
        ends: list[int] = []
        rows: list[list[str]] = []
        for row in reader if self.delimiter else (self.lines[number].split() for number in table):
            last = reader.line_num - 1 if self.delimiter else len(rows)
            ends.append(table[last] + 1)
            rows.append([cell.strip() for cell in row])
        if rows and (first := rows[0][0]) and _COMMENT.match(first) and not any(map(is_value, rows[0])):
            rows[0][0] = _COMMENT.sub("", first)
        is_names = len(comment) == width and not any(map(is_value, comment))
        return ends, rows, comment if is_names else []


def _fit_header(first: list[str], body: list[list[str]]) -> list[str]:
    """Return the first row with the width of the body, where a header leaves out the index or a last separator."""
    width = _usual_width(body)
    if len(first) == width + 1 and first[-1] == "":
        return first[:-1]
    if len(first) == width - 1 and not any(map(is_value, first)):
        ends_empty = not any(row[-1] for row in body if len(row) == width)
        return [*first, ""] if ends_empty else ["", *first]
    return first


def _decimal_mark(delimiter: str | None, cells: list[str]) -> str:
    """Return the mark that separates decimals in a sample of cells."""
    commas = [cell for cell in cells if "," in cell and not math.isnan(to_number(cell, ","))]
    grouped = [number for cell in cells if (number := to_grouped(cell)) and number.mark == ","]
    certain = len(commas) > sum(not number.certain for number in grouped)
    if any(number.certain for number in grouped):
        return "."
    return "," if certain or (delimiter == ";" and commas) else "."
