"""Rules of single values, made from annotations: what is allowed in words, and the value as settings keep it."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from pathlib import PurePath
from typing import Annotated, Any, Literal, Union

import numpy as np

from evorobo.arrays import with_plain_numbers
from evorobo.errors import SettingsError
from evorobo.interfaces import annotations_of, has_type
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
            raise Mismatch(value, self.allowed)
        return value


def convert_field(rule: Rule, value: Any, owner: str, name: str) -> Any:
    """Return the value of a field as settings keep it. Raises `SettingsError`, which names owner, field and value."""
    try:
        return rule.convert(value)
    except Mismatch as error:
        sentence = f"{owner}: {name}{error.place} must be {error.allowed}, not {shown(error.value)}{error.cure}."
    raise SettingsError(sentence)


def check_fields(settings: Any) -> None:
    """Raise `SettingsError` for a wrong value in a dataclass object whose class does not check its fields itself."""
    cls: Any = type(settings)
    if not is_dataclass(settings):
        return
    rules = field_rules(cls)
    for field in fields(cls):
        value = getattr(settings, field.name, field.default)
        if field.name in rules and value is not field.default:
            convert_field(rules[field.name], value, cls.__name__, field.name)


@cache
def field_rules(cls: Any) -> dict[str, Rule]:
    """Return what each field of a dataclass accepts, by name; a field with an unknown annotation is left out."""
    hints = annotations_of(cls)
    return {field.name: make_rule(hints[field.name], field) for field in fields(cls) if field.name in hints}


def make_rule(hint: Any, field: Field[Any] | None = None, metadata: Sequence[Any] = ()) -> Rule:
    """Return the rule of an annotation. What is not known here, such as a type variable, accepts every value."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    kind = origin or hint
    if origin is Annotated:
        return make_rule(args[0], field, [*metadata, *args[1:]])
    if origin in (Union, types.UnionType):
        rules = tuple(make_rule(arg, field, metadata) for arg in args)
        match rules:
            case (_Choice(values=values), _Nothing()):
                return _Choice((*values, None))
        return _Union(rules)
    if origin is Literal:
        return _Choice(args)
    if hint in (None, type(None)):
        return _Nothing()
    if hint is bool:
        return _Flag()
    if hint in (int, float):
        return _number(hint is int, metadata)
    if hint is str:
        return _Text(_min_length(metadata) > 0)
    if kind is tuple and args and args[-1] is not Ellipsis:
        return _Fields(tuple(make_rule(arg) for arg in args))
    if kind in (tuple, list, Sequence, Iterable):
        return _Items(make_rule(args[0]) if args else _Anything(), _min_length(metadata))
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return _Table(make_rule(args[0]), make_rule(args[1])) if len(args) == 2 else _Table(_Anything(), _Anything())
    if kind is Callable:
        return _Function()
    if isinstance(kind, type) and kind not in (object, type, Any):
        return _Object(kind, _example(kind, field, metadata))
    return _Anything()


class _Anything(Rule):
    """Every value; NumPy's numbers in it become plain ones."""

    allowed = "a setting"

    def matches(self, value: Any) -> bool:
        return True

    def convert(self, value: Any) -> Any:
        return with_plain_numbers(value)


class _Nothing(Rule):
    allowed = "None"

    def matches(self, value: Any) -> bool:
        return value is None


class _Flag(Rule):
    """True or False, also as NumPy writes them."""

    allowed = "True or False"

    def matches(self, value: Any) -> bool:
        return isinstance(value, bool | np.bool_)

    def convert(self, value: Any) -> bool:
        return bool(super().convert(value))


@dataclass(frozen=True)
class _Text(Rule):
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
class _Choice(Rule):
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
class _Number(Rule):
    """A whole number, or a finite number, within limits; True and False are no numbers."""

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
        kinds = (int, np.integer) if self.whole else (int, float, np.integer, np.floating)
        return isinstance(value, kinds) and not isinstance(value, bool)

    def convert(self, value: Any) -> int | float:
        super().convert(value)
        number = int(value) if isinstance(value, int | np.integer) else float(value)
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
class _Items(Rule):
    """A tuple of any length, with one rule for all items; a list becomes a tuple."""

    item: Rule
    min_length: int

    @property
    def allowed(self) -> str:
        items = f"at least {self.min_length} item{'s' * (self.min_length > 1)}" if self.min_length else "items"
        return "a tuple" if isinstance(self.item, _Anything) else f"a tuple of {items}, each {self.item.allowed}"

    def matches(self, value: Any) -> bool:
        return isinstance(value, tuple | list)

    def convert(self, value: Any) -> tuple[Any, ...]:
        if isinstance(value, np.ndarray):
            raise Mismatch(value, self.allowed, cure="; write tuple(values.tolist())")
        if not self.matches(value):
            is_item = not isinstance(self.item, _Anything) and self.item.matches(value)
            raise Mismatch(value, self.allowed, cure=f"; write ({shown(value)},)" if is_item else "")
        if len(value) < self.min_length:
            raise Mismatch(value, self.allowed)
        return tuple(_convert_item(self.item, item, number) for number, item in enumerate(value))


