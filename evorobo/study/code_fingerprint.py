"""A user's own code as one fingerprint: of a robot, a teacher or a callback, the lines that its numbers hang on.

What counts is the class or function itself, and whatever its text names: functions, constants and bases of the same
file, and of files that it imports, as far as they are the user's. What does not count: comments, docstrings, spaces,
`draw`, and the rest of the file, so that a study below the robot may get more seeds. Data files that the code reads,
and installed packages, are not seen.
"""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType
from typing import Any

ALL_NAMES = "*"
_IMPORTS = ast.Import, ast.ImportFrom
_HOMES = [Path(__file__).parents[1], *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))]
_INSTALLED = {"site-packages", "dist-packages"}


def user_defined(things: Iterable[Any]) -> list[Any]:
    """Those of these classes and functions that are in a file of the user, by name."""
    found = {thing for thing in things if _file(sys.modules.get(thing.__module__))}
    return sorted(found, key=lambda thing: (thing.__qualname__, thing.__module__))


def code_sha256(things: Iterable[Any]) -> str | None:
    """The fingerprint of the user's classes and functions among `things`; None if there are none."""
    texts = [_text(thing) for thing in user_defined(things)]
    return sha256("\n".join(texts).encode()).hexdigest() if texts else None


@cache  # of the text as it was when the class was new: who edits a file during a run does not change what is running
def _text(thing: Any) -> str:
    trail = _DependencyWalk()
    trail.follow(sys.modules[thing.__module__], thing.__qualname__.split(".")[0])
    return "\n".join(sorted(text for texts in trail.seen.values() for text in texts))


class _DependencyWalk:
    """What is met on the way from a name: `seen`, the texts by module and name. Each file is read once."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], list[str]] = {}
        self._read = cache(_statements)

    def follow(self, module: ModuleType | None, name: str) -> None:
        """Add the text of what binds `name` in a module of the user, then of all that is named there; `*` means all."""
        file = _file(module)
        if module is None or file is None or (module.__name__, name) in self.seen:
            return
        texts = self.seen[module.__name__, name] = []
        statements = self._read(file)
        bound = statements if name == ALL_NAMES else [each for each in statements if name in each.binds]
        for statement in bound:
            texts.append(statement.text)
            for other in statement.names:
                self.follow(module, other)
        for statement in bound or [each for each in statements if ALL_NAMES in each.binds]:
            for where, what in statement.imports:
                self._follow_import(module, where, name if what == ALL_NAMES else what)

    def _follow_import(self, module: ModuleType, where: str, what: str) -> None:
        where = resolve_name(where, module.__package__) if where.startswith(".") and module.__package__ else where
        inner = sys.modules.get(f"{where}.{what}")
        self.follow(inner or sys.modules.get(where), ALL_NAMES if inner or not what else what)


@dataclass
class _Statement:
    """One at the top of a file, or an imported name: its text, what it binds, what it names, and what it imports as
    (module, name), the name empty for a whole module."""

    text: str
    binds: set[str]
    names: set[str] = field(default_factory=set)
    imports: list[tuple[str, str]] = field(default_factory=list)


def _statements(file: Path) -> list[_Statement]:
    found: list[_Statement] = []
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, _IMPORTS):
            found += _imported(node)
        elif not (_is_work(node) or _is_text(node)):
            _drop_what_does_not_count(node)
            parts = list(ast.walk(node))
            imported = [each for part in parts if isinstance(part, _IMPORTS) for each in _imported(part)]
            binds = set(_bound(node)).union(*(each.binds for each in imported if isinstance(node, ast.If | ast.Try)))
            names = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
            imports = [place for each in imported for place in each.imports]
            found.append(_Statement(ast.unparse(node), binds, names, imports))
    return found


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[_Statement]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            name, place = alias.asname or alias.name.split(".")[0], (alias.name, "")
            text = ast.unparse(ast.Import([alias]))
        else:
            name, place = alias.asname or alias.name, ("." * node.level + (node.module or ""), alias.name)
            text = ast.unparse(ast.ImportFrom(node.module, [alias], node.level))
        yield _Statement(text, {name}, imports=[place])


def _bound(node: ast.stmt | ast.ExceptHandler) -> Iterator[str]:
    """The names that a statement defines, or changes as `table[3] = ...` does; not those inside of functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler):
            yield from _bound(child)
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    for target in filter(None, targets):
        yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))


def _is_work(node: ast.stmt) -> bool:
    """Whether it is the `if __name__ == "__main__":` of a script."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _drop_what_does_not_count(node: ast.stmt) -> None:
    """Take docstrings and `draw` out of it."""
    for part in ast.walk(node):
        if isinstance(part, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            counts = [each for each in part.body if not _is_text(each) and getattr(each, "name", "") != "draw"]
            part.body = counts or [ast.Pass()]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _file(module: ModuleType | None) -> Path | None:
    """The source of a module, if it is the user's own."""
    name = getattr(module, "__file__", None)
    if not name or not name.endswith(".py"):
        return None
    path = Path(name).resolve()
    others = _INSTALLED & set(path.parts) or any(path.is_relative_to(home) for home in _HOMES)
    return None if others or not path.is_file() else path
