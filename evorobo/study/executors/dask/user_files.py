"""The user's files that trials need: their robots and other code, and the files that their settings name."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType
from typing import Any

from evorobo.errors import SettingsError
from evorobo.loading import SCRIPT_PREFIX, source_file
from evorobo.settings import to_plain
from evorobo.study.code_fingerprint import user_defined
from evorobo.study.provenance import iter_definitions
from evorobo.study.trial import Trial

MAX_BYTES = 64 * 2**20
"""Most bytes of user files that are sent to workers; more belongs on a shared folder."""


@dataclass(frozen=True)
class UserFiles:
    """Files by their name below the folder in which the study was started, and where modules are searched for.

    `digests` holds the sha256 of each file by its path on the machine of the study. A worker that has equal files at
    these paths works in that folder. Others unpack `contents`, which is empty where all workers have the files.
    """

    home: str
    paths: tuple[str, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    def are_here(self) -> bool:
        """Return whether this machine has equal files at the same paths."""
        try:
            return Path(self.home).is_dir() and all(
                sha256(Path(path).read_bytes()).hexdigest() == digest for path, digest in self.digests.items()
            )
        except OSError:
            return False

    def unpack(self, folder: Path) -> None:
        """Write the contents into a folder."""
        for name, content in self.contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def user_files(settings: Iterable[Any], with_contents: bool) -> UserFiles:
    """Return the files that trials or tasks need. Raises `SettingsError` for files that cannot be sent."""
    home = Path.cwd()
    files: dict[str, Path] = {}
    paths: dict[str, None] = {}
    for part in _distinct(settings):
        for module in _modules(user_defined(iter_definitions(part))):
            name, root = _place(module, home, with_contents)
            files[name] = source_file(module) or Path(name)
            paths |= {root: None} if root else {}
        for path in _named_files(to_plain(part), home):
            files[path.relative_to(home).as_posix()] = path
    contents = {name: path.read_bytes() for name, path in files.items()}
    if with_contents and sum(map(len, contents.values())) > MAX_BYTES:
        raise SettingsError(
            f"the files of this study in {home} have more than {MAX_BYTES // 2**20} MB, too much to send to workers; "
            "put them into a folder that the workers share."
        )
    digests = {str(path): sha256(contents[name]).hexdigest() for name, path in files.items()}
    return UserFiles(str(home), tuple(paths), digests, contents if with_contents else {})


def _distinct(settings: Iterable[Any]) -> list[Any]:
    """Return the tasks, and one trial of each task and method."""
    return list(
        {
            (each.task.name, each.method.name) if isinstance(each, Trial) else each.name: each for each in settings
        }.values()
    )


def _place(module: ModuleType, home: Path, must_travel: bool) -> tuple[str, str]:
    """Return the name of a module's file below the home folder, and the folder in which imports find the module.

    Scripts are found by their path, so they have no such folder.
    """
    file = source_file(module)
    assert file is not None  # `_modules` returns only modules with files
    if module.__name__ != "__main__" and not module.__name__.startswith(SCRIPT_PREFIX):
        parts = module.__name__.split(".")
        if file.name == "__init__.py":
            parts.append("__init__")
        return "/".join(parts) + ".py", str(file.parents[len(parts) - 1])
    if not file.is_relative_to(home.resolve()):
        if must_travel:
            raise SettingsError(
                f"{file} is outside of the current folder {home}, so it cannot be sent to workers; start the study "
                "from a folder above it."
            )
        return str(file), ""
    return file.relative_to(home.resolve()).as_posix(), ""


def _modules(definitions: Iterable[Any]) -> Iterator[ModuleType]:
    """Yield the user's modules that define something, and those of the user that they import, with their packages."""
    waiting = [sys.modules[definition.__module__] for definition in definitions]
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module.__name__ in seen or source_file(module) is None:
            continue
        seen.add(module.__name__)
        yield module
        names = [*_imported_names(module), *_parents(module.__name__)]
        waiting += [sys.modules[name] for name in names if name in sys.modules]


def _imported_names(module: ModuleType) -> Iterator[str]:
    for node in ast.walk(ast.parse((source_file(module) or Path()).read_bytes())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
                yield from _parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            if node.level:
                if not module.__package__:
                    continue
                source = resolve_name(source, module.__package__)
            yield source
            yield from _parents(source)
            yield from (f"{source}.{alias.name}" for alias in node.names)


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _named_files(plain: Any, home: Path) -> Iterator[Path]:
    """Yield the files in the home folder that texts in settings name; of folders, all files."""
    if isinstance(plain, dict):
        for value in plain.values():
            yield from _named_files(value, home)
    elif isinstance(plain, list):
        for value in plain:
            yield from _named_files(value, home)
    elif isinstance(plain, str) and plain and "\0" not in plain and len(os.fsencode(plain)) < 4096:
        path = home / plain
        try:
            found = [path] if path.is_file() else sorted(path.rglob("*")) if path.is_dir() and plain != "." else []
        except OSError:
            return
        if path.resolve().is_relative_to(home.resolve()):
            yield from (file for file in found if file.is_file())