@dataclass(frozen=True)
class _Fields(Rule):
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
class _Table(Rule):
    """A dict, with one rule for its keys and one for its values; keys of free dicts are checked by `to_plain`."""

    key: Rule
    item: Rule

    @property
    def allowed(self) -> str:
        if isinstance(self.item, _Anything):
            return "a dict"
        return f"a dict whose keys are each {self.key.allowed} and whose values are each {self.item.allowed}"

    def matches(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    def convert(self, value: Any) -> dict[Any, Any]:
        super().convert(value)
        if not isinstance(self.item, _Anything) and not all(self.key.matches(key) for key in value):
            raise Mismatch(value, self.allowed)
        return {key: _convert_item(self.item, item, key) for key, item in value.items()}


class _Function(Rule):
    """A function or another object that can be called; a class of settings is none."""

    allowed = "a function"

    def matches(self, value: Any) -> bool:
        return callable(value) and not (isinstance(value, type) and is_dataclass(value))


@dataclass(frozen=True)
class _Object(Rule):
    """An object of a class, or one with the members of an interface."""

    kind: type
    example: str

    @property
    def allowed(self) -> str:
        return f"an object such as {self.example}" if self.example else f"an object of type {self.kind.__name__}"

    def matches(self, value: Any) -> bool:
        return not isinstance(value, type) and has_type(value, self.kind)

    def convert(self, value: Any) -> Any:
        if not self.matches(value):
            raise Mismatch(value, self.allowed, cure="; write it with brackets" if isinstance(value, type) else "")
        if not getattr(type(value).__init__, "checks_fields", False):
            check_fields(value)
        return value


@dataclass(frozen=True)
class _Union(Rule):
    """One of several rules."""

    rules: tuple[Rule, ...]

    @property
    def allowed(self) -> str:
        return _either([rule.allowed for rule in self.rules])

    def matches(self, value: Any) -> bool:
        return any(rule.matches(value) for rule in self.rules)

    def convert(self, value: Any) -> Any:
        allowed = {rule: rule.allowed for rule in self.rules}
        for rule in self.rules:
            if not rule.matches(value):
                continue
            try:
                return rule.convert(value)
            except Mismatch as error:
                if error.place:  # the type is right, and one item is wrong
                    raise
                allowed[rule] = error.allowed
        raise Mismatch(value, _either(list(allowed.values())))


def _convert_item(rule: Rule, item: Any, key: object) -> Any:
    try:
        return rule.convert(item)
    except Mismatch as error:
        error.place = f"[{key!r}]{error.place}"
        raise


def _number(whole: bool, metadata: Sequence[Any]) -> _Number:
    names = {"ge": "at_least", "gt": "above", "le": "at_most", "lt": "below", "multiple_of": "multiple_of"}
    limits: dict[str, Any] = dict.fromkeys(names.values())
    for item in metadata:
        for name, limit in names.items():
            if (value := getattr(item, name, None)) is not None:
                limits[limit] = value
    return _Number(whole, **limits)


def _min_length(metadata: Sequence[Any]) -> int:
    return max((getattr(item, "min_length", 0) for item in metadata), default=0)


def _example(kind: type, field: Field[Any] | None, metadata: Sequence[Any]) -> str:
    """Return an accepted object as text: from the annotation, the default, or the class itself."""
    for item in metadata:
        if example := getattr(item, "example", ""):
            return str(example)
    if field is not None and isinstance(field.default_factory, type):
        return f"{field.default_factory.__name__}()"
    if field is not None and is_dataclass(field.default):
        return f"{type(field.default).__name__}()"
    if not is_dataclass(kind):
        return ""
    required = [field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING]
    return f"{kind.__name__}({', '.join(f'{name}=...' for name in required)})"


def _either(texts: Iterable[str]) -> str:
    """Return texts joined by commas and "or", each once; None stands last."""
    *others, last = sorted(dict.fromkeys(texts), key="None".__eq__)
    return f"{', '.join(others)} or {last}" if others else last


def _limit(limit: float) -> str:
    """Return a limit as text; 2**63 - 1 and the like as powers."""
    if isinstance(limit, int) and limit > 2**53 and (limit + 1).bit_count() == 1:
        return f"2**{limit.bit_length()} - 1"
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:g}"
