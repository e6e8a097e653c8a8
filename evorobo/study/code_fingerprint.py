"""Fingerprints of a user's own code: of the definitions in a trial, the lines on which its numbers depend.

A fingerprint covers a class or function and everything that its text names: functions, constants and base classes of
the same file, and of the user's files that it imports. Comments, docstrings, spaces, `draw` and the rest of the file
do not count, so that a study below a robot may get more seeds. Data files that the code reads and installed packages
are not covered.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType
from typing import Any

from evorobo.cells import recorded
from evorobo.loading import source_file

ALL_NAMES = "*"
_IMPORTS = ast.Import, ast.ImportFrom


def user_defined(definitions: Iterable[Any]) -> list[Any]:
    """Return the classes and functions that are defined in files of the user, sorted by name."""
    known = map(recorded, definitions)
    own = {definition for definition in known if source_file(sys.modules.get(definition.__module__))}
    return sorted(own, key=lambda definition: (definition.__qualname__, definition.__module__))


def code_sha256(definitions: Iterable[Any]) -> str | None:
    """Return the fingerprint of the user's classes and functions among `definitions`; None if there are none."""
    texts = sorted(_relevant_text(definition) for definition in user_defined(definitions))
    return sha256("\n".join(texts).encode()).hexdigest() if texts else None


@cache  # the text from the time of the first call: an edit during a run does not change the code that runs
def _relevant_text(definition: Any) -> str:
    walk = _DependencyWalk()
    walk.follow(sys.modules[definition.__module__], definition.__qualname__.split(".")[0])
    return "\n".join(sorted(text for texts in walk.visited.values() for text in texts))


class _DependencyWalk:
    """The walk from a name to all names that it depends on; `visited` holds texts by module and name."""

    def __init__(self) -> None:
        self.visited: dict[tuple[str, str], list[str]] = {}
        self._parse = cache(_parse_statements)

    def follow(self, module: ModuleType | None, name: str) -> None:
        """Add the statements that bind `name` in a module of the user, then all that they name; `*` means all."""
        file = source_file(module)
        if module is None or file is None or (module.__name__, name) in self.visited:
            return
        texts = self.visited[module.__name__, name] = []
        statements = self._parse(file)
        binding = [statement for statement in statements if name in (ALL_NAMES, *statement.binds)]
        for statement in binding:
            texts.append(statement.text)
            for other in statement.names:
                self.follow(module, other)
        for statement in binding or [statement for statement in statements if ALL_NAMES in statement.binds]:
            for source, imported_name in statement.imports:
                self._follow_import(module, source, name if imported_name == ALL_NAMES else imported_name)

    def _follow_import(self, module: ModuleType, source: str, name: str) -> None:
        if source.startswith(".") and module.__package__:
            source = resolve_name(source, module.__package__)
        submodule = sys.modules.get(f"{source}.{name}")
        self.follow(submodule or sys.modules.get(source), ALL_NAMES if submodule or not name else name)


@dataclass
class _Statement:
    """A statement at the top level of a file, or one imported name.

    `binds` are the names that it defines, `names` those that it uses, and `imports` pairs of module and name; the name
    is empty where a whole module is imported.
    """

    text: str
    binds: set[str]
    names: set[str] = field(default_factory=set)
    imports: list[tuple[str, str]] = field(default_factory=list)


def _parse_statements(file: Path) -> list[_Statement]:
    statements: list[_Statement] = []
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, _IMPORTS):
            statements += _parse_imports(node)
        elif not (_is_main_guard(node) or _is_text(node)):
            _remove_irrelevant_parts(node)
            parts = list(ast.walk(node))
            imported = [name for part in parts if isinstance(part, _IMPORTS) for name in _parse_imports(part)]
            binds = set(_bound_names(node))
            if isinstance(node, ast.If | ast.Try):
                binds = binds.union(*(name.binds for name in imported))
            names = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
            imports = [source for name in imported for source in name.imports]
            statements.append(_Statement(ast.unparse(node), binds, names, imports))
    return statements


def _parse_imports(node: ast.Import | ast.ImportFrom) -> Iterator[_Statement]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            name, source = alias.asname or alias.name.split(".")[0], (alias.name, "")
            text = ast.unparse(ast.Import([alias]))
        else:
            name, source = alias.asname or alias.name, ("." * node.level + (node.module or ""), alias.name)
            text = ast.unparse(ast.ImportFrom(node.module, [alias], node.level))
        yield _Statement(text, {name}, imports=[source])


def _bound_names(node: ast.stmt | ast.ExceptHandler) -> Iterator[str]:
    """Return the names that a statement defines, or changes as `table[3] = ...` does, outside of functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler):
            yield from _bound_names(child)
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    for target in filter(None, targets):
        yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))


def _is_main_guard(node: ast.stmt) -> bool:
    """Return whether a statement is the `if __name__ == "__main__":` of a script."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _remove_irrelevant_parts(node: ast.stmt) -> None:
    """Remove docstrings and `draw` from a statement."""
    for part in ast.walk(node):
        if isinstance(part, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            body = [child for child in part.body if not _is_text(child) and getattr(child, "name", "") != "draw"]
            part.body = body or [ast.Pass()]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
