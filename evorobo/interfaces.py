"""Whether an object has the members of an interface, with as many arguments."""

from __future__ import annotations

import dis
import inspect
from functools import cache
from typing import Any


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
    """Return the names of the public members of an interface that it does not implement itself."""
    protocols = [base for base in interface.__mro__ if getattr(base, "_is_protocol", False)]
    names = [name for base in protocols for name in (*vars(base), *vars(base).get("__annotations__", {}))]
    required = (name for name in names if not _is_implemented(inspect.getattr_static(interface, name, None)))
    return frozenset(name for name in required if not name.startswith("_"))


def _is_implemented(member: Any) -> bool:
    """Return whether a member of an interface is a method that does something, so that objects may lack it."""
    function = member.fget if isinstance(member, property) else member
    if not inspect.isfunction(function):
        return False
    done = {instruction.opname for instruction in dis.get_instructions(function)}
    return not done <= {"RESUME", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "NOP"}


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
