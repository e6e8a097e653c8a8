"""What the text of a cell means: a number, a Boolean, an empty cell, or text."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache

_EMPTY = ("", "?", "nan", "+nan", "-nan", "na", "n/a", "n.a.", "<na>", "null", "(null)", "none", "nat")
_NAN_OF_C = ("1.#qnan", "1.#ind", "-1.#ind", "nan(ind)", "-nan(ind)")
_ERRORS_OF_SHEETS = ("#n/a", "#na", "#null!", "#value!", "#div/0!", "#ref!", "#num!", "#name?")
MISSING = frozenset((*_EMPTY, *_NAN_OF_C, *_ERRORS_OF_SHEETS))
"""The texts of an empty cell, in lower case: of spreadsheets, pandas, databases and C."""

BOOLEANS = ({"false": 0.0, "true": 1.0}, {"no": 0.0, "yes": 1.0}, {"off": 0.0, "on": 1.0})
"""Pairs of texts, in lower case, that stand for 0 and 1 where a column of inputs holds no others."""

LARGEST_EXACT = 2.0**53
"""Whole numbers from here on are not all floats; digits of longer ones would be lost."""

_BLANKS = " \u00a0\u202f"
_MARKS = f".,'’{_BLANKS}"  # noqa: RUF001
_WHOLE = re.compile(r"[+-]?\d+")
_CODE = re.compile(r"[+-]?0\d+")


def is_missing(cell: str) -> bool:
    """Return whether a cell is empty."""
    return cell.strip().lower() in MISSING


def is_number(cell: object) -> bool:
    """Return whether a cell holds a finite number with a decimal point, and nothing else."""
    return not math.isnan(to_number(str(cell)))


def to_number(text: str, decimal: str = ".") -> float:
    """Return the number that `text` is, NaN for any other text. Only `decimal` separates decimals."""
    if decimal == ",":
        text = "." if "." in text else text.replace(",", ".")
    text = plain_minus(text)
    if "_" in text or not text.isascii():
        return math.nan
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def plain_minus(text: str) -> str:
    """Return a text with the minus sign of keyboards in place of that of typography."""
    return text.replace("−", "-")  # noqa: RUF001


def is_value(cell: str) -> bool:
    """Return whether a cell holds a number, however written, or a Boolean."""
    return cell.lower() in ("true", "false") or any(
        not math.isnan(to_number(cell, mark)) or to_grouped(cell, mark) is not None for mark in ".,"
    )


def is_whole(text: str) -> bool:
    """Return whether a text is a whole number without a decimal point."""
    return _WHOLE.fullmatch(text) is not None


def is_code(text: str) -> bool:
    """Return whether a text is digits with leading zeros, as in 007."""
    return _CODE.fullmatch(text) is not None


def is_long_id(text: str) -> bool:
    """Return whether a text is a whole number of more digits than a float holds."""
    return is_whole(text) and abs(float(text)) >= LARGEST_EXACT


def to_boolean(texts: set[str]) -> dict[str, float] | None:
    """Return 0 or 1 for each of `texts` (in lower case) if all are Booleans of one pair, else None."""
    return next((pair for pair in BOOLEANS if texts and texts <= pair.keys()), None)


@dataclass(frozen=True)
class Grouped:
    """A number with separated thousands. It is `certain` where no other reading exists, as in 1.234.567 or 1'234."""

    mark: str
    value: float
    certain: bool


def to_grouped(text: str, decimal: str = ".") -> Grouped | None:
    """Return the number that `text` is with separated thousands, or None."""
    match = _grouped_pattern(decimal).fullmatch(text)
    if match is None:
        return None
    mark = match["mark"]
    digits = text.replace(mark, "").replace(decimal, ".")
    certain = mark not in ".," or text.count(mark) > 1 or match["decimals"] is not None
    return Grouped(" " if mark in _BLANKS else mark, float(digits), certain)


@cache
def _grouped_pattern(decimal: str) -> re.Pattern[str]:
    """Return the pattern of numbers with separated thousands."""
    marks = _MARKS.replace(decimal, "")
    return re.compile(
        rf"[+-]?[1-9]\d{{0,2}}(?P<mark>[{marks}])\d{{3}}(?:(?P=mark)\d{{3}})*(?P<decimals>{re.escape(decimal)}\d+)?"
    )
