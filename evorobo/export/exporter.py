"""What an export language is: the name of its file, how it is written, and how it is tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evorobo.export.controller import ExportedController


@dataclass(frozen=True)
class Exporter:
    """A language of `export_genome`, registered with `register_component("exporter", language)`.

    `file_name` is the usual name of its file, whose suffix all its files share. `write(controller, path)` returns the
    content of each file by path, that of `path` first. `self_test(path)` is the shell command that tests the file.
    `evorobo list` prints the summary.
    """

    summary: str
    file_name: str
    write: Callable[[ExportedController, Path], dict[Path, str | bytes]]
    self_test: Callable[[Path], str]

    @property
    def suffix(self) -> str:
        return Path(self.file_name).suffix
