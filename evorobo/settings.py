"""Settings as plain data: frozen dataclasses to JSON and back, so that every run can be run again.

A dataclass becomes a dict with its fields and a `"type"`: the public name (`"Dense"`), or `module:Name`, or
`folder/file.py:Name` for what a user's script defines. A function becomes `{"function": reference}`.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from evorobo.errors import SettingsError, unknown


def to_plain(value: Any) -> Any:
    """`value` as JSON-ready data. Raises `SettingsError` for what has no plain form (arrays, lambdas, open files)."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.integer | np.floating | np.bool_):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"type": reference(type(value)), **fields}
    if isinstance(value, FunctionType | type):
        return {"function": reference(value)}
    raise SettingsError(
        f"{value!r} cannot be kept as a setting. Settings are numbers, names, functions defined at the top of "
        "a file, and frozen dataclasses of these; put arrays into a file and give its path."
    )


def from_plain(plain: Any) -> Any:
    """What `to_plain` was given, lists as tuples."""
    if isinstance(plain, list):
        return tuple(from_plain(item) for item in plain)
    if not isinstance(plain, dict):
        return plain
    if "function" in plain:
        return resolve(plain["function"])
    fields = {key: from_plain(item) for key, item in plain.items() if key != "type"}
    if "type" not in plain:
        return fields
    kind = resolve(plain["type"])
    names = [field.name for field in dataclasses.fields(kind)]
    for name in fields:
        if name not in names:
            raise unknown(f"field of {plain['type']}", name, names)
    return kind(**fields)


def reference(thing: Any) -> str:
    """The text under which `resolve` finds a class or function again, in another process or on another day."""
    import evorobo

    name = thing.__qualname__
    if name in dir(evorobo) and getattr(evorobo, name) is thing:
        return name
    if "<" in name:
        raise SettingsError(f"{name} has no name to be found by again; define it at the top of a file.")
    module = sys.modules[thing.__module__]
    home = getattr(module, "__file__", None)
    by_path = module.__name__ == "__main__" or module.__name__.startswith("evorobo_script_")
    if by_path and home is None:
        raise SettingsError(f"{name} was typed at a prompt; put it into a file so that it can be found again.")
    if by_path:
        path = Path(home or "").resolve()
        here = Path.cwd().resolve()
        return f"{path.relative_to(here).as_posix() if path.is_relative_to(here) else path}:{name}"
    return f"{module.__name__}:{name}"


def resolve(text: str) -> Any:
    """The class or function that `reference` named. Raises `SettingsError` when it is not there any more."""
    import evorobo

    where, colon, name = text.rpartition(":")
    if not colon:
        if name not in dir(evorobo):
            raise unknown("name", name, dir(evorobo))
        return getattr(evorobo, name)
    found: Any = load_script(Path(where)) if where.endswith(".py") else _import(where, text)
    for part in name.split("."):
        if not hasattr(found, part):
            raise unknown(f"name in {where}", name, [key for key in vars(found) if not key.startswith("_")])
        found = getattr(found, part)
    return found


def load_script(path: Path) -> ModuleType:
    """The module made by a Python file outside any package, loaded once for each process."""
    path = path.resolve()
    main = sys.modules.get("__main__")
    if main is not None and getattr(main, "__file__", None) and Path(main.__file__ or "").resolve() == path:
        return main
    name = f"evorobo_script_{path.stem}_{abs(hash(str(path)))}"
    if name in sys.modules:
        return sys.modules[name]
    if not path.is_file():
        raise SettingsError(f"there is no file {path}; run from the folder in which the script was first run.")
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise SettingsError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        found.loader.exec_module(module)
    except StopLoading:
        pass
    except BaseException:
        del sys.modules[name]
        raise
    return module


class StopLoading(BaseException):
    """Raised by a script that is loaded only for its definitions, where its own work would begin."""


def _import(module: str, text: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SettingsError(f"{text!r} cannot be found: {error}. Is its folder on the Python path?") from error
