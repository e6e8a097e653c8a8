"""Checks of settings: each raises `SettingsError` in one sentence that names the setting and the value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from evorobo.errors import SettingsError


def check_integer(minimum: int, **settings: Any) -> None:
    """Raise `SettingsError` unless each setting is a whole number of at least `minimum`."""
    for name, value in settings.items():
        if not (is_number(value) and isinstance(value, int) and value >= minimum):
            raise SettingsError(f"{name} must be a whole number of at least {minimum}, not {value!r}.")


def check_at_least(minimum: int, **settings: Any) -> None:
    """Raise `SettingsError` unless each setting is a whole number of at least `minimum`, or None (the default)."""
    check_integer(minimum, **{name: value for name, value in settings.items() if value is not None})


def check_within(low: float, high: float, **settings: Any) -> None:
    """Raise `SettingsError` unless each setting is a number from `low` to `high`, both included."""
    for name, value in settings.items():
        if not (is_number(value) and low <= value <= high):
            limits = f"from {low:g} to {high:g}" if high < math.inf else f"of at least {low:g}"
            raise SettingsError(f"{name} must be a number {limits}, not {value!r}.")


def check_positive(**settings: Any) -> None:
    """Raise `SettingsError` unless each setting is a finite number above 0."""
    for name, value in settings.items():
        if not (is_number(value) and 0 < value < math.inf):
            raise SettingsError(f"{name} must be a number above 0, not {value!r}.")


def check_implements(interface: type, example: str, **settings: object) -> None:
    """Raise `SettingsError` unless each setting is an object with the members of `interface`, a runtime protocol."""
    for name, value in settings.items():
        if isinstance(value, type) or not isinstance(value, interface):
            raise SettingsError(f"{name} must be an object such as {example}, not {value!r}.")


def is_number(value: object) -> bool:
    """Return whether `value` is an int or a float; True and False are not numbers here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_overridden(thing: object, function: Callable[..., Any]) -> bool:
    """Return whether the class of `thing` has another method of that name than `function`, which a class defines.

    A method that computes several things in one pass asks this, so that it does not bypass what a derived class changed.
    """
    return getattr(type(thing), function.__name__) is not function
