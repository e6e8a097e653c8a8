"""Checks of settings: each raises `SettingsError` in one sentence that names the setting and the value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from typing import Any

from evorobo.errors import SettingsError

MAX_SEEDS = 100_000
"""Maximum number of seeds of a study."""
MAX_SEED = 2**128 - 1
"""Largest seed; more bits make no difference to the generator."""
MAX_NAME_LENGTH = 100
"""Maximum length of a name in letters."""
MAX_NAME_BYTES = 200
"""Maximum length of a name in UTF-8; most file systems limit the names of folders to 255 bytes."""
RESERVED_NAMES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\xb9\xb2\xb3])", re.IGNORECASE)
"""Names of devices on Windows; a file "nul.txt" is the device as well."""


def check_integer(minimum: int, *, maximum: int | None = None, **settings: Any) -> None:
    """Raise `SettingsError` unless each setting is a whole number of at least `minimum` and at most `maximum`."""
    for name, value in settings.items():
        if not (is_number(value) and isinstance(value, int) and value >= minimum):
            raise SettingsError(f"{name} must be a whole number of at least {minimum}, not {value!r}.")
        if maximum is not None and value > maximum:
            raise SettingsError(f"{name} must be at most {maximum:,}, not {value:,}.")


def check_seeds(*seeds: Any) -> None:
    """Raise `SettingsError` unless each seed is a whole number of at least 0 that can name a folder."""
    for seed in seeds:
        check_integer(0, maximum=MAX_SEED, seed=seed)


def check_name(name: Any) -> None:
    """Raise `SettingsError` unless `name` can be the name of one folder on Linux, macOS and Windows.

    The paths in results folders are made of such names alone, so they never lead out of the folder.
    """
    if not isinstance(name, str):
        raise SettingsError(f"a name must be a text, not {name!r}.")
    if len(name) > MAX_NAME_LENGTH or len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES:
        raise SettingsError(
            f"{name[:20]}... has {len(name)} letters, too many for a folder; use at most {MAX_NAME_LENGTH}."
        )
    if not re.fullmatch(r"[\w.+ ()=-]+", name) or name.startswith("."):
        raise SettingsError(f"{name!r} is invalid as the name of a folder; use letters, digits, - and _.")
    if name != name.strip(" ").rstrip("."):
        raise SettingsError(
            f"{name!r} begins or ends with a blank or ends with a dot, which Windows drops; leave it out."
        )
    if RESERVED_NAMES.fullmatch(name.split(".")[0].rstrip(" ")):
        raise SettingsError(f"{name!r} is the name of a device on Windows; choose another name.")


def check_distinct_names(kind: str, names: Sequence[str]) -> None:
    """Raise `SettingsError` for two names that are one folder where file systems ignore the case of letters."""
    before: dict[str, str] = {}
    for name in names:
        check_name(name)
        other = before.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
        if list(names).count(name) > 1:
            raise SettingsError(f"two {kind}s are called {name!r}; give one of them another name.")
        if other != name:
            raise SettingsError(
                f"two {kind}s are called {other!r} and {name!r}, which are one folder on Windows and macOS; "
                "give one of them another name."
            )


def is_number(value: object) -> bool:
    """Return whether `value` is an int or a float; True and False are not numbers here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_overridden(thing: object, function: Callable[..., Any]) -> bool:
    """Return whether the class of `thing` has another method of that name than `function`, which a class defines.

    A method that computes several things in one pass asks this, so that it never bypasses what a derived class
    changed.
    """
    return getattr(type(thing), function.__name__) is not function


def unchanged_kind(thing: object, kinds: Collection[type], free: Collection[str] = ()) -> type | None:
    """Return the one of `kinds` by whose methods a thing computes; None where its class is or overrides something else.

    A derived class may have other settings and further methods, and it may override the methods in `free`.
    """
    own: set[str] = set()
    for kind in type(thing).__mro__:
        if kind in kinds:
            changed = {name for name in own.difference(free) if callable(getattr(kind, name, None))}
            return None if changed else kind
        own.update(name for name in vars(kind) if not name.startswith("__"))
    return None
