"""Provenance of a run: versions, machine, and fingerprints of data and of the user's code, kept as `machine.json`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Any

from evorobo.downloads import fingerprint
from evorobo.files import as_path
from evorobo.settings import iter_settings, user_components
from evorobo.study.base import TrialSettings
from evorobo.study.code_fingerprint import code_sha256
from evorobo.study.machine import differing_facts, machine_facts
from evorobo.study.records import read_object
from evorobo.tasks.control.simulators.lookup import entry_points
from evorobo.tasks.control.task import ControlTask
from evorobo.tasks.control.teaching.teachers import MixedTeachers, NoisyTeacher, Teacher
from evorobo.tasks.data.dataset import find_loader
from evorobo.tasks.data.task import DatasetTask


def provenance(trial: TrialSettings, folder: Path) -> dict[str, Any]:
    """Return the content of `machine.json`: the machine, the date, and the `fingerprints` of the trial.

    It contains no names of people, hosts or folders. Where the folder holds a checkpoint, from which the trial goes on,
    it is the content of before. If this machine may compute other numbers, `continued` has its date and what differs.
    """
    now = {"date": datetime.now(UTC).isoformat(timespec="seconds")}
    file = folder / "machine.json"
    if not file.is_file() or not (folder / "checkpoint.npz").is_file():
        return {**now, **machine_facts(), **fingerprints(trial)}
    machine = read_object(file)
    steps = _steps(machine)
    latest = {name: value for facts in (machine, *steps) for name, value in facts.items()}
    if differing := differing_facts(latest, machine_facts()):
        machine["continued"] = [*steps, {**now, **differing}]
    return machine


def continuations(machine: dict[str, Any]) -> list[str]:
    """Return what changed each time that a trial went on with other versions or on another type of processor."""
    texts, latest = [], dict(machine)
    for facts in _steps(machine):
        names = [name for name in facts if name != "date"]
        texts.append("; ".join(f"{name} {latest.get(name)}, then {facts[name]}" for name in names))
        latest |= facts
    return texts


def _steps(machine: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what differed each time that a trial went on; a damaged file has none."""
    steps = machine.get("continued")
    return [facts for facts in steps if isinstance(facts, dict)] if isinstance(steps, list) else []


def fingerprints(trial: TrialSettings) -> dict[str, str | None]:
    """Return sha256 fingerprints of data, teacher files, and the user's code in the task and in the rest of a trial.

    A fingerprint is None where there is nothing of its kind; that of warm starts is left out.
    """
    warm_starts = [file for path in warm_start_paths(trial.method) if (file := Path(path)).is_file()]
    return {
        **({"warm_start_sha256": fingerprint(*warm_starts)} if warm_starts else {}),
        "data_sha256": getattr(trial.task, "fingerprint", None),
        "teacher_sha256": _teacher_sha256(trial.task) if isinstance(trial.task, ControlTask) else None,
        "task_code_sha256": code_sha256(iter_definitions(trial.task)),
        "learning_code_sha256": code_sha256(iter_definitions((trial.method, trial.hidden, trial.callbacks))),
    }


def trial_sha256(trial: TrialSettings, settings: dict[str, Any]) -> str:
    """Return one digest of the plain settings, the data and the code of a trial: what its checkpoint belongs to."""
    content = json.dumps([settings, fingerprints(trial)], sort_keys=True)
    return sha256(content.encode()).hexdigest()


def _teacher_sha256(task: ControlTask) -> str | None:
    paths = [as_path(path) for path in _teacher_paths(task.teacher)]
    contents = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    files = [file for file in contents if file.is_file()]
    return fingerprint(*files) if files else None


def _teacher_paths(teacher: Teacher) -> Iterator[str]:
    """Return the paths of the genomes and recordings of a teacher."""
    match teacher:
        case str():
            yield teacher
        case NoisyTeacher():
            yield from _teacher_paths(teacher.teacher)
        case MixedTeachers():
            for member in teacher.teachers:
                yield from _teacher_paths(member)


def warm_start_paths(settings: Any) -> Iterator[str]:
    """Return the paths of the genomes at which a method starts, of the methods within it too."""
    starts = (getattr(part, "warm_start", None) for part in iter_settings(settings))
    return (path for path in starts if isinstance(path, str))


def iter_definitions(value: Any) -> Iterator[Any]:
    """Return the classes and functions in settings, and those behind the ids of robots and the keys of users."""
    if isinstance(value, ControlTask):
        yield from iter_definitions(entry_points(value.env))
    if isinstance(value, DatasetTask):
        yield from iter_definitions(find_loader(value.source))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield type(value)
        for field in dataclasses.fields(value):
            yield from iter_definitions(getattr(value, field.name))
    elif isinstance(value, FunctionType | type):
        yield value
    elif isinstance(value, Mapping):
        yield from iter_definitions(tuple(value.values()))
    elif isinstance(value, str):
        yield from iter_definitions(user_components(value))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from iter_definitions(item)
