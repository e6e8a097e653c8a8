"""Out of the lab: a genome as a file that runs without us, in the language of your choice."""

from __future__ import annotations

import re
from pathlib import Path

from evorobo.errors import SettingsError, unknown
from evorobo.export.blueprint import ExportedController, prepare_export
from evorobo.export.c_file import write_c
from evorobo.export.json_file import write_json_file
from evorobo.export.numpy_file import write_numpy
from evorobo.export.onnx_file import write_onnx, write_script
from evorobo.export.torch_file import write_torch
from evorobo.files import write_atomically
from evorobo.nets.genome import Genome
from evorobo.tasks.base import Task

SUFFIXES = {"numpy": ".py", "c": ".c", "onnx": ".onnx", "torch": ".py", "json": ".json"}
"""The languages, and how the names of their files end."""


def export_genome(
    genome: Genome, to: str, path: str | Path, task: Task | None = None, title: str = "a controller"
) -> list[Path]:
    """Write `genome` to `path` as "numpy", "c" (C99), "onnx", "torch" or "json"; returns the files written.

    Each holds the scaling of the sensors, the network, and how its outputs are read: as moves or motor values of the
    robot of `task`, as classes of its data, or, without a task, as they are. Each can test itself against moments that
    were recorded on the task: `python FILE.py`, `cc -DSELF_TEST FILE.c -lm && ./a.out`, for ONNX the script beside it;
    JSON is tested when `import_genome` reads it. Networks that remember keep their memory between calls, until
    `reset`. PyTorch's file has its weights beside it, as a `state_dict`.

    Raises `SettingsError` for an unknown language, a task of other sizes, a path of another kind of file, a kind of
    layer that cannot leave, and a missing package; `ResultsError` where the file cannot be written.
    """
    if to not in SUFFIXES:
        raise unknown("language", to, SUFFIXES)
    path = Path(path)
    if path.suffix != SUFFIXES[to]:
        raise SettingsError(f"a file for {to} is named something{SUFFIXES[to]}, not {path.name}.")
    contents = _contents(prepare_export(genome, task, title), to, path)
    for file, content in contents.items():
        write_atomically(file, content)
    return list(contents)


def _contents(drawn: ExportedController, to: str, path: Path) -> dict[Path, str | bytes]:
    match to:
        case "numpy":
            return {path: write_numpy(drawn)}
        case "c":
            return {path: write_c(drawn, _identifier(path.stem))}
        case "onnx":
            script = path.with_name(f"{path.stem}_onnx.py")
            return {path: write_onnx(drawn), script: write_script(drawn, path.name)}
        case "torch":
            weights = path.with_suffix(".pt")
            text, content = write_torch(drawn, weights.name)
            return {path: text, weights: content}
    return {path: write_json_file(drawn)}


def _identifier(stem: str) -> str:
    name = re.sub(r"\W", "_", stem, flags=re.ASCII)
    return f"_{name}" if name[:1].isdigit() else name
