"""Rules of single values: what is allowed, in words, and the value as settings keep it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from evorobo.arrays import with_plain_numbers
from evorobo.interfaces import has_type
from evorobo.printable import shown

MAX_INTEGER = 2**63 - 1
"""Largest whole number of a field without a limit of its own: NumPy's largest."""


class Mismatch(Exception):
    """A value that is not allowed: what is, the place in the field ("[2]"), and a cure that ends the sentence."""

    def __init__(self, value: Any, allowed: str, place: str = "", cure: str = "") -> None:
        super().__init__(value, allowed)
        self.value, self.allowed, self.place, self.cure = value, allowed, place, cure


class Rule:
    """What a field, or an item in it, accepts."""

    @property
    def allowed(self) -> str:
        """What is allowed, in words that follow "must be"."""
        raise NotImplementedError

    def matches(self, value: Any) -> bool:
        """Return whether the type of the value is right; its range and its items are not looked at."""
        raise NotImplementedError

    def convert(self, value: Any) -> Any:
        """Return the value as settings keep it. Raises `Mismatch` for a value that is not allowed."""
        if not self.matches(value):
            raise Mismatch(value, self.allowed, cure=self.cure(value))
        return value

    def cure(self, value: Any) -> str:
        """Return what to write instead of a value of another type, to end the sentence with; usually nothing."""
        return ""


class AnythingRule(Rule):
    """Every value; NumPy's numbers in it become plain ones."""

    allowed = "a setting"

    def matches(self, value: Any) -> bool:
        return True

    def convert(self, value: Any) -> Any:
        return with_plain_numbers(value)


class NothingRule(Rule):
    allowed = "None"

    def matches(self, value: Any) -> bool:
        return value is None


class FlagRule(Rule):
    """True or False, also as NumPy writes them."""

    allowed = "True or False"

    def matches(self, value: Any) -> bool:
        return isinstance(value, bool | np.bool_)

    def convert(self, value: Any) -> bool:
        return bool(super().convert(value))


@dataclass(frozen=True)
class TextRule(Rule):
    """A text; a path is kept as one."""

    not_empty: bool

    @property
    def allowed(self) -> str:
        return "a text that is not empty" if self.not_empty else "a text"

    def matches(self, value: Any) -> bool:
        return isinstance(value, str | PurePath)

    def convert(self, value: Any) -> str:
        if not self.matches(value) or (self.not_empty and not str(value)):
            raise Mismatch(value, self.allowed)
        return str.__str__(value) if isinstance(value, str) else str(value)


@dataclass(frozen=True)
class ChoiceRule(Rule):
    """One of a few values."""

    values: tuple[Any, ...]

    @property
    def allowed(self) -> str:
        return _either([f'"{value}"' if isinstance(value, str) else repr(value) for value in self.values])

    def matches(self, value: Any) -> bool:
        return any(type(value) is type(known) and value == known for known in self.values)

    def convert(self, value: Any) -> Any:
        return super().convert(with_plain_numbers(value))


@dataclass(frozen=True)
class NumberRule(Rule):
    """A whole number, also written as 1e3, or a finite number, within limits; True and False are no numbers."""

    whole: bool
    at_least: float | None
    above: float | None
    at_most: float | None
    below: float | None
    multiple_of: int | None

    @property
    def allowed(self) -> str:
        kind = ("an even whole number" if self.multiple_of == 2 else "a whole number") if self.whole else "a number"
        words = {"of at least": self.at_least, "above": self.above, "at most": self.at_most, "below": self.below}
        limits = " and".join(f" {word} {_limit(limit)}" for word, limit in words.items() if limit is not None)
        if self.at_least is not None and self.at_most is not None:
            limits = f" from {_limit(self.at_least)} to {_limit(self.at_most)}"
        return kind + limits + (f" that is a multiple of {self.multiple_of}" if (self.multiple_of or 0) > 2 else "")

    def matches(self, value: Any) -> bool:
        if isinstance(value, float | np.floating):
            return not self.whole or float(value).is_integer()
        return isinstance(value, int | np.integer) and not isinstance(value, bool)

    def convert(self, value: Any) -> int | float:
        super().convert(value)
        number = int(value) if self.whole or isinstance(value, int | np.integer) else float(value)
        if not abs(number) <= sys.float_info.max:
            raise Mismatch(value, self.allowed.replace("a number", "a finite number"))
        is_within = (
            (self.at_least is None or number >= self.at_least)
            and (self.above is None or number > self.above)
            and (self.at_most is None or number <= self.at_most)
            and (self.below is None or number < self.below)
            and (not self.multiple_of or number % self.multiple_of == 0)
        )
        if not is_within:
            raise Mismatch(value, self.allowed)
        if self.whole and self.at_most is None and abs(number) > MAX_INTEGER:
            raise Mismatch(value, f"{self.allowed} and at most {_limit(MAX_INTEGER)}")
        return number


