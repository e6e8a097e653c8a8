"""A new folder of files, under a name that Python can import and that is not taken."""

from __future__ import annotations

import importlib.util
import keyword
from collections.abc import Mapping
from pathlib import Path

from evorobo.errors import SettingsError
from evorobo.files import write_atomically


def check_module_name(name: str) -> None:
    """Raise `SettingsError` unless `name` can be a new folder here, and the module in it."""
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name != name.lower():
        raise SettingsError(f"{name!r} is no name for a Python file; take small letters, digits and _, as in my_robot.")
    if Path(name).exists():
        raise SettingsError(f"there is a {name} here already; take another name, or move it away.")
    if importlib.util.find_spec(name) is not None:
        raise SettingsError(
            f"{name} is the name of a Python package already, which the new file would hide; take another."
        )


def write_folder(name: str, files: Mapping[str, str | bytes]) -> list[Path]:
    """Write `files` into the new folder `name`, a checked one; returns their paths."""
    for file, content in files.items():
        write_atomically(Path(name) / file, content)
    return [Path(name) / file for file in files]
