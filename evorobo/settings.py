"""Settings as plain data: frozen dataclasses are written as JSON and read back, so that every run can be repeated.

A dataclass becomes a dict of its fields and a `"type"`: its key in the registry (`"Dense"`), `module:Name`, or
`folder/file.py:Name` for a class in a user's script. A function becomes `{"function": reference}`.

What a worker or `evorobo run` reads is what was given, or it is refused. Fields of dataclasses hold tuples, also where
a list was given. The values of a dict, such as `env_kwargs`, may be both: a tuple becomes a JSON list, and a list
becomes `{"type": "list", "items": [...]}`. A dict with a key "type" or "function" becomes
`{"type": "dict", "items": {...}}`.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from evorobo import registry
from evorobo.cells import CannotRecord, record_cell
from evorobo.errors import EvoroboError, SettingsError, unknown
from evorobo.loading import SCRIPT_PREFIX, load_module, without_imports
from evorobo.notebooks import in_notebook
from evorobo.printable import shown
from evorobo.user_code import reraise_interrupt


def to_plain(value: Any) -> Any:
    """Return `value` as data for JSON. Raises `SettingsError` for arrays, lambdas, open files and the like."""
    if isinstance(value, np.integer | np.floating | np.bool_):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"type": reference_to(type(value)), **fields}
    if isinstance(value, FunctionType | type):
        return {"function": reference_to(value)}
    raise SettingsError(
        f"{shown(value)} is invalid as a setting. Settings are numbers, names, functions defined at the top of "
        "a file, and frozen dataclasses of these; put arrays into a file and give its path."
    )


def _plain_mapping(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    for key in mapping:
        if type(key) is not str:
            raise SettingsError(
                f"{key!r} is invalid as a key in settings, because in JSON it would become {str(key)!r}; use texts as "
                f"keys, or pairs: (({key!r}, ...), ...)."
            )
    items = {key: _plain_item(item, key) for key, item in mapping.items()}
    return {"type": "dict", "items": items} if mapping.keys() & {"type", "function"} else items


def _plain_item(value: Any, key: str) -> Any:
    """An item of a dict as data for JSON, from which the same type is read back."""
    if type(value) is list:
        return {"type": "list", "items": [_plain_item(item, key) for item in value]}
    if type(value) is tuple:
        return [_plain_item(item, key) for item in value]
    if type(value) is dict:
        return _plain_mapping(value)
    kind = type(value)
    is_plain = isinstance(value, bool | int | float | str | tuple | list | Mapping)
    if is_plain and kind not in (bool, int, float, str) and not isinstance(value, np.generic):
        raise SettingsError(
            f"{key}: {value!r} is invalid as a setting, because JSON does not keep its type {kind.__name__}; use plain "
            "numbers, texts, tuples, lists and dicts."
        )
    return to_plain(value)


def from_plain(plain: Any, *, imports: bool = False) -> Any:
    """Return the value that `to_plain` was given. Lists are tuples, except within a dict.

    Without `imports` only modules that are loaded already are used, also by the constructors that are called. Reading
    a file from elsewhere then runs no code that comes with it. Use `imports` only for settings of this process, of the
    command line, and for those that `evorobo.study.trust` accepts.
    """
    if imports:
        return _from_plain(plain)
    with without_imports():
        return _from_plain(plain)


def _from_plain(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(_from_plain(item) for item in plain)
    if not isinstance(plain, dict):
        return plain
    if plain.keys() == {"type", "items"} and plain["type"] in ("list", "dict"):
        items, kind = plain["items"], list if plain["type"] == "list" else dict
        if not isinstance(items, kind):
            raise SettingsError(f"the items of a {plain['type']} must be a {plain['type']}, not {shown(items)}.")
        if isinstance(items, list):
            return [_from_plain(item) for item in items]
        return {key: _from_plain(item) for key, item in items.items()}
    if "function" in plain:
        return resolve_reference(_as_reference(plain["function"]))
    fields = {key: _from_plain(item) for key, item in plain.items() if key != "type"}
    if "type" not in plain:
        return fields
    kind = resolve_reference(_as_reference(plain["type"]))
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise SettingsError(f"{plain['type']} is not a class of settings.")
    known = [field.name for field in dataclasses.fields(kind)]
    for name in fields:
        if name not in known:
            raise unknown(f"field of {plain['type']}", name, known)
    for field in dataclasses.fields(kind):
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if field.init and not has_default and field.name not in fields:
            raise SettingsError(f"{plain['type']}: {field.name} is missing; add it.")
    try:
        return kind(**fields)
    except EvoroboError:
        raise
    except BaseException as error:  # a value of another type than the class expects can raise anything
        reraise_interrupt(error)
        raise SettingsError(
            f"{plain['type']} does not accept {', '.join(fields) or 'no settings'}: {error}."
        ) from error


def with_defaults(plain: Any) -> Any:
    """Return plain settings with each field that is absent at its default.

    Settings that an earlier version wrote lack the fields that came later. Nothing is imported: settings of a class
    that is not loaded stay as they are.
    """
    if isinstance(plain, list):
        return [with_defaults(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    complete = {key: with_defaults(item) for key, item in plain.items()}
    kind = _loaded_class(plain.get("type"))
    for field in dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ():
        if not field.init or field.name in plain:
            continue
        if field.default is not dataclasses.MISSING:
            complete[field.name] = to_plain(field.default)
        elif field.default_factory is not dataclasses.MISSING:
            complete[field.name] = to_plain(field.default_factory())
    return complete


def _loaded_class(reference: Any) -> Any:
    """Return what a reference in plain settings names, without an import; None where that is nothing."""
    if not isinstance(reference, str):
        return None
    with suppress(EvoroboError), without_imports():
        return resolve_reference(reference)
    return None


def iter_settings(value: Any) -> Iterator[Any]:
    """Yield the settings in a value: dataclass objects, and those in their fields, tuples and lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in dataclasses.fields(value):
            yield from iter_settings(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from iter_settings(item)


def _as_reference(plain: Any) -> str:
    if not isinstance(plain, str):
        raise SettingsError(f"{shown(plain)} is not the name of a class or function; write it in quotes.")
    return plain


def reference_to(thing: Any) -> str:
    """Return the text from which `resolve_reference` finds a class or function again, in any process at any time."""
    if key := registry.key_of(thing):
        return key
    name = thing.__qualname__
    if "<" in name:
        raise SettingsError(f"{name} cannot be found by a name; define it at the top level of a file.")
    return f"{_module_reference(thing.__module__) or _recorded_file(thing)}:{name}"


def _recorded_file(thing: Any) -> str:
    """Return the file that records a class or function of a notebook cell, or of an IPython prompt."""
    name = thing.__qualname__
    try:
        return record_cell(thing).as_posix()
    except CannotRecord as error:
        if in_notebook():
            reason = f" and {error}" if str(error) else ""
            raise SettingsError(
                f"{name} was defined in a cell{reason}; begin the cell with %%writefile my_file.py, and import {name} "
                "from my_file in the next cell, so that it can be found again."
            ) from None
        raise SettingsError(
            f"{name} was typed at a prompt; put it into a file so that it can be found again."
        ) from None


def _module_reference(module: str) -> str | None:
    """Return the name of a module or the path of a script, as `load_module` takes it; None where there is no file."""
    by_name = module in sys.modules and module != "__main__" and not module.startswith(SCRIPT_PREFIX)
    if by_name:
        return module
    file = getattr(sys.modules.get(module), "__file__", None)
    if not str(file).endswith(".py"):  # None, or "<stdin>"
        return None
    path, current_folder = Path(file or "").resolve(), Path.cwd().resolve()
    return path.relative_to(current_folder).as_posix() if path.is_relative_to(current_folder) else str(path)


def qualified_key(kind: str, key: str) -> str:
    """Return the registry's `key` with the user's file or module that registers it in front: "my_data.py:my-set".

    Other processes find the component by that text. Keys of the package stay as they are, and so do keys that this
    process does not know.
    """
    component = registry.find(kind, key, load=False)
    if component is None or registry.is_own(component.module):
        return key
    where = _module_reference(component.module)
    if where is None:
        return key
    _plain_keys[kind, f"{where}:{key}"] = key
    return f"{where}:{key}"


def find_component(kind: str, text: str) -> Any:
    """Return the component of a key, plain or qualified, or None where nothing is registered under it.

    Raises the errors of `load_module` for a file or module that cannot be loaded.
    """
    component = registry.find(kind, _plain_key(kind, text))
    return component.thing if component else None


def lookup_component(kind: str, text: str) -> Any:
    """Return the component of a key. Raises `SettingsError` for an unknown key, with the nearest known one."""
    return registry.lookup(kind, _plain_key(kind, text))


def user_components(text: str) -> list[Any]:
    """Return the user's components of a qualified key that this process has used."""
    return [registry.lookup(kind, key) for (kind, qualified), key in _plain_keys.items() if qualified == text]


def _plain_key(kind: str, text: str) -> str:
    """Return the key in the registry; the user's file in front of it is loaded at the first use."""
    if ":" not in str(text):
        return text
    if (kind, text) not in _plain_keys:
        where, _, key = text.rpartition(":")
        file = getattr(load_module(where, text), "__file__", None)
        component = registry.find(kind, key)
        if component and getattr(sys.modules.get(component.module), "__file__", None) != file:
            raise SettingsError(f"{where} defines no {kind} {key!r}; register it there, or correct the name.")
        _plain_keys[kind, text] = key
    return _plain_keys[kind, text]


def resolve_reference(text: str) -> Any:
    """Return the class or function of a reference. Raises `SettingsError` where it no longer exists."""
    where, colon, name = text.rpartition(":")
    if not colon:
        return registry.class_of(name)
    thing: Any = load_module(where, text)
    for part in name.split("."):
        if not hasattr(thing, part):
            raise unknown(f"name in {where}", name, [key for key in vars(thing) if not key.startswith("_")])
        thing = getattr(thing, part)
    return thing


_plain_keys: dict[tuple[str, str], str] = {}
"""By kind and qualified key, the key in the registry, for components that were used."""
