"""Settings as plain data: frozen dataclasses to JSON and back, so that every run can be run again.

A dataclass becomes a dict with its fields and a `"type"`: its key in the registry (`"Dense"`), or `module:Name`, or
`folder/file.py:Name` for what a user's script defines. A function becomes `{"function": reference}`.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from evorobo import registry
from evorobo.errors import EvoroboError, SettingsError, TaskError, unknown


def to_plain(value: Any) -> Any:
    """`value` as JSON-ready data. Raises `SettingsError` for what has no plain form (arrays, lambdas, open files)."""
    if isinstance(value, np.integer | np.floating | np.bool_):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"type": reference_to(type(value)), **fields}
    if isinstance(value, FunctionType | type):
        return {"function": reference_to(value)}
    raise SettingsError(
        f"{value!r} cannot be kept as a setting. Settings are numbers, names, functions defined at the top of "
        "a file, and frozen dataclasses of these; put arrays into a file and give its path."
    )


def from_plain(plain: Any, *, imports: bool = True) -> Any:
    """What `to_plain` was given, lists as tuples.

    Without `imports` only what is loaded already is found, also by the constructors that are called: reading a file
    from elsewhere then runs no code that comes with it.
    """
    if imports:
        return _from_plain(plain)
    token = _imports_allowed.set(False)
    try:
        return _from_plain(plain)
    finally:
        _imports_allowed.reset(token)


def _from_plain(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(_from_plain(item) for item in plain)
    if not isinstance(plain, dict):
        return plain
    if "function" in plain:
        return resolve_reference(plain["function"])
    fields = {key: _from_plain(item) for key, item in plain.items() if key != "type"}
    if "type" not in plain:
        return fields
    kind = resolve_reference(plain["type"])
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise SettingsError(f"{plain['type']} is no class of settings.")
    known = [field.name for field in dataclasses.fields(kind)]
    for name in fields:
        if name not in known:
            raise unknown(f"field of {plain['type']}", name, known)
    try:
        return kind(**fields)
    except TypeError as error:
        raise SettingsError(f"{plain['type']} cannot be made of {', '.join(fields) or 'nothing'}: {error}.") from error


def reference_to(thing: Any) -> str:
    """The text under which `resolve` finds a class or function again, in another process or on another day."""
    if key := registry.key_of(thing):
        return key
    name = thing.__qualname__
    if "<" in name:
        raise SettingsError(f"{name} has no name to be found by again; define it at the top of a file.")
    where = _module_reference(thing.__module__)
    if where is None:
        raise SettingsError(f"{name} was typed at a prompt; put it into a file so that it can be found again.")
    return f"{where}:{name}"


def _module_reference(module: str) -> str | None:
    """The name of a module, or the path of a script's file, as `load_module` takes it; None for what has no file."""
    by_name = module in sys.modules and module != "__main__" and not module.startswith("evorobo_script_")
    if by_name:
        return module
    home = getattr(sys.modules.get(module), "__file__", None)
    if not str(home).endswith(".py"):  # None, or "<stdin>"
        return None
    path, here = Path(home or "").resolve(), Path.cwd().resolve()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)


def qualified_key(kind: str, key: str) -> str:
    """The registry's `key`, preceded by the user's file or module that registers it: "my_data.py:my-set".

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
    """The component of a key, as it is or after `qualified_key`; None where nothing is registered under it.

    Raises the errors of `load_module` for a file or module that cannot be loaded.
    """
    component = registry.find(kind, _plain_key(kind, text))
    return component.thing if component else None


def lookup_component(kind: str, text: str) -> Any:
    """As `find_component`, but raises `SettingsError` for an unknown key, with the nearest known one."""
    return registry.lookup(kind, _plain_key(kind, text))


def user_components(text: str) -> list[Any]:
    """The user's components of this qualified key, as far as this process has used them."""
    return [registry.lookup(kind, key) for (kind, qualified), key in _plain_keys.items() if qualified == text]


def _plain_key(kind: str, text: str) -> str:
    """The key in the registry; the user's file before it is loaded when its key is first used."""
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
    """The class or function that `reference_to` named. Raises `SettingsError` when it is not there any more."""
    where, colon, name = text.rpartition(":")
    if not colon:
        return registry.class_of(name)
    found: Any = load_module(where, text)
    for part in name.split("."):
        if not hasattr(found, part):
            raise unknown(f"name in {where}", name, [key for key in vars(found) if not key.startswith("_")])
        found = getattr(found, part)
    return found


def _loaded(where: str) -> ModuleType | None:
    """The module of that name or file, if this process has loaded it."""
    if not where.endswith(".py"):
        return sys.modules.get(where)
    path = Path(where).resolve()
    files = ((module, getattr(module, "__file__", None)) for module in list(sys.modules.values()))
    return next((module for module, file in files if file and Path(file).resolve() == path), None)


def load_module(where: str, text: str) -> ModuleType:
    """The module of that name, or made by that Python file, for what `text` is about.

    Raises `SettingsError` where there is none, `TaskError` with the line where it breaks while it is loaded.
    """
    if not _imports_allowed.get():
        if (module := _loaded(where)) is None:
            raise SettingsError(f"{text!r} is not loaded; import {where} first if you trust it.")
        return module
    try:
        return load_script(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    except StopLoading:
        raise SettingsError(
            f'{where} begins its own work while it is imported; put that under `if __name__ == "__main__":`.'
        ) from None
    except EvoroboError:
        raise
    except Exception as error:  # whatever a file may do while it is loaded
        if isinstance(error, ModuleNotFoundError) and error.name and f"{where}.".startswith(f"{error.name}."):
            raise SettingsError(f"{text!r} cannot be found: {error}. Is its folder on the Python path?") from error
        raise TaskError(f"{where} cannot be loaded: {_error_text(error, where)}; fix it.") from error


def _error_text(error: Exception, where: str) -> str:
    """What went wrong in a file, with the line."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError in line {error.lineno}: {error.msg}"
    name = where.removesuffix(".py").replace(".", "/") + ".py"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(name)]
    return f"{type(error).__name__}{f' in line {lines[-1]}' if lines else ''}: {error}"


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
    _loading.append(path)
    try:
        found.loader.exec_module(module)
    except StopLoading:
        pass
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        _loading.pop()
    return module


class StopLoading(BaseException):
    """Raised in a script that is loaded only for its definitions, where its own work would begin."""


def stop_if_loading() -> None:
    """Called where a script's work begins: raises `StopLoading` when the script was loaded only for its definitions."""
    if _loading or os.environ.get(WORKER_VARIABLE):
        raise StopLoading


WORKER_VARIABLE = "EVOROBO_WORKER"
"""The environment variable that marks a worker process: it runs trials, and no script's own work."""
_loading: list[Path] = []
_imports_allowed: ContextVar[bool] = ContextVar("imports_allowed", default=True)
_plain_keys: dict[tuple[str, str], str] = {}
"""By kind and qualified key the key in the registry, for components that were found once."""
