"""Finds the classes of a folder by their text, so that a file adds a robot without being imported at start-up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CLASS = re.compile(r"^class (\w+)(?:\((\w+).*\))?:\n((?:[ \t].*\n|\n)*)", re.MULTILINE)
_REGISTERED = re.compile(r'^register\((\w+), "([^"]+)"\)', re.MULTILINE)


@dataclass(frozen=True)
class ClassText:
    """One class of a module as text: its reference `module:Name`, its first base class and its body."""

    reference: str
    base: str
    body: str

    def attribute(self, name: str) -> Any:
        """The value of a class attribute that is a literal; None if the body does not set it."""
        match = re.search(rf"^    {name}(?:: [^=\n]+)? = (.+)$", self.body, re.MULTILINE)
        return ast.literal_eval(match[1]) if match else None


@dataclass(frozen=True)
class RegisteredRobot:
    """What gymnasium's registry needs to know about a robot class."""

    id: str
    reference: str
    max_steps: int | None
    reward_threshold: float | None


def registered_classes(folder: str) -> Iterator[RegisteredRobot]:
    """The robots of `folder` (below this one) that a line `register(Name, "id")` of their file registers."""
    for text, classes in _modules(folder):
        for name, id in _REGISTERED.findall(text):
            values = [_inherited(classes, name, attribute) for attribute in ("max_steps", "reward_threshold")]
            yield RegisteredRobot(id, classes[name].reference, *values)


def replacements(folder: str) -> dict[str, str]:
    """References of the classes of `folder` that name in `replaces` the gymnasium entry point that they simulate."""
    classes = [one for _, modules in _modules(folder) for one in modules.values()]
    return {str(entry_point): one.reference for one in classes if (entry_point := one.attribute("replaces"))}


def _modules(folder: str) -> Iterator[tuple[str, dict[str, ClassText]]]:
    """The text of each module and its classes by name."""
    package = __name__.rpartition(".")[0]
    for path in sorted((Path(__file__).parent / folder).glob("*.py")):
        module = f"{package}.{folder.replace('/', '.')}.{path.stem}"
        text = path.read_text(encoding="utf-8")
        yield text, {name: ClassText(f"{module}:{name}", base, body) for name, base, body in _CLASS.findall(text)}


def _inherited(classes: dict[str, ClassText], name: str, attribute: str) -> Any:
    """The attribute of a class or of the nearest base class in the same file."""
    while name in classes:
        if (value := classes[name].attribute(attribute)) is not None:
            return value
        name = classes[name].base
    return None
