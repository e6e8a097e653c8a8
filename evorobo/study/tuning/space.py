"""The search space of tuning: a range for each setting, `methods.cma-es.strategy.sigma=0.05..2:log`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evorobo.checks import is_number
from evorobo.errors import SettingsError, unknown
from evorobo.learners.base import Method
from evorobo.study.overrides import get_setting
from evorobo.study.study import Study

_FORM = re.compile(
    r"methods\.(?P<method>[^=]+?)\.(?P<field>[\w.]+)=(?P<low>[^:=]+?)\.\.(?P<high>[^:=]+?)(?P<log>:log)?"
)


@dataclass(frozen=True)
class Range:
    """The range of one setting, from `low` to `high`, both included.

    Values are drawn evenly, or (`log`) evenly in the logarithm. With `integer` they are whole numbers. `path` is the
    path of the setting in the study, and `field` that in the method.
    """

    path: str
    field: str
    low: float
    high: float
    log: bool
    integer: bool

    def assignment(self, value: float) -> str:
        """Return the assignment of a value as `--set` takes it."""
        return f"{self.path}={json.dumps(value)}"

    def contains(self, value: Any) -> bool:
        """Return whether the value of a setting lies in the range."""
        return is_number(value) and self.low <= value <= self.high


def parse_ranges(study: Study, texts: Sequence[str]) -> dict[str, list[Range]]:
    """Return the ranges of each method of `study`; a `*` for the name of the method gives all methods the same one.

    Raises `SettingsError` for an invalid range, and for a method without any: all methods of a comparison are tuned.
    """
    names = [method.name for method in study.methods]
    ranges: dict[str, list[Range]] = {name: [] for name in names}
    for text in texts:
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise SettingsError(f"{text!r} is not a range; write methods.<name>.<field>=LOW..HIGH, or LOW..HIGH:log.")
        if match["method"] not in ("*", *names):
            raise unknown("method", match["method"], names)
        for method in study.methods:
            if match["method"] in ("*", method.name):
                ranges[method.name].append(_parse_range(method, match))
    for name, of_method in ranges.items():
        if not of_method:
            raise SettingsError(
                f"{name} would be compared untuned; give it a range too (--space methods.{name}.<field>=LOW..HIGH), or "
                "take it out of the study."
            )
        paths = [range_.path for range_ in of_method]
        for path in paths:
            if paths.count(path) > 1:
                raise SettingsError(f"{path} has two ranges; give one.")
    return ranges


def _parse_range(method: Method, match: re.Match[str]) -> Range:
    path = f"methods.{method.name}.{match['field']}"
    current = get_setting(method, match["field"], path)
    if not (current is None or is_number(current)):
        raise SettingsError(f"{path} is {json.dumps(current)}, not a number; only numbers are tuned.")
    try:
        low, high = float(match["low"]), float(match["high"])
    except ValueError as error:
        raise SettingsError(f"{match['low']}..{match['high']} is not a range of numbers ({path}).") from error
    if not low < high or (match["log"] and low <= 0):
        raise SettingsError(
            f"{path}={match['low']}..{match['high']} is empty; LOW must be below HIGH, and above 0 for :log."
        )
    integer = isinstance(current, int) if current is not None else low.is_integer() and high.is_integer()
    if integer and not (low.is_integer() and high.is_integer()):
        raise SettingsError(f"{path} is a whole number; give it a range from one whole number to another.")
    if integer:
        low, high = int(low), int(high)
    return Range(path, match["field"], low, high, bool(match["log"]), integer)
