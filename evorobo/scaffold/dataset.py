"""`evorobo new-dataset`: a folder with a data file as a task, an experiment and a test."""

from __future__ import annotations

import json
import keyword
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any, cast

import numpy as np

from evorobo.errors import DataError
from evorobo.files import as_path
from evorobo.nets.spec import NetworkSpec
from evorobo.scaffold.folder import RESERVED, check_module_name, write_folder
from evorobo.tasks.data.baselines import MODELS, has_scikit_learn
from evorobo.tasks.data.file_report import with_answers
from evorobo.tasks.data.findings import content_findings, imbalance_note, is_imbalanced
from evorobo.tasks.data.leakage import dependence_caveat, split_code, suggested_split, time_inputs
from evorobo.tasks.data.sentinels import find_codes
from evorobo.tasks.data.splits import BlockSplit, FoldSplit, RandomSplit
from evorobo.tasks.data.tables import Table
from evorobo.tasks.data.task import DatasetTask
from evorobo.tasks.text.questions import OpenQuestion

HIDDEN = 16
MAX_ROWS = 50_000
"""Most rows for which a new data set has baselines of scikit-learn, which then take seconds."""
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
    kind=$kind,$options$more
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
    missing: str | None = None,
    one_hot: tuple[str | int, ...] = (),
    header: bool | None = None,
    thousands: str | None = None,
    na_values: tuple[str | float, ...] = (),
) -> tuple[list[Path], str]:
    """Write a folder with a copy of the file `source`, its task, an experiment and a test.

    `target`, `kind`, `missing`, `one_hot`, and `ignore`, `header`, `thousands` and `na_values` as `loader_kwargs`, are
    those of `DatasetTask`. Without them empty cells become the median of the training rows, columns of a few texts
    become one-hot, and time stamps are left out. `name` is the name of the folder, by default that of the file. Where a
    random split would separate rows that depend on each other, the task gets a split that does not. Returns the paths,
    and sentences about the data with cautions. Raises `DataError`, with the place, for inconsistent data and
    `SettingsError` for a name that is invalid or used already.
    """
    source = as_path(source)
    if not source.is_file():
        raise DataError(f"there is no file {source}; give the path from the current folder.")
    name = name or _name_of(source)
    check_module_name(name)
    options = {"ignore": ignore or None, "header": header, "thousands": thousands, "na_values": na_values or None}
    options = {key: value for key, value in options.items() if value is not None}
    task = DatasetTask(
        str(source), target, cast(Any, kind), loader_kwargs=options, missing=cast(Any, missing), one_hot=one_hot
    )
    task, notes = settle(task)
    comment = INDEPENDENT
    if leak := dependence_caveat(task.table, task.parts):
        split = suggested_split(task.table) or BlockSplit()
        if isinstance(split, FoldSplit) and is_imbalanced(task.table):
            split = replace(split, stratify=True)
        task = replace(task, split=split)
        notes.append(f"With a random split {leak} The new task has a split that keeps such rows together.")
        comment = "\n".join(textwrap.wrap(leak, 116, initial_indent="    # ", subsequent_indent="    # "))
    about = "\n".join([describe(task.table), *(f"- {note}" for note in notes)])
    table = task.table
    spec = NetworkSpec.build(task.n_inputs, (HIDDEN,), task.n_outputs)
    epoch_flops = len(task.parts.train) * (spec.forward_flops + spec.backward_flops)
    fields: dict[str, Any] = {
        "name": name,
        "about": f"{_to_code(source.name)[1:-1]}: {describe(table)}",
        "file": _to_code(source.name),
        "target": _to_code(target),
        "kind": _to_code("classification" if table.classes else "regression"),
        "options": f"\n    loader_kwargs={_to_code(dict(task.loader_kwargs))}," if task.loader_kwargs else "",
        "more": _more_settings(task),
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


def settle(task: DatasetTask) -> tuple[DatasetTask, list[str]]:
    """Return the task with settings for all that is odd and leaves no doubt, and a sentence about each setting."""
    notes = []
    try:
        table = task.table
    except OpenQuestion as question:
        if not question.is_certain:
            raise
        notes += _answer_notes(question.answers)
        task = with_answers(task, question.answers)
        table = task.table
    if times := time_inputs(table)[: len(task.data_format.columns) - 1]:
        notes.append(f"{_list(times)}: left out, since it says where a row is in the recording.")
        task = with_answers(task, {"ignore": tuple(times)})
    if codes := find_codes(table.inputs):
        names = ", ".join(f"{code:.10g} in {table.input_names[column]!r}" for column, code in codes.items())
        notes.append(f"{names}: far from all other values, taken for missing; delete na_values in the module if not.")
        task = with_answers(task, {"na_values": tuple(codes.values()), "missing": task.missing or "median"})
    for finding in content_findings(task.table):
        notes.append(finding.sentence)
        if finding.left_out and len(finding.left_out) < len(task.data_format.columns):
            notes[-1] += " It is in `ignore` of the module."
            task = with_answers(task, {"ignore": finding.left_out})
    return task, [*notes, *filter(None, [imbalance_note(task.table)])]


def _answer_notes(answers: Mapping[str, Any]) -> list[str]:
    """Return a sentence about each setting that new data got by itself."""
    notes = []
    if "missing" in answers:
        notes.append("Empty cells become the median of the training rows; --missing mean or drop does something else.")
    if columns := answers.get("one_hot"):
        notes.append(f"{_list(columns)}: text, one input for each text.")
    if columns := answers.get("ignore"):
        notes.append(f"{_list(columns)}: left out, since it holds times, names or one value, and is no measurement.")
    if values := answers.get("na_values"):
        notes.append(f"{_list(values)}: taken for missing, since it is no measurement.")
    return notes


def _list(items: Iterable[object]) -> str:
    return ", ".join(map(repr, items))


def _more_settings(task: DatasetTask) -> str:
    """Return the lines of settings that are not those of every data set."""
    lines = [f"missing={_to_code(task.missing)}"] if task.missing else []
    lines += [f"one_hot={_to_code(task.one_hot)}"] if task.one_hot else []
    if is_imbalanced(task.table):
        lines += ['loss=er.CrossEntropy(class_weights="balanced")']
        lines += ["metric=(er.BalancedAccuracy(), er.Accuracy(), er.MacroF1(), er.ClassRecall())"]
    if has_scikit_learn() and len(task.table) <= MAX_ROWS:
        models = MODELS if task.table.classes else MODELS[1:]
        lines += [f"baselines={_to_code(models)}"]
    return "".join(f"\n    {line}," for line in lines)


def describe(table: Table) -> str:
    """Return a sentence about the rows, inputs and targets of a table."""
    inputs, target = f"{len(table)} rows of {table.inputs.shape[1]} inputs", ", ".join(map(repr, table.target_names))
    if not table.classes:
        return f"{inputs}; to predict: the value{'s' if len(table.target_names) > 1 else ''} {target}."
    counts = np.bincount(table.targets, minlength=len(table.classes))
    share = counts.max() / len(table)
    return f"{inputs}; to predict: {len(table.classes)} classes of {target}, the largest {share:.0%} of the rows."


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
