"""`evorobo new-dataset`: your data file as a task, with an experiment and a test."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from evorobo.errors import DataError
from evorobo.nets.spec import NetworkSpec
from evorobo.scaffold.folder import check_module_name, write_folder
from evorobo.tasks.data.tables import Table
from evorobo.tasks.data.task import DatasetTask

HIDDEN = 16
EPOCHS = 100
"""How often backpropagation may go through the training rows for the experiment's budget."""

LOADER = Template('''\
"""$about"""

import os
from pathlib import Path

import evorobo as er

FILE = os.path.relpath(Path(__file__).with_name($file))  # from where you run, so that the folder can move

task = er.DatasetTask(
    FILE,
    target=$target,
    kind=$kind,$options
    # Rows that follow each other in time are near twins, and a random split flatters whoever learns from them: take
    # er.ChronologicalSplit() or er.BlockSplit() then, er.FoldSplit(column="lap") for whole laps, persons or days.
    split=er.RandomSplit(),
)
''')

EXPERIMENT = Template('''\
"""Is $name better learned by evolution or by backpropagation? `python experiment.py` answers with a figure."""

from $name import task

import evorobo as er

study = er.Study.grid(
    "$name",
    tasks=[task],
    methods=[er.Evolution(er.OpenAIES()), er.Evolution(er.SelfAdaptiveES()), er.Backprop()],
    seeds=10,
    budget=er.Budget(flops=$budget),
    hidden=($hidden,),
)

if __name__ == "__main__":
    er.main(study)
''')

TEST = Template('''\
"""The data of $name are a sound task. Run with `python -m pytest`, from this folder."""

from $name import task

from evorobo.testing import check_task


def test_the_task_keeps_its_contract():
    check_task(task)


def test_the_data_are_those_that_were_looked_at():
    assert len(task.table) == $rows
    assert task.table.inputs.shape[1] == $inputs
''')


def new_dataset(
    source: str | Path,
    name: str | None = None,
    *,
    target: str | int | tuple[str | int, ...] = -1,
    kind: str | None = None,
    ignore: tuple[str | int, ...] = (),
) -> tuple[list[Path], str]:
    """Write a folder with a copy of the file `source`, what loads it, an experiment and a test.

    `target`, `kind` and `ignore` are `DatasetTask`'s; `name` is that of the folder, by default the file's. Returns the
    paths, and a sentence about what was found in the data. Raises `DataError` with the place for data that make no
    sense, `SettingsError` for a name that cannot be or is taken.
    """
    source = Path(source)
    if not source.is_file():
        raise DataError(f"there is no file {source}; give the path from the folder in which you run.")
    name = name or re.sub(r"\W+", "_", source.name.split(".")[0], flags=re.ASCII).strip("_").lower()
    check_module_name(name)
    options: dict[str, Any] = {"ignore": ignore} if ignore else {}
    task = DatasetTask(str(source), target=target, kind=kind, loader_kwargs=options)
    table = task.table
    spec = NetworkSpec.build(task.n_inputs, (HIDDEN,), task.n_outputs)
    passed = len(task.parts.train) * (spec.forward_flops + spec.backward_flops)
    about = describe(table)
    words: dict[str, Any] = {
        "name": name,
        "about": f"{_written(source.name)[1:-1]}: {about}",
        "file": _written(source.name),
        "target": _written(target),
        "kind": _written("classification" if table.classes else "regression"),
        "options": f'\n    loader_kwargs={{"ignore": {_written(ignore)}}},' if ignore else "",
        "budget": f"{EPOCHS * passed:.0e}".replace("e+0", "e"),
        "hidden": HIDDEN,
        "rows": len(table),
        "inputs": task.n_inputs,
    }
    templates = {f"{name}.py": LOADER, "experiment.py": EXPERIMENT, f"test_{name}.py": TEST}
    files: dict[str, str | bytes] = {file: each.substitute(words) for file, each in templates.items()}
    return write_folder(name, {source.name: source.read_bytes(), **files}), about


def describe(table: Table) -> str:
    """What a table holds, in a sentence."""
    inputs = f"{len(table)} rows of {table.inputs.shape[1]} inputs"
    if not table.classes:
        return f"{inputs}, {table.targets.shape[1]} values to predict."
    counts = np.bincount(table.targets, minlength=len(table.classes))
    share = counts.max() / len(table)
    return f"{inputs}, {len(table.classes)} classes, the largest {share:.0%} of the rows."


def _written(setting: str | int | tuple[str | int, ...]) -> str:
    """A setting as Python code."""
    if isinstance(setting, tuple):
        return "(" + "".join(f"{_written(each)}, " for each in setting).strip() + ")"
    return json.dumps(setting, ensure_ascii=False)