@dataclass(frozen=True)
class ItemsRule(Rule):
    """A tuple of any length, with one rule for all items; a list becomes a tuple."""

    item: Rule
    min_length: int

    @property
    def allowed(self) -> str:
        items = f"at least {self.min_length} item{'s' * (self.min_length > 1)}" if self.min_length else "items"
        return "a tuple" if isinstance(self.item, AnythingRule) else f"a tuple of {items}, each {self.item.allowed}"

    def matches(self, value: Any) -> bool:
        return isinstance(value, tuple | list)

    def convert(self, value: Any) -> tuple[Any, ...]:
        if len(super().convert(value)) < self.min_length:
            raise Mismatch(value, self.allowed)
        return tuple(_convert_item(self.item, item, number) for number, item in enumerate(value))

    def cure(self, value: Any) -> str:
        if isinstance(value, np.ndarray):
            return "; write tuple(values.tolist())"
        is_item = not isinstance(self.item, AnythingRule) and self.item.matches(value)
        return f"; write ({shown(value)},)" if is_item else ""


@dataclass(frozen=True)
class FieldsRule(Rule):
    """A tuple of a given length, with a rule for each item; a list becomes a tuple."""

    items: tuple[Rule, ...]

    @property
    def allowed(self) -> str:
        return f"a tuple of {len(self.items)}: {', '.join(rule.allowed for rule in self.items)}"

    def matches(self, value: Any) -> bool:
        return isinstance(value, tuple | list)

    def convert(self, value: Any) -> tuple[Any, ...]:
        if not self.matches(value) or len(value) != len(self.items):
            raise Mismatch(value, self.allowed)
        pairs = zip(self.items, value, strict=True)
        return tuple(_convert_item(rule, item, number) for number, (rule, item) in enumerate(pairs))


@dataclass(frozen=True)
class TableRule(Rule):
    """A dict, with one rule for its keys and one for its values; keys of free dicts are checked by `to_plain`."""

    key: Rule
    item: Rule

    @property
    def allowed(self) -> str:
        if isinstance(self.item, AnythingRule):
            return "a dict"
        return f"a dict whose keys are each {self.key.allowed} and whose values are each {self.item.allowed}"

    def matches(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    def convert(self, value: Any) -> dict[Any, Any]:
        super().convert(value)
        if not isinstance(self.item, AnythingRule) and not all(self.key.matches(key) for key in value):
            raise Mismatch(value, self.allowed)
        return {key: _convert_item(self.item, item, key) for key, item in value.items()}


class FunctionRule(Rule):
    """A function or another object that can be called; a class of settings is none."""

    allowed = "a function"

    def matches(self, value: Any) -> bool:
        return callable(value) and not (isinstance(value, type) and is_dataclass(value))


@dataclass(frozen=True)
class ObjectRule(Rule):
    """An object of a class, or one with the members of an interface."""

    kind: type
    example: str
    check: Callable[[Any], None]

    @property
    def allowed(self) -> str:
        return f"an object such as {self.example}" if self.example else f"an object of type {self.kind.__name__}"

    def matches(self, value: Any) -> bool:
        return not isinstance(value, type) and has_type(value, self.kind)

    def convert(self, value: Any) -> Any:
        super().convert(value)
        if not getattr(type(value).__init__, "checks_fields", False):
            self.check(value)
        return value

    def cure(self, value: Any) -> str:
        return "; write it with brackets" if isinstance(value, type) else ""


@dataclass(frozen=True)
class UnionRule(Rule):
    """One of several rules."""

    rules: tuple[Rule, ...]

    @property
    def allowed(self) -> str:
        return _either(self._texts().values())

    def matches(self, value: Any) -> bool:
        return any(rule.matches(value) for rule in self.rules)

    def convert(self, value: Any) -> Any:
        refused: dict[Rule, str] = {}
        for rule in self.rules:
            if not rule.matches(value):
                continue
            try:
                return rule.convert(value)
            except Mismatch as error:
                if error.place:  # the type is right, and one item is wrong
                    raise
                refused[rule] = error.allowed
        raise Mismatch(value, _either((self._texts() | refused).values()), cure=self.cure(value))

    def _texts(self) -> dict[Rule, str]:
        """Return what each rule allows; the items of a tuple are left out beside a dict."""
        has_dict = any(isinstance(rule, TableRule) for rule in self.rules)
        names = {ItemsRule: "a tuple", TableRule: "a dict"} if has_dict else {}
        return {rule: names.get(type(rule), rule.allowed) for rule in self.rules}

    def cure(self, value: Any) -> str:
        return next(filter(None, (rule.cure(value) for rule in self.rules)), "")


def _convert_item(rule: Rule, item: Any, key: object) -> Any:
    try:
        return rule.convert(item)
    except Mismatch as error:
        error.place = f"[{key!r}]{error.place}"
        raise


def _either(texts: Iterable[str]) -> str:
    """Return texts joined by commas and "or", each once; None stands last."""
    *others, last = sorted(dict.fromkeys(texts), key="None".__eq__)
    return f"{', '.join(others)} or {last}" if others else last


def _limit(limit: float) -> str:
    """Return a limit as text; 2**63 - 1 and the like as powers."""
    if isinstance(limit, int) and limit > 2**53 and (limit + 1).bit_count() == 1:
        return f"2**{limit.bit_length()} - 1"
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:g}"
