"""The course: the numbered lessons of a checkout, found, listed and run."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from evorobo.errors import SettingsError, unknown

FOLDER = Path("experiments") / "lessons"


def find_lessons() -> list[Path]:
    """Their scripts in order, from `experiments/lessons` of this folder or of the nearest one above.

    Raises `SettingsError` where there is no such folder: lessons are scripts to read and change, not a part of what
    is installed.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if found := sorted((folder / FOLDER).glob("[0-9][0-9]_*.py")):
            return found
    raise SettingsError(f"there is no {FOLDER} in or above {here}; the lessons are in evorobo's sources: clone them.")


def lesson_title(script: Path) -> str:
    """What a lesson says: the first line of its script."""
    return (ast.get_docstring(ast.parse(script.read_text())) or "").splitlines()[0]


def select_lessons(name: str) -> list[Path]:
    """The lessons that `name` asks for: a number (4, 04), a name (overfitting), or "all"."""
    every = find_lessons()
    if name == "all":
        return every
    if name.isdecimal():
        nearest = min(every, key=lambda script: abs(_number(script) - int(name)))
        if _number(nearest) != int(name):
            raise SettingsError(f"there is no lesson {name}; the nearest is {_number(nearest)}.")
        return [nearest]
    named = {title: script for script in every for title in (script.stem, script.stem[3:])}
    title = name.removesuffix(".py").replace("-", "_")
    if title not in named:
        raise unknown("lesson", name, [*(script.stem[3:] for script in every), "all"])
    return [named[title]]


def run(script: Path, flags: Sequence[str]) -> int:
    """Run a lesson in a Python of its own, as `python SCRIPT FLAGS` would; returns its exit status."""
    return subprocess.run([sys.executable, str(script), *flags], check=False).returncode


def _number(script: Path) -> int:
    return int(script.stem[:2])
