"""The numbered lessons of a checkout: find, list and run them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from evorobo.errors import SettingsError, unknown

FOLDER = Path("experiments") / "lessons"


def find_lessons() -> list[Path]:
    """The scripts in order, from `experiments/lessons` in the current folder or in the nearest one above it.

    Raises `SettingsError` where there is no such folder. Lessons are not installed; they are read and changed.
    """
    current = Path.cwd()
    for folder in (current, *current.parents):
        if scripts := sorted((folder / FOLDER).glob("[0-9][0-9]_*.py")):
            return scripts
    raise SettingsError(
        f"there is no {FOLDER} in or above {current}; the lessons are in evorobo's sources: clone the repository."
    )


def lesson_title(script: Path) -> str:
    """The statement of a lesson: the first line of its script."""
    return (ast.get_docstring(ast.parse(script.read_text())) or "").splitlines()[0]


def select_lessons(name: str) -> list[Path]:
    """The lessons with a given number (4, 04) or name (overfitting), or "all" of them."""
    scripts = find_lessons()
    if name == "all":
        return scripts
    if name.isdecimal():
        nearest = min(scripts, key=lambda script: abs(_number(script) - int(name)))
        if _number(nearest) != int(name):
            raise SettingsError(f"there is no lesson {name}; the nearest is {_number(nearest)}.")
        return [nearest]
    by_name = {key: script for script in scripts for key in (script.stem, script.stem[3:])}
    key = name.removesuffix(".py").replace("-", "_")
    if key not in by_name:
        raise unknown("lesson", name, [*(script.stem[3:] for script in scripts), "all"])
    return [by_name[key]]


def run(script: Path, flags: Sequence[str]) -> int:
    """Run a lesson in a new Python process, like `python SCRIPT FLAGS`; returns its exit status."""
    return subprocess.run([sys.executable, str(script), *flags], check=False).returncode


def _number(script: Path) -> int:
    return int(script.stem[:2])
