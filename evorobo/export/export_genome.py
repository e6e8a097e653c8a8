"""Export of a genome as a file that runs without evorobo, in the language of your choice."""

from __future__ import annotations

from pathlib import Path

from evorobo.errors import SettingsError, unknown
from evorobo.export.controller import prepare_export
from evorobo.export.exporter import Exporter
from evorobo.files import as_path, write_atomically
from evorobo.nets.genome import Genome
from evorobo.registry import components
from evorobo.tasks.base import Task


def export_genome(
    genome: Genome, to: str, path: str | Path, task: Task | None = None, title: str = "a controller"
) -> list[Path]:
    """Write a genome as a file that runs without evorobo.

    The file holds the scaling of the sensors, the network, and the decoding of its outputs. Batch norm is folded into
    the neighboring layers. Recurrent networks keep their state between calls, until `reset`. Every file can test
    itself against recorded steps: `python FILE.py`, `cc -DSELF_TEST FILE.c -lm && ./a.out`, for ONNX the script
    beside it. JSON is tested when `import_genome` reads it.

    Parameters
    ----------
    genome : Genome
        The trained network with its scalers.
    to : str
        The language: "numpy" (Python with NumPy alone), "c" (C99 in single precision), "onnx" (a graph, and a script
        for onnxruntime beside it), "torch" (a PyTorch module, and its `state_dict` beside it) or "json".
    path : str or Path
        The file to write; its suffix is that of the language (.py, .c, .onnx, .py, .json).
    task : Task, optional
        The task that the genome was trained on. With it the outputs are decoded as moves or motor values of its robot,
        or as classes of its data, and the recorded steps are those of a test episode or of test rows. By default the
        outputs stay as they are.
    title : str, default "a controller"
        The first line of the file.

    Returns
    -------
    list of Path
        The files written, `path` first.

    Raises
    ------
    SettingsError
        For an unknown language, a path with another suffix, a task that the genome does not fit, a kind of layer or an
        activation that cannot be exported, and a missing package.
    ResultsError
        Where the file cannot be written.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from evorobo import Genome, NetworkSpec, export_genome
    >>> spec = NetworkSpec.build(3, (4,), 2)
    >>> genome = Genome(spec, spec.init(np.random.default_rng(0)))
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> [path.name for path in export_genome(genome, "c", folder / "leg.c")]
    ['leg.c']
    """
    languages, path = exporters(), as_path(path)
    if to not in languages:
        raise unknown("language", to, languages)
    exporter = languages[to]
    if path.suffix != exporter.suffix:
        raise SettingsError(f"a file for {to} needs the suffix {exporter.suffix}, not {path.name}.")
    contents = exporter.write(prepare_export(genome, task, title), path)
    for file, content in contents.items():
        write_atomically(file, content)
    return list(contents)


def exporters() -> dict[str, Exporter]:
    """The languages of `export_genome`, by name."""
    return {component.key: component.thing for component in components("exporter")}
