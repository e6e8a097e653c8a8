"""One docstring for a method that many classes have: it is written once, where the method is defined for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def copy_doc(source: Callable[..., Any]) -> Callable[[F], F]:
    """A decorator that gives a function the docstring of `source`, for example of the interface that it implements."""

    def decorate(function: F) -> F:
        function.__doc__ = source.__doc__
        return function

    return decorate
