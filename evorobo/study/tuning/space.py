"""Where tuning looks for one setting of a method: `methods.cma-es.strategy.sigma=0.05..2:log`."""

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
    """From `low` to `high`, both among the values, evenly or (`log`) evenly in the logarithm; `whole` numbers only, if
    the setting is one. `path` is that of the `field` in the settings of the study."""

    path: str
    field: str
    low: float
    high: float
    log: bool
    integer: bool

    def assignment(self, value: float) -> str:
        """As `--set` takes it."""
        return f"{self.path}={json.dumps(value)}"

    def contains(self, value: Any) -> bool:
        """Whether a setting as it stands lies in the range."""
        return is_number(value) and self.low <= value <= self.high


def parse_ranges(study: Study, texts: Sequence[str]) -> dict[str, list[Range]]:
    """The ranges of each method of `study`; a `*` for the method's name gives all of them the same one.

    Raises `SettingsError` for a range that cannot be and for a method without any, since whoever tunes one side of a
    comparison must tune the other.
    """
    names = [method.name for method in study.methods]
    found: dict[str, list[Range]] = {name: [] for name in names}
    for text in texts:
        form = _FORM.fullmatch(text.strip())
        if form is None:
            raise SettingsError(f"{text!r} is no range; write methods.<name>.<field>=LOW..HIGH, or LOW..HIGH:log.")
        if form["method"] not in ("*", *names):
            raise unknown("method", form["method"], names)
        for method in study.methods:
            if form["method"] in ("*", method.name):
                found[method.name].append(_range(method, form))
    for name, ranges in found.items():
        if not ranges:
            raise SettingsError(
                f"{name} would be compared untuned; give it a range too (--space methods.{name}.<field>=LOW..HIGH), or "
                "take it out of the study."
            )
        for number, each in enumerate(ranges):
            if each.path in [other.path for other in ranges[:number]]:
                raise SettingsError(f"{each.path} has two ranges; give one.")
    return found


def _range(method: Method, form: re.Match[str]) -> Range:
    path = f"methods.{method.name}.{form['field']}"
    now = get_setting(method, form["field"], path)
    if not (now is None or is_number(now)):
        raise SettingsError(f"{path} is {json.dumps(now)}, no number; only numbers are tuned.")
    try:
        low, high = float(form["low"]), float(form["high"])
    except ValueError as error:
        raise SettingsError(f"{form['low']}..{form['high']} is no range of numbers ({path}).") from error
    if not low < high or (form["log"] and low <= 0):
        raise SettingsError(
            f"{path}={form['low']}..{form['high']} is empty; LOW must be below HIGH, and above 0 for :log."
        )
    whole = isinstance(now, int) if now is not None else low.is_integer() and high.is_integer()
    if whole and not (low.is_integer() and high.is_integer()):
        raise SettingsError(f"{path} is a whole number; give it a range from one to another.")
    if whole:
        low, high = int(low), int(high)
    return Range(path, form["field"], low, high, bool(form["log"]), whole)
