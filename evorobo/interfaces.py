"""What annotations say: the types of a class's fields, and whether an object has the members of an interface."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any


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


def has_type(value: Any, kind: Any) -> bool:
    """Return whether a value is an object of a class, or has the members of an interface."""
    cls: Any = type(value)
    if (known := _has_members(cls, kind)) is not None:
        return known
    return _missing_members(cls, kind) <= getattr(value, "__dict__", {}).keys()


@cache
def _has_members(cls: Any, kind: Any) -> bool | None:
    """Return whether objects of a class are of a kind; None where it depends on the attributes of the object."""
    if kind in cls.__mro__:
        return True
    if not getattr(kind, "_is_protocol", False):
        return bool(issubclass(cls, kind))
    if any(not _takes_arguments(cls, kind, name) for name in _members(kind)):
        return False
    return None if _missing_members(cls, kind) else True


@cache
def _missing_members(cls: Any, interface: Any) -> frozenset[str]:
    return frozenset(name for name in _members(interface) if not any(name in vars(base) for base in cls.__mro__))


@cache
def _members(interface: Any) -> frozenset[str]:
    """Return the names of the public members of an interface."""
    protocols = [base for base in interface.__mro__ if getattr(base, "_is_protocol", False)]
    names = [name for base in protocols for name in (*vars(base), *vars(base).get("__annotations__", {}))]
    return frozenset(name for name in names if not name.startswith("_"))


def _takes_arguments(cls: type, interface: type, name: str) -> bool:
    """Return whether the method of a class accepts as many arguments as that of an interface requires."""
    method, other = (inspect.getattr_static(kind, name, None) for kind in (cls, interface))
    if not (inspect.isfunction(method) and inspect.isfunction(other)):
        return True
    parameters = inspect.signature(other).parameters.values()
    required = [one for one in parameters if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
    try:
        inspect.signature(method).bind(*required)
    except TypeError:
        return False
    return True
