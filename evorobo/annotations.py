"""What annotations say: the rules of a class's fields and of a function's arguments."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union

from evorobo import rules
from evorobo.errors import SettingsError
from evorobo.printable import shown
from evorobo.rules import Mismatch, Rule


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
    known = field_rules(cls)
    for field in fields(cls):
        value = getattr(settings, field.name, field.default)
        if field.name in known and value is not field.default:
            convert_field(known[field.name], value, cls.__name__, field.name)


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
        options = tuple(make_rule(arg, field, metadata) for arg in args)
        match options:
            case (rules.ChoiceRule(values=values), rules.NothingRule()):
                return rules.ChoiceRule((*values, None))
        return rules.UnionRule(options)
    if origin is Literal:
        return rules.ChoiceRule(args)
    if hint in (None, type(None)):
        return rules.NothingRule()
    if hint is bool:
        return rules.FlagRule()
    if hint in (int, float):
        return _number(hint is int, metadata)
    if hint is str:
        return rules.TextRule(_min_length(metadata) > 0)
    if kind is tuple and args and args[-1] is not Ellipsis:
        return rules.FieldsRule(tuple(make_rule(arg) for arg in args))
    if kind in (tuple, list, Sequence, Iterable):
        return rules.ItemsRule(make_rule(args[0]) if args else rules.AnythingRule(), _min_length(metadata))
    if isinstance(kind, type) and issubclass(kind, Mapping) and len(args) in (0, 2):
        key, item = [make_rule(arg) for arg in args] or [rules.AnythingRule(), rules.AnythingRule()]
        return rules.TableRule(key, item)
    if kind is Callable:
        return rules.FunctionRule()
    if isinstance(kind, type) and kind not in (object, type, Any):
        return rules.ObjectRule(kind, _example(kind, field, metadata), check_fields)
    return rules.AnythingRule()


def _number(whole: bool, metadata: Sequence[Any]) -> rules.NumberRule:
    names = {"ge": "at_least", "gt": "above", "le": "at_most", "lt": "below", "multiple_of": "multiple_of"}
    limits: dict[str, Any] = dict.fromkeys(names.values())
    for item in metadata:
        for name, limit in names.items():
            if (value := getattr(item, name, None)) is not None:
                limits[limit] = value
    return rules.NumberRule(whole, **limits)


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


def annotations_of(cls: type) -> dict[str, Any]:
    """Return the annotations of a class as types; those with a name that cannot be found are left out."""
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        module = vars(sys.modules.get(base.__module__, types))
        for name in inspect.get_annotations(base):
            hints.pop(name, None)
        hints |= hints_of(base, {**module, **vars(base)})
    return hints


def hints_of(thing: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the own annotations of a class or function as types; `names` are those that they may use."""
    hints: dict[str, Any] = {}
    for name, annotation in inspect.get_annotations(thing).items():
        holder = types.SimpleNamespace(__annotations__={name: annotation})
        with suppress(Exception):  # a name inside a function, or one that is imported for types only
            hints |= typing.get_type_hints(holder, dict(names), include_extras=True)
    return hints
