"""`evorobo new-dataset`: a folder with a data file as a task, an experiment and a test."""

from __future__ import annotations

import json
import keyword
import re
import textwrap
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any, cast

import numpy as np

from evorobo.errors import DataError
from evorobo.files import as_path
from evorobo.nets.spec import NetworkSpec
from evorobo.scaffold.folder import RESERVED, check_module_name, write_folder
from evorobo.tasks.data.leakage import dependence_caveat, split_code, suggested_split
from evorobo.tasks.data.preparation import values_caution
from evorobo.tasks.data.splits import BlockSplit, RandomSplit
from evorobo.tasks.data.tables import Table
from evorobo.tasks.data.task import DatasetTask

HIDDEN = 16
EPOCHS = 100
"""Number of epochs that the budget of the experiment allows for backpropagation."""

LOADER = Template('''\
"""$about"""

import os
from pathlib import Path

import evorobo as er

FILE = os.path.relpath(Path(__file__).with_name($file))  # a relative path, so that the folder can be moved

task = er.DatasetTask(
    FILE,
    target=$target,
    kind=$kind,$options
$comment
    split=er.$split,
)
''')

INDEPENDENT = """\
    # Successive rows of a recording are very similar, and a random split then makes test scores look too good. Use
    # er.ChronologicalSplit() or er.BlockSplit() there, or er.FoldSplit(column="lap") for whole laps or persons."""

EXPERIMENT = Template('''\
"""Is $name better learned by evolution or by backpropagation? `python experiment.py` draws the answer."""

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
"""The data of $name are a valid task. Run with `python -m pytest`, from this folder."""

from $name import task

from evorobo.testing import check_task


def test_the_task_keeps_its_contract():
    check_task(task)


def test_the_data_have_not_changed():
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
    header: bool | None = None,
    thousands: str | None = None,
) -> tuple[list[Path], str]:
    """Write a folder with a copy of the file `source`, its task, an experiment and a test.

    `target`, `kind`, and `ignore`, `header` and `thousands` as `loader_kwargs`, are those of `DatasetTask`. `name` is
    the name of the folder, by default that of the file. Where a random split would separate rows that depend on each
    other, the task gets a split that does not. Returns the paths and a sentence about the data, with a caution about
    the split. Raises `DataError`, with the place, for inconsistent data and `SettingsError` for a name that is invalid
    or used already.
    """
    source = as_path(source)
    if not source.is_file():
        raise DataError(f"there is no file {source}; give the path from the current folder.")
    name = name or _name_of(source)
    check_module_name(name)
    settings = {"ignore": ignore or None, "header": header, "thousands": thousands}
    options: dict[str, Any] = {key: value for key, value in settings.items() if value is not None}
    task = DatasetTask(str(source), target=target, kind=cast(Any, kind), loader_kwargs=options)
    about, comment = describe(task.table), INDEPENDENT
    if leak := dependence_caveat(task.table, task.parts):
        task = replace(task, split=suggested_split(task.table) or BlockSplit())
        about += f" With a random split {leak} The new task has a split that keeps such rows together."
        comment = "\n".join(textwrap.wrap(leak, 116, initial_indent="    # ", subsequent_indent="    # "))
    if codes := values_caution(task.table):
        about += f" Caution: {codes}"
    table = task.table
    spec = NetworkSpec.build(task.n_inputs, (HIDDEN,), task.n_outputs)
    epoch_flops = len(task.parts.train) * (spec.forward_flops + spec.backward_flops)
    fields: dict[str, Any] = {
        "name": name,
        "about": f"{_to_code(source.name)[1:-1]}: {describe(table)}",
        "file": _to_code(source.name),
        "target": _to_code(target),
        "kind": _to_code("classification" if table.classes else "regression"),
        "options": f"\n    loader_kwargs={_to_code(options)}," if options else "",
        "comment": comment,
        "split": split_code(task.split or RandomSplit()),
        "budget": f"{EPOCHS * epoch_flops:.0e}".replace("e+0", "e"),
        "hidden": HIDDEN,
        "rows": len(table),
        "inputs": task.n_inputs,
    }
    templates = {f"{name}.py": LOADER, "experiment.py": EXPERIMENT, f"test_{name}.py": TEST}
    files: dict[str, str | bytes] = {file: template.substitute(fields) for file, template in templates.items()}
    return write_folder(name, {source.name: source.read_bytes(), **files}), about


def describe(table: Table) -> str:
    """Return a sentence about the rows, inputs and targets of a table."""
    inputs = f"{len(table)} rows of {table.inputs.shape[1]} inputs"
    if not table.classes:
        return f"{inputs}, {table.targets.shape[1]} values to predict."
    counts = np.bincount(table.targets, minlength=len(table.classes))
    share = counts.max() / len(table)
    return f"{inputs}, {len(table.classes)} classes, the largest {share:.0%} of the rows."


def _name_of(source: Path) -> str:
    """Return a name for the folder of a file that Python can import and that no other file of the folder has."""
    name = re.sub(r"\W+", "_", source.name.split(".")[0], flags=re.ASCII).strip("_").lower()
    if name in RESERVED or keyword.iskeyword(name):
        return f"{name}_data"
    return name if name.isidentifier() else f"data_{name}".rstrip("_")


def _to_code(setting: object) -> str:
    """Return a setting as Python code."""
    if isinstance(setting, tuple):
        return "(" + "".join(f"{_to_code(part)}, " for part in setting).strip() + ")"
    if isinstance(setting, dict):
        return "{" + ", ".join(f"{_to_code(key)}: {_to_code(value)}" for key, value in setting.items()) + "}"
    return json.dumps(setting, ensure_ascii=False) if isinstance(setting, str) else repr(setting)
