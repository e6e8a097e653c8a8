"""One docstring for a method that many classes have: it is written once, where the method is defined for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def copy_doc(source: Callable[..., Any]) -> Callable[[F], F]:
    """A decorator that gives a function the docstring of `source`, for example of the interface that it implements."""

    def decorate(function: F) -> F:
        function.__doc__ = source.__doc__
        return function

    return decorate


def inherit_docs(cls: type[T]) -> type[T]:
    """A class decorator that gives methods and properties without a docstring the one of the member they override."""
    for name, member in vars(cls).items():
        if (callable(member) or isinstance(member, property)) and not name.startswith("_") and not member.__doc__:
            overridden = (vars(base).get(name) for base in cls.__mro__[1:])
            member.__doc__ = next((base.__doc__ for base in overridden if base is not None and base.__doc__), None)
    return cls
