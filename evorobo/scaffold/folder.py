"""New folders of files, with names that Python can import and that are not used yet."""

from __future__ import annotations

import importlib.util
import keyword
from collections.abc import Mapping
from pathlib import Path

from evorobo.errors import SettingsError
from evorobo.files import write_atomically

RESERVED = ("experiment", "conftest")
"""Names of other files in a new folder, or of files that pytest reads."""


def check_module_name(name: str) -> None:
    """Raise `SettingsError` unless `name` can be the name of a new folder and of the module in it."""
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name != name.lower():
        raise SettingsError(
            f"{name!r} is invalid as the name of a Python file; use small letters, digits and _, as in my_robot."
        )
    if name in RESERVED:
        raise SettingsError(
            f"{name} is the name of another file in the new folder, or of a file of pytest; choose another name."
        )
    if Path(name).exists():
        raise SettingsError(f"{name} exists already; choose another name, or move it away.")
    package = importlib.util.find_spec(name)
    if package is not None and package.origin is not None:  # without an origin it is a folder without modules
        raise SettingsError(
            f"{name} is the name of a Python package, which the new file would hide; choose another name."
        )


def write_folder(name: str, files: Mapping[str, str | bytes]) -> list[Path]:
    """Write `files` into the new folder `name` and return their paths."""
    for file, content in files.items():
        write_atomically(Path(name) / file, content)
    return [Path(name) / file for file in files]
