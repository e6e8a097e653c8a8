"""Modules and scripts that are loaded for their definitions; a script's own work does not start then."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from evorobo import registry
from evorobo.errors import EvoroboError, SettingsError, TaskError
from evorobo.files import as_path
from evorobo.user_code import reraise_interrupt

WORKER_VARIABLE = "EVOROBO_WORKER"
"""The environment variable that marks a worker process, in which the own work of scripts does not start."""

SCRIPT_PREFIX = "evorobo_script_"
"""Start of the names under which scripts are loaded as modules."""


def load_module(where: str, text: str) -> ModuleType:
    """Return the module of a name, or of a Python file, for the reference `text`.

    Raises `SettingsError` where there is none, and `TaskError` with the line where its code raises an error.
    """
    if not _imports_allowed.get():
        module = _loaded_module(where)
        if module is None or not _may_be_named(module):
            raise SettingsError(f"{text!r} is not loaded; import {where} first if you trust it.")
        return module
    add_current_folder()
    try:
        return load_script(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    except StopLoading:
        raise SettingsError(
            f'{where} starts its own work while it is imported; put that under `if __name__ == "__main__":`.'
        ) from None
    except EvoroboError:
        raise
    except BaseException as error:  # a file can raise anything while it is loaded
        reraise_interrupt(error)
        if isinstance(error, ModuleNotFoundError) and error.name and f"{where}.".startswith(f"{error.name}."):
            raise SettingsError(f"{text!r} cannot be found: {error}. Is its folder on the Python path?") from error
        raise TaskError(f"{where} cannot be loaded: {_error_with_line(error, where)}; fix it.") from error


def search_current_folder() -> None:
    """From the first import of a user's code on, also find modules in the folder that is current now.

    Until then the folder is not searched: it may be a results folder from elsewhere with a file `numpy.py` in it.
    """
    _current_folder[:] = [os.getcwd()]


def add_current_folder() -> None:
    """Put the folder of `search_current_folder` on the import path; called before code of the user is run."""
    sys.path[:0] = [folder for folder in _current_folder if folder not in sys.path]


def is_usable(where: str) -> bool:
    """Return whether settings from elsewhere may name things in a module or file: one of the user that is loaded."""
    module = _loaded_module(where)
    return module is not None and _may_be_named(module)


def source_file(module: ModuleType | None) -> Path | None:
    """Return the file of a module of the user; None for modules of Python, of this package and of installed ones."""
    name = getattr(module, "__file__", None)
    if not name or not name.endswith(".py"):
        return None
    path = Path(name).resolve()
    foreign = _INSTALLED & set(path.parts) or any(path.is_relative_to(home) for home in _HOMES)
    return None if foreign or not path.is_file() else path


def load_script(path: Path) -> ModuleType:
    """Return a Python file outside any package as a module; it is loaded once in each process."""
    path = as_path(path).resolve()
    main = sys.modules.get("__main__")
    if main is not None and getattr(main, "__file__", None) and Path(main.__file__ or "").resolve() == path:
        return main
    name = f"{SCRIPT_PREFIX}{path.stem}_{sha256(str(path).encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    if not path.is_file():
        raise SettingsError(f"there is no file {path}; run from the folder in which the script was first run.")
    add_current_folder()
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SettingsError(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    _loading.append(path)
    try:
        spec.loader.exec_module(module)
    except StopLoading:
        pass
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        _loading.pop()
    return module


class StopLoading(BaseException):
    """Raised where a script's own work would start, when the script is loaded only for its definitions."""


def stop_if_loading() -> None:
    """Raise `StopLoading` when a script is loaded only for its definitions; called where a script's work starts."""
    if _loading or os.environ.get(WORKER_VARIABLE):
        raise StopLoading


@contextmanager
def without_imports() -> Iterator[None]:
    """Inside the block `load_module` returns only modules of the user, or with components, that are loaded already.

    Others may hold functions such as `os.system`, which settings from elsewhere must not reach.
    """
    token = _imports_allowed.set(False)
    try:
        yield
    finally:
        _imports_allowed.reset(token)


def _may_be_named(module: ModuleType) -> bool:
    name = module.__name__
    return registry.is_own(name) or registry.has_components(name) or source_file(module) is not None


def _loaded_module(where: str) -> ModuleType | None:
    """Return the module of that name or file, if this process has loaded it."""
    if not where.endswith(".py"):
        return sys.modules.get(where)
    path = Path(where).resolve()
    files = ((module, getattr(module, "__file__", None)) for module in list(sys.modules.values()))
    return next((module for module, file in files if file and Path(file).resolve() == path), None)


def _error_with_line(error: BaseException, where: str) -> str:
    """Return the type and the message of an error in a file, with the line."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError in line {error.lineno}: {error.msg}"
    name = where.removesuffix(".py").replace(".", "/") + ".py"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(name)]
    return f"{type(error).__name__}{f' in line {lines[-1]}' if lines else ''}: {error}"


_HOMES = [Path(__file__).parent, *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))]
_INSTALLED = {"site-packages", "dist-packages"}
_loading: list[Path] = []
_current_folder: list[str] = []
_imports_allowed: ContextVar[bool] = ContextVar("imports_allowed", default=True)
